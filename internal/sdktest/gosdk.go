package sdktest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
)

// GoSDK asks the AWS SDK for Go v2, in this process: nothing has to be installed. Its parser gives out one profile at a
// time, as a struct of the keys that it knows, and not before the profile's whole chain has been found sound. It may be
// used by several goroutines.
type GoSDK struct {
	dir string // of the test's own, since the SDK reads paths
}

// Go returns the AWS SDK for Go v2 that is in this module's go.mod.
func Go(t testing.TB) *GoSDK { return &GoSDK{t.TempDir()} }

// Profile returns what the SDK reads for one profile of a config file; nil when it knows none of that name; or a
// [*FileError], which may be about the profiles that this one leads to: a source_profile that is not there is one.
//
// Only keys that it gives a meaning are there: region, the credential keys, retries and endpoints; not "output", and no
// nested blocks. A key that the file leaves empty is not there. The keys of the profile that source_profile names have
// "source." in front, and so on down the chain; of a profile with source_profile the SDK drops its own credential_process,
// credential_source, web_identity_token_file and static keys.
func (g *GoSDK) Profile(config []byte, name string) (map[string]string, error) {
	return g.profile(config, nil, name)
}

// ProfileCredentials is [GoSDK.Profile] for a credentials file, with no config file beside it.
func (g *GoSDK) ProfileCredentials(credentials []byte, name string) (map[string]string, error) {
	return g.profile(nil, credentials, name)
}

// ProfileBoth is [GoSDK.Profile] for a config and a credentials file together, merged as the SDK merges them.
func (g *GoSDK) ProfileBoth(config, credentials []byte, name string) (map[string]string, error) {
	return g.profile(config, credentials, name)
}

func (g *GoSDK) profile(conf, creds []byte, name string) (map[string]string, error) {
	// A folder a call, so that goroutines do not share files.
	dir, err := os.MkdirTemp(g.dir, "")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	confPath, credsPath := filepath.Join(dir, "config"), filepath.Join(dir, "credentials")
	if err := errors.Join(os.WriteFile(confPath, conf, 0o600), os.WriteFile(credsPath, creds, 0o600)); err != nil {
		return nil, err
	}
	shared, err := config.LoadSharedConfigProfile(context.Background(), name, func(o *config.LoadSharedConfigOptions) {
		// Both, always: nil would mean the files of whoever runs the test.
		o.ConfigFiles, o.CredentialsFiles = []string{confPath}, []string{credsPath}
	})
	if err != nil {
		var none config.SharedConfigProfileNotExistError
		var source config.SharedConfigAssumeRoleError // wraps the former when it is the source profile that is missing
		if errors.As(err, &none) && !errors.As(err, &source) {
			return nil, nil
		}
		return nil, &FileError{SDK: "go v2", Text: strings.ReplaceAll(err.Error(), dir+"/", "")}
	}
	out := map[string]string{}
	collect(out, "", &shared)
	return out, nil
}

// collect writes what c holds into out, under the names that the keys have in a file.
func collect(out map[string]string, prefix string, c *config.SharedConfig) {
	values := map[string]string{
		"aws_access_key_id":       c.Credentials.AccessKeyID,
		"aws_secret_access_key":   c.Credentials.SecretAccessKey,
		"aws_session_token":       c.Credentials.SessionToken,
		"credential_process":      c.CredentialProcess,
		"credential_source":       c.CredentialSource,
		"defaults_mode":           string(c.DefaultsMode),
		"endpoint_url":            c.BaseEndpoint,
		"external_id":             c.ExternalID,
		"mfa_serial":              c.MFASerial,
		"region":                  c.Region,
		"retry_mode":              string(c.RetryMode),
		"role_arn":                c.RoleARN,
		"role_session_name":       c.RoleSessionName,
		"services":                c.ServicesSectionName,
		"source_profile":          c.SourceProfileName,
		"sso_account_id":          c.SSOAccountID,
		"sso_region":              c.SSORegion,
		"sso_role_name":           c.SSORoleName,
		"sso_session":             c.SSOSessionName,
		"sso_start_url":           c.SSOStartURL,
		"web_identity_token_file": c.WebIdentityTokenFile,
	}
	if d := c.RoleDurationSeconds; d != nil {
		values["duration_seconds"] = strconv.Itoa(int(d.Seconds()))
	}
	for key, value := range values {
		if value != "" {
			out[prefix+key] = value
		}
	}
	if c.Source != nil {
		collect(out, prefix+"source.", c.Source)
	}
}
