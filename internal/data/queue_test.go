package data

import "testing"

// A queue's ARN leads to its URL in every partition, and a URL tells its region where it has one.
func TestParseQueue(t *testing.T) {
	for text, want := range map[string]Queue{
		"arn:aws:sqs:eu-west-1:111122223333:in":                             {"eu-west-1", "111122223333", "in", "https://sqs.eu-west-1.amazonaws.com/111122223333/in"},
		"arn:aws-cn:sqs:cn-north-1:111122223333:in.fifo":                    {"cn-north-1", "111122223333", "in.fifo", "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/in.fifo"},
		"arn:aws-eusc:sqs:eusc-de-east-1:111122223333:in":                   {"eusc-de-east-1", "111122223333", "in", "https://sqs.eusc-de-east-1.amazonaws.eu/111122223333/in"},
		"arn:aws-iso-b:sqs:us-isob-east-1:111122223333:in":                  {"us-isob-east-1", "111122223333", "in", "https://sqs.us-isob-east-1.sc2s.sgov.gov/111122223333/in"},
		"https://sqs.eusc-de-east-1.amazonaws.eu/111122223333/in":           {"eusc-de-east-1", "111122223333", "in", ""},
		"https://sqs-fips.us-east-1.amazonaws.com/111122223333/in":          {"us-east-1", "111122223333", "in", ""},
		"https://eu-west-1.queue.amazonaws.com/111122223333/in":             {"eu-west-1", "111122223333", "in", ""},
		"https://queue.amazonaws.com/111122223333/in":                       {"us-east-1", "111122223333", "in", ""},
		"https://vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com/111122223333/in": {"eu-west-1", "111122223333", "in", ""},
		"http://127.0.0.1:9324/111122223333/in/":                            {"", "111122223333", "in", ""},
	} {
		if want.URL == "" {
			want.URL = text
		}
		if got, err := ParseQueue(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "in", "arn:aws:sqs:eu-west-1:111122223333", "arn:aws:sqs::111122223333:in", "arn:aws:sns:eu-west-1:111122223333:in",
		"arn:aws:sqs:eu-west-1:1111:in", "https://sqs.eu-west-1.amazonaws.com/in", "https://sqs.eu-west-1.amazonaws.com/111122223333/", "ftp://host/111122223333/in",
		"https://user@host/111122223333/in", "https://host/111122223333/in?x=y"} {
		if got, err := ParseQueue(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
