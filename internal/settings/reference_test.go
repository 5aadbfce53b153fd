package settings

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// docs/reference.md's table of settings has every variable that a user may set, and the defaults that the code has.
func TestReference(t *testing.T) {
	reference, err := os.ReadFile("../../docs/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(reference), "\n## Settings\n")
	section, _, _ = strings.Cut(section, "\n## ")
	documented := map[string]string{} // variable to default
	row := regexp.MustCompile("^\\| (`[^|]+`) \\| [^|]+ \\| ([^|]+) \\|$")
	for _, line := range strings.Split(section, "\n") {
		if m := row.FindStringSubmatch(line); m != nil {
			for _, name := range strings.Split(m[1], ", ") {
				documented[strings.Trim(name, "`")] = m[2]
			}
		}
	}
	// Read, but others set them: EKS, the image, the user for all SDKs.
	ambient := map[string]bool{"AWS_ROLE_ARN": true, "AWS_CONTAINER_CREDENTIALS_FULL_URI": true, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": true,
		"AWS_ENDPOINT_URL_STS": true, "AWS_ENDPOINT_URL": true, "AWS_USE_FIPS_ENDPOINT": true, "AWS_USE_DUALSTACK_ENDPOINT": true, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": true, "AWS_CA_BUNDLE": true,
		"AWS_CONFIG_FILE": true, "AWS_SHARED_CREDENTIALS_FILE": true, "HOME": true, "HOSTNAME": true, "SPARK_CONTAINER_ID": true, "SIDECAR_SIGNAL_FILE": true, "ROLE_CHAIN_REFRESHER": true}
	fields := reflect.TypeFor[variables]()
	for i := range fields.NumField() {
		tag := fields.Field(i).Tag
		name, value := tag.Get("envconfig"), tag.Get("default")
		if ambient[name] {
			if !strings.Contains(string(reference), "`"+name+"`") {
				t.Errorf("docs/reference.md does not mention %s", name)
			}
			continue
		}
		told, there := documented[name]
		delete(documented, name)
		switch {
		case !there:
			t.Errorf("docs/reference.md has no %s", name)
		case value != "" && told != "`"+value+"`":
			t.Errorf("docs/reference.md gives %s the default %s, the code %q", name, told, value)
		case value == "" && strings.HasPrefix(told, "`") && name != "WEB_IDENTITY_ROLE_ARN":
			t.Errorf("docs/reference.md gives %s the default %s, the code none", name, told)
		}
	}
	for name := range documented {
		t.Errorf("docs/reference.md has %s, which the code does not read", name)
	}
}
