// Package settings turns the environment of a container into validated settings, for both programs. Every setting is
// checked before anything is written, and all problems are reported at once.
package settings

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"
)

// Settings is what a start was asked to do. Every value has been checked.
type Settings struct {
	ClientRole string   // ARN of the role to end up as; "" means pass through, and then only Entrypoint counts, unless a sidecar knows it
	RoleMap    string   // absolute path of the role map that still has to be asked (Environment.With); "" for none
	FirstHop   FirstHop // how the pod gets its own first session
	Direct     bool     // the client roles are assumed with the web identity token, in one hop; BaseRole is a profile beside them
	BaseRole   string   // ARN of the job execution role; "" with PodIdentity, which does not tell it
	TokenFile  string   // absolute path of the web identity token; "" with PodIdentity
	Region     string   // for the profiles and for STS; "" leaves it to the SDKs

	// RegionVariables reports whether every SDK sees Region in its own variables: botocore reads AWS_DEFAULT_REGION only, most
	// others AWS_REGION only, and none REGION.
	RegionVariables bool

	BaseProfile string      // name of the first hop's profile
	Via         []Hop       // the roles between the two, in order
	Profiles    []NamedRole // more client roles, as profiles of their own
	SessionName SessionName // template of the session name, of every hop that has none of its own
	Duration    time.Duration

	Options    Options // of the AssumeRole to the client role
	PolicyFile string  // absolute path of a session policy for it

	Delivery     Delivery
	Verify       bool          // try the chain before the exec in Profile delivery too
	StartTimeout time.Duration // how long the first session may take, the wait for the token and retries included

	// KeepSources leaves the job the variables by which SDKs find other credentials first: EKS's, static keys, AWS_PROFILE.
	// Removed has the names of those that it loses otherwise.
	KeepSources bool
	AllowIMDS   bool // leave the metadata service open to the job's SDKs

	// TokenVariables makes EKS's variables for the job name the client role: with Direct in Profile and File delivery. Most
	// SDKs read them before a profile with a token of its own.
	TokenVariables bool

	Metrics netip.AddrPort // where the refresher serves metrics; not valid: nowhere

	Entrypoint string // the original entrypoint, as typed: a path, or a name to be looked up on PATH
	Locations  Locations
	AWS        AWS
}

// FirstHop is where the first session of a chain comes from.
type FirstHop string

const (
	WebIdentity FirstHop = "web identity" // IRSA: AssumeRoleWithWebIdentity with the projected token
	PodIdentity FirstHop = "pod identity" // EKS Pod Identity's agent, by the container-credentials variables
)

// Delivery is how the job's SDKs get the client role.
type Delivery string

const (
	Profile  Delivery = "profile"  // a chained profile: each SDK does the chain
	File     Delivery = "file"     // that, and keys in the credentials file that a refresher keeps fresh
	Endpoint Delivery = "endpoint" // one session for all, behind a credential process and a loopback endpoint
)

// FirstName is what the hop with the token is called: the first, or with Direct the only one.
func (s Settings) FirstName() string {
	if s.Direct {
		return "direct hop"
	}
	return "first hop"
}

// Refreshed reports whether a refresher keeps sessions for the job, or could, as long as the role map was not asked.
func (s Settings) Refreshed() bool {
	return s.Locations.Sidecar != "" || (s.ClientRole != "" || s.RoleMap != "") && (s.Delivery == File || s.Delivery == Endpoint)
}

// Waits reports whether a start of s needs its token before the job begins, and so may have to wait for it: for a session,
// or because the role map goes by the service account that the token names.
func (s Settings) Waits() bool {
	return s.RoleMap != "" || s.Refreshed() || s.ClientRole != "" && s.Verify
}

// Locations is what the environment says about where things are: start finds out what is there.
type Locations struct {
	Home               string // HOME; "" when unset or empty
	Files              string // ROLE_CHAIN_FILES, an absolute path; "" when unset
	Sidecar            string // ROLE_CHAIN_SIDECAR, an absolute path: ROLE_CHAIN_FILES of the sidecar that keeps the sessions; "" when unset
	SharedHome         bool   // EMR's log shipper has this home too, and would take our files for its own configuration
	ConfigFile         string // AWS_CONFIG_FILE; "" when unset or empty
	CredentialsFile    string // AWS_SHARED_CREDENTIALS_FILE; "" when unset or empty
	Refresher          string // ROLE_CHAIN_REFRESHER, which a start in file delivery sets for its job; "" when unset or empty
	EmptyConfigFile    bool   // AWS_CONFIG_FILE is set and empty, which SDKs take for a path
	ContainerURI       string // AWS_CONTAINER_CREDENTIALS_FULL_URI; "" when unset or empty
	ContainerTokenFile string // AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE; "" when unset or empty
	Hostname           string // HOSTNAME, the pod's name in Kubernetes; "" when unset or empty
	Job                string // the job run's id, from SPARK_CONTAINER_ID; "" when that is unset or empty
}

// A Warning is something that a start goes on with, but that its user should know.
type Warning struct{ Text, Hint string }

// Log is how a program speaks. It is read apart from Settings, so that wrong settings can be reported in the right way.
type Log struct {
	Level  slog.Level
	Format string // "text" or "json"
}

// Read reads and checks env. Where it names a role map, Settings.RoleMap says so, and what concerns roles is left out until env
// has what the map allows (Environment.With). The error joins an *exit.Error for each problem. Log is
// usable and the warnings stand whether or not there is one.
func Read(env Environment) (Settings, Log, []Warning, error) {
	read := env.variables()
	v := &validator{mapped: read.RoleMap != nil && !env.apart, grant: env.grant}
	log := v.log(read)
	s := v.settings(read, env.List)
	return s, log, append(v.warnings, misspelt(env.List)...), errors.Join(v.problems...)
}
