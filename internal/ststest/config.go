package ststest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

const (
	// DefaultIssuer is the issuer of tokens when Config names none; it has the form of an EKS cluster's.
	DefaultIssuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	// DefaultAudience is what EKS puts into a projected service account token for AWS.
	DefaultAudience = "sts.amazonaws.com"
)

// Options are what a Server is made of.
type Options struct {
	Config
	Now func() time.Time // the server's clock, called from many goroutines; nil means time.Now
}

// Config says which roles and users exist and whose tokens count. The package comment shows it as JSON.
type Config struct {
	Issuer   string          `json:"issuer,omitempty"`    // iss of the web identity tokens; empty means DefaultIssuer
	Audience string          `json:"audience,omitempty"`  // the provider's client id; empty means DefaultAudience
	JWKS     json.RawMessage `json:"jwks,omitempty"`      // the issuer's public keys; empty means a key of the server's own
	JWKSFile string          `json:"jwks_file,omitempty"` // the same as a file, which LoadConfig reads
	Region   string          `json:"region,omitempty"`    // region that signatures must be scoped to; empty means any
	Roles    []Role          `json:"roles"`
	Users    []User          `json:"users,omitempty"`
}

// A Role is an IAM role with its trust policy and the part of its permissions that concerns sts.
type Role struct {
	ARN string `json:"arn"`

	WebIdentity *WebIdentity `json:"web_identity,omitempty"` // nil: no token may assume it, and its account gets no identity provider
	TrustedBy   []string     `json:"trusted_by,omitempty"`   // principals: role, user or session ARN, account root ARN, account id, or "*"
	TrustAlso   []string     `json:"trust_also,omitempty"`   // sts:TagSession, sts:SetSourceIdentity
	ExternalID  string       `json:"external_id,omitempty"`  // empty: the trust policy does not ask for one

	// TrustPolicy and Permissions are policy documents; a role that has them has nothing of the short form on that side.
	TrustPolicy *Policy `json:"trust_policy,omitempty"`
	Permissions *Policy `json:"permissions,omitempty"`

	MayAssume []string `json:"may_assume,omitempty"` // role ARNs, with * and ?, that it may assume
	MayAlso   []string `json:"may_also,omitempty"`   // sts:TagSession, sts:SetSourceIdentity, on the same roles

	MaxSessionSeconds int `json:"max_session_seconds,omitempty"` // MaxSessionDuration; 0 means 3600
	LifetimeSeconds   int `json:"lifetime_seconds,omitempty"`    // true lifetime of its sessions; 0 means as asked for
}

// WebIdentity is a trust policy's conditions on a token. Keys are "sub" and "aud"; every key must match one of its
// values. StringLike knows * and ?. Empty conditions trust every token of the issuer, as on AWS.
type WebIdentity struct {
	StringEquals map[string][]string `json:"StringEquals,omitempty"`
	StringLike   map[string][]string `json:"StringLike,omitempty"`
}

// A User is an IAM user with one long-lived key.
type User struct {
	ARN             string   `json:"arn"`
	AccessKeyID     string   `json:"access_key_id"`
	SecretAccessKey string   `json:"secret_access_key"`
	MayAssume       []string `json:"may_assume,omitempty"` // as for Role
	MayAlso         []string `json:"may_also,omitempty"`
}

// LoadConfig reads a Config from a JSON file. A key that it does not know is an error. A relative jwks_file is looked
// for beside the file.
func LoadConfig(file string) (Config, error) {
	var c Config
	data, err := os.ReadFile(file)
	if err != nil {
		return c, fmt.Errorf("reading configuration: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, fmt.Errorf("reading configuration %s: %w", file, err)
	}
	if c.JWKSFile != "" {
		keys := c.JWKSFile
		if !filepath.IsAbs(keys) {
			keys = filepath.Join(filepath.Dir(file), keys)
		}
		if c.JWKS, err = os.ReadFile(keys); err != nil {
			return c, fmt.Errorf("reading key set: %w", err)
		}
	}
	return c, c.check()
}

var (
	roleARN = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):role/((?:[\x21-\x7e]*/)?)([\w+=,.@-]{1,64})$`)
	userARN = regexp.MustCompile(`^arn:(aws[a-z-]*):iam::(\d{12}):user/(?:[\x21-\x7e]*/)?([\w+=,.@-]{1,64})$`)
)

// check finds what would make a test pass or fail for the wrong reason.
func (c Config) check() error {
	var problems []error
	if c.JWKSFile != "" && len(c.JWKS) == 0 {
		problems = append(problems, errors.New("jwks_file is read by LoadConfig only: give JWKS"))
	}
	seen := map[string]bool{}
	for _, role := range c.Roles {
		if !roleARN.MatchString(role.ARN) {
			problems = append(problems, fmt.Errorf("%q is not a role ARN", role.ARN))
		}
		if seen[role.ARN] {
			problems = append(problems, fmt.Errorf("role %s is there twice", role.ARN))
		}
		seen[role.ARN] = true
		problems = append(problems, checkActions(role.ARN, role.TrustAlso), checkActions(role.ARN, role.MayAlso))
		if role.TrustPolicy != nil && (role.WebIdentity != nil || len(role.TrustedBy)+len(role.TrustAlso) > 0 || role.ExternalID != "") || role.Permissions != nil && len(role.MayAssume)+len(role.MayAlso) > 0 {
			problems = append(problems, fmt.Errorf("role %s has a policy and its short form", role.ARN))
		}
		if w := role.WebIdentity; w != nil {
			for _, operator := range []map[string][]string{w.StringEquals, w.StringLike} {
				for key := range operator {
					if key != "sub" && key != "aud" {
						problems = append(problems, fmt.Errorf("role %s has a condition on %q: only sub and aud are known", role.ARN, key))
					}
				}
			}
		}
	}
	for _, user := range c.Users {
		if !userARN.MatchString(user.ARN) {
			problems = append(problems, fmt.Errorf("%q is not a user ARN", user.ARN))
		}
		if !strings.HasPrefix(user.AccessKeyID, "AKIA") || user.SecretAccessKey == "" || seen[user.AccessKeyID] {
			problems = append(problems, fmt.Errorf("user %s needs an AKIA key id of its own and a secret", user.ARN))
		}
		seen[user.AccessKeyID] = true
		problems = append(problems, checkActions(user.ARN, user.MayAlso))
	}
	if err := errors.Join(problems...); err != nil {
		return fmt.Errorf("checking configuration: %w", err)
	}
	return nil
}

func checkActions(arn string, actions []string) error {
	for _, action := range actions {
		if action != tagSession && action != setSourceIdentity {
			return fmt.Errorf("%s is allowed %q: only %s and %s are known", arn, action, tagSession, setSourceIdentity)
		}
	}
	return nil
}

func (c Config) issuer() string {
	if c.Issuer == "" {
		return DefaultIssuer
	}
	return c.Issuer
}

func (c Config) audience() string {
	if c.Audience == "" {
		return DefaultAudience
	}
	return c.Audience
}

func (c Config) role(arn string) (Role, bool) {
	for _, role := range c.Roles {
		if role.ARN == arn {
			return role, true
		}
	}
	return Role{}, false
}

func (r Role) maxSession() time.Duration {
	if r.MaxSessionSeconds == 0 {
		return time.Hour
	}
	return time.Duration(r.MaxSessionSeconds) * time.Second
}
