package submission

import (
	"slices"
	"strings"
	"testing"
)

// EMR's DynamoDB connector has a provider wherever EKS's variables are gone, or it is said that there is none.
func TestDynamoDB(t *testing.T) {
	for _, test := range []struct {
		release, delivery string
		change            func(*Request)
		provider, warned  bool
	}{
		{"emr-7.14.0", "endpoint", nil, true, false},
		{"emr-spark-8.1.0", "endpoint", nil, true, false},
		{"emr-6.15.0", "endpoint", nil, true, false},
		{"emr-6.15.0", "file", nil, true, false},
		{"emr-7.14.0", "file", nil, false, true},
		{"emr-7.14.0", "file", func(r *Request) { r.JobBuckets = []string{"jobs-1"} }, false, false},
		{"emr-7.14.0", "file", func(r *Request) { r.Direct = true }, false, false},
		{"emr-7.14.0", "profile", nil, false, false},
		{"spark-4.0", "file", nil, false, false},
	} {
		s, err := Make(request(func(r *Request) {
			r.Release, r.Delivery, r.JobBuckets, r.ClientBuckets = test.release, test.delivery, nil, nil
			if test.change != nil {
				test.change(r)
			}
		}))
		warned := slices.ContainsFunc(s.Notes, func(n Note) bool { return strings.Contains(n.Text, "pins its DynamoDB connector") })
		if _, has := s.Properties[dynamoDBProvider]; err != nil || has != test.provider || warned != test.warned {
			t.Errorf("%s, %s: provider %v, warned %v, %v", test.release, test.delivery, has, warned, err)
		}
	}
}
