package data

import "testing"

func TestParseBucket(t *testing.T) {
	for text, want := range map[string]Bucket{
		"s3://data":                          {"data", ""},
		"s3://data/":                         {"data", ""},
		"s3a://data/in/x":                    {"data", "in/x"},
		"s3n://data/in/":                     {"data", "in/"},
		"s3://data/in:x://y":                 {"data", "in:x://y"},
		"arn:aws:s3:::data":                  {"data", ""},
		"arn:aws:s3:::data/in:x/y":           {"data", "in:x/y"},
		"arn:aws-cn:s3:::data/in":            {"data", "in"},
		"arn:aws-us-gov:s3:::data/in":        {"data", "in"},
		"arn:aws-eusc:s3:::data/in":          {"data", "in"},
		"arn:aws-iso-b:s3:::data/in":         {"data", "in"},
		"s3://Old_Bucket/x":                  {"Old_Bucket", "x"},
		"s3://alias-abcdefghijk-s3alias/in/": {"alias-abcdefghijk-s3alias", "in/"},
	} {
		if got, err := ParseBucket(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "data", "s3:data", "s3://", "s3:///x", "s3://ab", "s3://data in", "https://data/in", "gs://data", "arn:aws:s3:::", "arn:aws:s3:::x",
		"arn:aws:sqs:::data", "arn:x:s3:::data", "arn:aws:s3:eu-west-1:111122223333:accesspoint/a", "arn:aws:s3:eu-west-1::data", "s3://data/*", "s3://data/a?", "S3://data"} {
		if got, err := ParseBucket(text); err == nil {
			t.Errorf("%q is %+v", text, got)
		}
	}
}
