package settings

import (
	"reflect"
	"strings"
)

// environment is every variable that a start reads, as it stands there: nil is unset, a pointer to "" is set and empty.
// `default` is what an unset variable means; README.md's table is compared with these tags.
type environment struct {
	ClientRoleARN      *string `env:"CLIENT_ROLE_ARN"`
	Role2ARN           *string `env:"ROLE_2_ARN"`
	WebIdentityRoleARN *string `env:"WEB_IDENTITY_ROLE_ARN"`
	Role1ARN           *string `env:"ROLE_1_ARN"`

	// Injected by EKS: IRSA's webhook, or the one of EKS Pod Identity.
	AWSRoleARN            *string `env:"AWS_ROLE_ARN"`
	TokenFile             *string `env:"AWS_WEB_IDENTITY_TOKEN_FILE" default:"/var/run/secrets/eks.amazonaws.com/serviceaccount/token"`
	ContainerURI          *string `env:"AWS_CONTAINER_CREDENTIALS_FULL_URI"`
	ContainerTokenFile    *string `env:"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"`
	Region                *string `env:"AWS_REGION"`
	DefaultRegion         *string `env:"AWS_DEFAULT_REGION"`
	RegionAlias           *string `env:"REGION"`
	ConfigFile            *string `env:"AWS_CONFIG_FILE"`
	SharedCredentialsFile *string `env:"AWS_SHARED_CREDENTIALS_FILE"`
	ProfilesFile          *string `env:"AWS_CREDENTIAL_PROFILES_FILE"`
	STSEndpoint           *string `env:"AWS_ENDPOINT_URL_STS"`
	Endpoint              *string `env:"AWS_ENDPOINT_URL"`
	FIPS                  *string `env:"AWS_USE_FIPS_ENDPOINT"`
	Home                  *string `env:"HOME"`
	Hostname              *string `env:"HOSTNAME"`

	Delivery          *string `env:"ROLE_CHAIN_DELIVERY" default:"profile"`
	IRSAEnv           *string `env:"ROLE_CHAIN_IRSA_ENV"`
	Entrypoint        *string `env:"ROLE_CHAIN_ENTRYPOINT" default:"/usr/bin/entrypoint.sh"`
	BaseProfile       *string `env:"ROLE_CHAIN_BASE_PROFILE" default:"job-execution-role"`
	Via               *string `env:"ROLE_CHAIN_VIA"`
	Profiles          *string `env:"ROLE_CHAIN_PROFILES"`
	RoleMap           *string `env:"ROLE_CHAIN_ROLE_MAP"`
	SessionName       *string `env:"ROLE_CHAIN_SESSION_NAME" default:"{pod}"`
	ExternalID        *string `env:"ROLE_CHAIN_EXTERNAL_ID"`
	SourceIdentity    *string `env:"ROLE_CHAIN_SOURCE_IDENTITY"`
	SessionTags       *string `env:"ROLE_CHAIN_SESSION_TAGS"`
	TransitiveTags    *string `env:"ROLE_CHAIN_TRANSITIVE_TAGS"`
	SessionPolicyFile *string `env:"ROLE_CHAIN_SESSION_POLICY_FILE"`
	SessionPolicyARNs *string `env:"ROLE_CHAIN_SESSION_POLICY_ARNS"`
	Duration          *string `env:"ROLE_CHAIN_DURATION" default:"1h"`
	StartTimeout      *string `env:"ROLE_CHAIN_START_TIMEOUT" default:"60s"`
	Verify            *string `env:"ROLE_CHAIN_VERIFY" default:"false"`
	AllowIMDS         *string `env:"ROLE_CHAIN_ALLOW_IMDS" default:"false"`
	LogLevel          *string `env:"ROLE_CHAIN_LOG_LEVEL" default:"info"`
	LogFormat         *string `env:"ROLE_CHAIN_LOG_FORMAT" default:"text"`
}

// read fills in an environment. Of a name that is there twice the first counts, as it does for getenv.
func read(env []string) environment {
	values := make(map[string]string, len(env))
	for i := len(env) - 1; i >= 0; i-- {
		name, value, _ := strings.Cut(env[i], "=")
		values[name] = value
	}
	var e environment
	fields := reflect.ValueOf(&e).Elem()
	for i := range fields.NumField() {
		tag := fields.Type().Field(i).Tag
		value, set := values[tag.Get("env")]
		if !set {
			value, set = tag.Lookup("default")
		}
		if set {
			fields.Field(i).Set(reflect.ValueOf(&value))
		}
	}
	return e
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
		list[i] = t.Field(i).Tag.Get("env")
	}
	return list
}

// misspelt warns of each variable in env that is none of ours but looks as if it was meant to be: any unknown ROLE_CHAIN_
// name, and, in upper or lower case, a name within two edits of one of ours or one that lacks the end of a role variable.
func misspelt(env []string) []Warning {
	candidates := append([]string(nil), roleVariables...)
	for _, n := range names() {
		if strings.HasPrefix(n, prefix) {
			candidates = append(candidates, n)
		}
	}
	var warnings []Warning
	for _, assignment := range env {
		name, _, _ := strings.Cut(assignment, "=")
		upper := strings.ToUpper(name)
		if !strings.Contains(upper, "ROLE") || Known(name) || serviceLink(name) || !only(name, letters+digits+"_") {
			continue
		}
		within := 2
		if strings.HasPrefix(upper, prefix) {
			within = len(name)
		}
		hint := nearest(upper, candidates, within)
		for _, v := range roleVariables {
			if strings.HasPrefix(v, upper) && strings.HasSuffix(upper, "_ROLE") {
				hint = "did you mean " + v + "?"
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
		if tag := t.Field(i).Tag; tag.Get("env") == name {
			return tag.Get("default")
		}
	}
	return ""
}

// Known is whether a start reads the variable of that name.
func Known(name string) bool {
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
