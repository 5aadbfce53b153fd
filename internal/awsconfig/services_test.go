package awsconfig

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"rolechain/internal/settings"
)

// Endpoints of other services come from the variables and files that the SDK reads, in its order.
func TestForServices(t *testing.T) {
	home := t.TempDir()
	config := filepath.Join(home, "config")
	text := "[default]\nservices = x\n[services x]\ns3 =\n  endpoint_url = http://127.0.0.1:1\nsqs =\n  endpoint_url = http://127.0.0.1:2\nsts =\n  endpoint_url = http://127.0.0.1:3\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		env  []string
		want map[string]string
	}{
		{"a file", nil, map[string]string{"s3": "http://127.0.0.1:1", "sqs": "http://127.0.0.1:2"}},
		{"a variable first", []string{"AWS_ENDPOINT_URL_S3=http://127.0.0.1:4", "AWS_ENDPOINT_URL_KMS=http://127.0.0.1:5"}, map[string]string{"s3": "http://127.0.0.1:4", "sqs": "http://127.0.0.1:2", "kms": "http://127.0.0.1:5"}},
		{"one for all", []string{"AWS_ENDPOINT_URL=http://127.0.0.1:6"}, map[string]string{"s3": "http://127.0.0.1:1", "sqs": "http://127.0.0.1:2", "kms": "http://127.0.0.1:6", "glue": "http://127.0.0.1:6"}},
		{"ignored", []string{"AWS_ENDPOINT_URL_S3=http://127.0.0.1:4", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"}, map[string]string{}},
	} {
		env := settings.Listed(append([]string{"HOME=" + home, "AWS_CONFIG_FILE=" + config, "AWS_REGION=eu-west-1", "AWS_USE_FIPS_ENDPOINT=true", "CLIENT_ROLE_ARN=arn:aws:iam::444455556666:role/client", "AWS_ROLE_ARN=arn:aws:iam::111122223333:role/job"}, test.env...))
		s, _, _, err := settings.Read(env)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ForServices(t.Context(), s, env)
		if err != nil || !maps.Equal(got.Endpoints, test.want) || got.Region != "eu-west-1" || !got.FIPS || got.HTTP == nil {
			t.Errorf("%s: %+v, %v, want %v", test.name, got, err, test.want)
		}
	}
}
