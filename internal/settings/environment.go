package settings

import (
	"os"
	"reflect"
	"strings"
)

// environment is every variable that a start reads, as it stands there: nil is unset, a pointer to "" is set and empty.
// All are strings, so that envconfig never stops at the first bad one and the wording of every problem is ours.
// `default` is what an unset variable means; README.md's table is compared with these tags.
type environment struct {
	ClientRoleARN      *string `envconfig:"CLIENT_ROLE_ARN"`
	Role2ARN           *string `envconfig:"ROLE_2_ARN"`
	WebIdentityRoleARN *string `envconfig:"WEB_IDENTITY_ROLE_ARN"`
	Role1ARN           *string `envconfig:"ROLE_1_ARN"`

	// Injected by EKS: IRSA's webhook, or the one of EKS Pod Identity.
	AWSRoleARN            *string `envconfig:"AWS_ROLE_ARN"`
	TokenFile             *string `envconfig:"AWS_WEB_IDENTITY_TOKEN_FILE" default:"/var/run/secrets/eks.amazonaws.com/serviceaccount/token"`
	ContainerURI          *string `envconfig:"AWS_CONTAINER_CREDENTIALS_FULL_URI"`
	ContainerTokenFile    *string `envconfig:"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"`
	Region                *string `envconfig:"AWS_REGION"`
	DefaultRegion         *string `envconfig:"AWS_DEFAULT_REGION"`
	RegionAlias           *string `envconfig:"REGION"`
	ConfigFile            *string `envconfig:"AWS_CONFIG_FILE"`
	SharedCredentialsFile *string `envconfig:"AWS_SHARED_CREDENTIALS_FILE"`
	Home                  *string `envconfig:"HOME"`
	Hostname              *string `envconfig:"HOSTNAME"`

	Delivery          *string `envconfig:"ROLE_CHAIN_DELIVERY" default:"profile"`
	IRSAEnv           *string `envconfig:"ROLE_CHAIN_IRSA_ENV" default:"keep"`
	Entrypoint        *string `envconfig:"ROLE_CHAIN_ENTRYPOINT" default:"/usr/bin/entrypoint.sh"`
	BaseProfile       *string `envconfig:"ROLE_CHAIN_BASE_PROFILE" default:"job-execution-role"`
	Via               *string `envconfig:"ROLE_CHAIN_VIA"`
	Profiles          *string `envconfig:"ROLE_CHAIN_PROFILES"`
	RoleMap           *string `envconfig:"ROLE_CHAIN_ROLE_MAP"`
	SessionName       *string `envconfig:"ROLE_CHAIN_SESSION_NAME" default:"{pod}"`
	ExternalID        *string `envconfig:"ROLE_CHAIN_EXTERNAL_ID"`
	SourceIdentity    *string `envconfig:"ROLE_CHAIN_SOURCE_IDENTITY"`
	SessionTags       *string `envconfig:"ROLE_CHAIN_SESSION_TAGS"`
	TransitiveTags    *string `envconfig:"ROLE_CHAIN_TRANSITIVE_TAGS"`
	SessionPolicyFile *string `envconfig:"ROLE_CHAIN_SESSION_POLICY_FILE"`
	SessionPolicyARNs *string `envconfig:"ROLE_CHAIN_SESSION_POLICY_ARNS"`
	Duration          *string `envconfig:"ROLE_CHAIN_DURATION" default:"1h"`
	StartTimeout      *string `envconfig:"ROLE_CHAIN_START_TIMEOUT"`
	Verify            *string `envconfig:"ROLE_CHAIN_VERIFY" default:"false"`
	AllowIMDS         *string `envconfig:"ROLE_CHAIN_ALLOW_IMDS" default:"false"`
	LogLevel          *string `envconfig:"ROLE_CHAIN_LOG_LEVEL" default:"info"`
	LogFormat         *string `envconfig:"ROLE_CHAIN_LOG_FORMAT" default:"text"`
}

// prefix of the variables that are this project's alone, so that an unknown one is worth a word.
const prefix = "ROLE_CHAIN_"

// roleVariables are ours too, but without the prefix: AWS's role chaining guide named them. Their aliases ROLE_1_ARN and
// ROLE_2_ARN are so short that half of all variables about roles would look like a slip of the pen.
var roleVariables = []string{"CLIENT_ROLE_ARN", "WEB_IDENTITY_ROLE_ARN"}

// names returns the variables that a start reads, in the order of environment.
func names() []string {
	t := reflect.TypeFor[environment]()
	list := make([]string, t.NumField())
	for i := range list {
		list[i] = t.Field(i).Tag.Get("envconfig")
	}
	return list
}

// misspelt warns of each variable in the process's environment that is none of ours but looks as if it was meant to be:
// any unknown ROLE_CHAIN_ name, and a name within two edits of one of roleVariables, or one that is short of its end, in
// upper or lower case.
func misspelt() []Warning {
	var warnings []Warning
	for _, assignment := range os.Environ() {
		name, _, _ := strings.Cut(assignment, "=")
		upper := strings.ToUpper(name)
		if !strings.Contains(upper, "ROLE") || known(name) || serviceLink(name) || !only(name, letters+digits+"_") {
			continue
		}
		hint := ""
		if strings.HasPrefix(upper, prefix) {
			hint = nearest(upper, names(), len(name))
		} else {
			hint = nearest(upper, roleVariables, 2)
			for _, v := range roleVariables {
				if strings.HasPrefix(v, upper) && strings.HasSuffix(upper, "_ROLE") {
					hint = "did you mean " + v + "?"
				}
			}
		}
		if hint != "" {
			warnings = append(warnings, Warning{Text: name + " is not a setting of rolechain and is ignored", Hint: hint})
		}
	}
	return warnings
}

// defaultOf returns what an unset variable means.
func defaultOf(name string) string {
	t := reflect.TypeFor[environment]()
	for i := range t.NumField() {
		if tag := t.Field(i).Tag; tag.Get("envconfig") == name {
			return tag.Get("default")
		}
	}
	return ""
}

func known(name string) bool {
	for _, n := range names() {
		if n == name {
			return true
		}
	}
	return false
}

// serviceLink tells the variables that Kubernetes injects for a Service which happens to be called role-chain or
// role-chain-…: ROLE_CHAIN_SERVICE_HOST, ROLE_CHAIN_UI_PORT_443_TCP_ADDR and their like
// (kubernetes.io, "Connecting Applications with Services", environment variables).
func serviceLink(name string) bool {
	for _, mark := range []string{"_SERVICE_HOST", "_SERVICE_PORT", "_PORT"} {
		_, rest, found := strings.Cut(name, mark)
		if found && (rest == "" || rest[0] == '_') {
			return true
		}
	}
	return false
}

// nearest says which of the names is at most within edits away from name, or "".
func nearest(name string, candidates []string, within int) string {
	best, distance := "", within+1
	for _, c := range candidates {
		if d := edits(name, c); d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// edits is the Levenshtein distance of two names, in bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
