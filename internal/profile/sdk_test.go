package profile

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"rolechain/internal/sdktest"
)

// A reader is an SDK's own parser.
type reader struct {
	name  string
	parse func(config []byte) (map[string]map[string]string, error)
}

func goReader(t *testing.T) reader {
	sdk := sdktest.Go(t)
	return reader{"Go", func(config []byte) (map[string]map[string]string, error) {
		got := map[string]map[string]string{}
		for _, name := range []string{"default", "job-execution-role"} {
			keys, err := sdk.Profile(config, name)
			if err != nil {
				return nil, err
			}
			got[name] = keys
		}
		return got, nil
	}}
}

// TestSDKsReadTheResult asks each SDK's own parser what it reads in merged files: the chain must be there whatever the
// file looked like before, and what the SDK read of other profiles before it must read again.
func TestSDKsReadTheResult(t *testing.T) {
	for _, sdk := range []struct {
		name  string
		start func(*testing.T) reader
	}{
		{"go", goReader},
		{"botocore", func(t *testing.T) reader { return reader{"botocore", sdktest.Botocore(t).Parse} }},
		{"js", func(t *testing.T) reader { return reader{"js", sdktest.JS(t).Parse} }},
		{"java-v1", func(t *testing.T) reader { return reader{"Java v1", sdktest.JavaV1(t).Parse} }},
		{"java-v2", func(t *testing.T) reader { return reader{"Java v2", sdktest.JavaV2(t).Parse} }},
	} {
		t.Run(sdk.name, func(t *testing.T) {
			t.Parallel()
			r := sdk.start(t)
			random := rand.New(rand.NewPCG(1, 2))
			merged, refused, unread := 0, 0, 0
			for range 2000 {
				config := generate(random)
				after, notes, err := Merge([]byte(config), chained())
				var line *LineError
				if errors.As(err, &line) {
					refused++
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				merged++
				before, beforeErr := r.parse([]byte(config))
				got, err := r.parse(after)
				if err != nil {
					// Java refuses lines that the merger leaves because they are not its own. Then the notes say so.
					if about(notes, "AWS SDK for "+r.name+" refuses") {
						unread++
						continue
					}
					t.Fatalf("%v\n--- before\n%s\n--- after\n%s", err, config, after)
				}
				// Of duplicates some SDKs had read the one and some the other; TestMerge says what becomes of them.
				if beforeErr != nil || about(notes, "duplicates") {
					before = nil
				}
				if problem := compare(r.name, before, got); problem != "" {
					t.Fatalf("%s\n--- before\n%s\n--- after\n%s", problem, config, after)
				}
			}
			t.Logf("%d merged and read, %d refused by the merger, %d not readable before and after", merged-unread, refused, unread)
			if merged-unread < 600 {
				t.Error("hardly any file got as far as the SDK")
			}
		})
	}
}

func about(notes []string, text string) bool {
	return strings.Contains(strings.Join(notes, "\n"), text)
}

func compare(sdk string, before, after map[string]map[string]string) string {
	for _, p := range chained() {
		for _, k := range p.Keys {
			got := after[p.Name][k.Name]
			if sdk == "Go" && (k.Name == "web_identity_token_file" || k.Name == "role_session_name" || k.Name == "duration_seconds" || k.Name == "region") && got == "" {
				continue // not all of them are given out for every profile; TestRoundTrip has them all in effect
			}
			if got != k.Value {
				return fmt.Sprintf("[%s] %s is %q, want %q", p.Name, k.Name, got, k.Value)
			}
		}
		for key := range after[p.Name] {
			if credentialKeys[key] && !has(p.Keys, key) && !strings.Contains(key, ".") {
				return fmt.Sprintf("[%s] still has %s", p.Name, key)
			}
		}
	}
	for name, keys := range before {
		if name == "default" || name == "job-execution-role" || twin(name) {
			continue
		}
		if sdk != "Go" && !reflect.DeepEqual(keys, after[name]) {
			return fmt.Sprintf("profile %q was %q and is %q", name, keys, after[name])
		}
	}
	return ""
}

// twin is a name under which some SDK keeps a section that the merger takes for one of its own.
func twin(name string) bool {
	name = strings.Trim(strings.TrimPrefix(strings.TrimPrefix(name, "section"), " "), " \t")
	name = strings.Trim(strings.TrimPrefix(name, "profile"), " \t\"'")
	return name == "default" || name == "job-execution-role"
}

func has(keys []Key, name string) bool {
	for _, k := range keys {
		if k.Name == name {
			return true
		}
	}
	return false
}

// generate makes a config file of pieces that have made some SDK stumble.
func generate(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	var b strings.Builder
	if r.IntN(20) == 0 {
		b.WriteString("\ufeff")
	}
	if r.IntN(3) == 0 {
		b.WriteString(pick("# first\n", "\n", "; a = b\n"))
	}
	for range r.IntN(5) {
		b.WriteString(pick("[default]", "[default]", "[profile default]", "[ default ]", "[profile job-execution-role]", "[profile \"job-execution-role\"]",
			"[profile x]", "[profile x]", "[profile y] # why", "[profile w]", "[sso-session s]", "[services v]", "[profile  z]", "[plugins]", "  [profile in]"))
		b.WriteString(pick("\n", "\n", "\n\n", " \n"))
		for range r.IntN(6) {
			b.WriteString(pick("region = us-east-1", "region=eu-west-1", "Region = x", "output\t= json", "role_arn = arn:aws:iam::1:role/old", "role_arn=x # c",
				"aws_access_key_id = AKIA", "aws_secret_access_key = s=/+", "credential_process = /bin/p --a=b", "source_profile = x", "ROLE_ARN = x",
				"sso_session = s", "# comment", "#", "s3 =\n  a = 1\n  b = 2", "s3 =\n  a = 1\n# c\n\n  b = 2", "  region = indented", "\tca_bundle = /b",
				"credential_process = /bin/p\n  --more", "web_identity_token_file = /t\n", "  # indented", "s3 =\n  # in\n  a = 1", "; no equals sign", "region: colon", "", "   ", "cli_pager =", "cli_history = a:b",
				"services = v", "aws_access_key_id = A\n  aws_secret_access_key = S"))
			b.WriteString(pick("\n", "\n", "\n", "\r\n"))
		}
	}
	text := b.String()
	if r.IntN(8) == 0 {
		text = strings.TrimRight(text, "\r\n")
	}
	return text
}
