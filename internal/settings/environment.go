package settings

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/kelseyhightower/envconfig"
)

// An Environment is where settings are read from: this process's own environment, or a list in the form of os.Environ.
// Of a name that is there twice the first counts, as it does for getenv.
type Environment struct {
	List  []string // as the kernel handed it over
	own   bool
	grant *Grant // what the role map allows; nil as long as nobody has asked
	apart bool   // the role map is elsewhere
}

// Listed returns the environment of somebody else: of a pod to be, or of a test.
func Listed(list []string) Environment { return Environment{List: list} }

// Own returns this process's environment.
func Own() Environment { return Environment{List: environ(), own: true} }

// Value returns the value of a variable; "" when it is unset.
func (e Environment) Value(name string) string { return first(e.List, name) }

// environ returns the environment as the kernel handed it over. os.Environ drops a name that is there twice, and the job
// is to get every byte; it is the fallback where /proc is not mounted or closed to us.
func environ() []string {
	// Not by package os: its files come with an epoll instance, which is a tenth of all system calls of a start.
	fd, err := syscall.Open("/proc/self/environ", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return os.Environ()
	}
	defer syscall.Close(fd)
	data := make([]byte, 0, 16<<10)
	for {
		n, err := syscall.Read(fd, data[len(data):cap(data)])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n == 0 && len(data) == 0 {
			return os.Environ()
		}
		if n == 0 {
			return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
		}
		if data = data[:len(data)+n]; len(data) == cap(data) {
			data = slices.Grow(data, cap(data))
		}
	}
}

// variables are all that a start reads, as they stand there: nil is unset, a pointer to "" is set and empty. They are
// strings because envconfig stops at the first value that it cannot parse, and in its own words. The default is what an
// unset variable means; docs/reference.md's table is compared with these tags.
type variables struct {
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
	Refresher             *string `envconfig:"ROLE_CHAIN_REFRESHER"` // set by a start in file delivery, for the job alone
	STSEndpoint           *string `envconfig:"AWS_ENDPOINT_URL_STS"`
	Endpoint              *string `envconfig:"AWS_ENDPOINT_URL"`
	FIPS                  *string `envconfig:"AWS_USE_FIPS_ENDPOINT"`
	DualStack             *string `envconfig:"AWS_USE_DUALSTACK_ENDPOINT"`
	IgnoreEndpoints       *string `envconfig:"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"`
	CABundle              *string `envconfig:"AWS_CA_BUNDLE"`
	Home                  *string `envconfig:"HOME"`
	EMRContainer          *string `envconfig:"SPARK_CONTAINER_ID"`
	EMRSignal             *string `envconfig:"SIDECAR_SIGNAL_FILE"`
	Hostname              *string `envconfig:"HOSTNAME"`

	Delivery          *string `envconfig:"ROLE_CHAIN_DELIVERY" default:"profile"`
	IRSAEnv           *string `envconfig:"ROLE_CHAIN_IRSA_ENV"`
	Entrypoint        *string `envconfig:"ROLE_CHAIN_ENTRYPOINT" default:"/usr/bin/entrypoint.sh"`
	BaseProfile       *string `envconfig:"ROLE_CHAIN_BASE_PROFILE" default:"job-execution-role"`
	Via               *string `envconfig:"ROLE_CHAIN_VIA"`
	Profiles          *string `envconfig:"ROLE_CHAIN_PROFILES"`
	Required          *string `envconfig:"ROLE_CHAIN_REQUIRED" default:"false"`
	Direct            *string `envconfig:"ROLE_CHAIN_DIRECT" default:"false"`
	Files             *string `envconfig:"ROLE_CHAIN_FILES"`
	RoleMap           *string `envconfig:"ROLE_CHAIN_ROLE_MAP"`
	Sidecar           *string `envconfig:"ROLE_CHAIN_SIDECAR"`
	SessionName       *string `envconfig:"ROLE_CHAIN_SESSION_NAME" default:"{pod}"`
	ExternalID        *string `envconfig:"ROLE_CHAIN_EXTERNAL_ID"`
	SourceIdentity    *string `envconfig:"ROLE_CHAIN_SOURCE_IDENTITY"`
	SessionTags       *string `envconfig:"ROLE_CHAIN_SESSION_TAGS"`
	TransitiveTags    *string `envconfig:"ROLE_CHAIN_TRANSITIVE_TAGS"`
	SessionPolicyFile *string `envconfig:"ROLE_CHAIN_SESSION_POLICY_FILE"`
	SessionPolicyARNs *string `envconfig:"ROLE_CHAIN_SESSION_POLICY_ARNS"`
	Duration          *string `envconfig:"ROLE_CHAIN_DURATION" default:"1h"`
	StartTimeout      *string `envconfig:"ROLE_CHAIN_START_TIMEOUT" default:"60s"`
	Verify            *string `envconfig:"ROLE_CHAIN_VERIFY" default:"false"`
	AllowIMDS         *string `envconfig:"ROLE_CHAIN_ALLOW_IMDS" default:"false"`
	Metrics           *string `envconfig:"ROLE_CHAIN_METRICS"`
	LogLevel          *string `envconfig:"ROLE_CHAIN_LOG_LEVEL" default:"info"`
	LogFormat         *string `envconfig:"ROLE_CHAIN_LOG_FORMAT" default:"text"`
}

// variables reads what stands in the environment.
func (e Environment) variables() variables {
	var v variables
	if e.own {
		// It fails for a field that it cannot fill, and of these there are none.
		if err := envconfig.Process("", &v); err != nil {
			panic(err)
		}
		return v
	}
	values := make(map[string]string, len(e.List))
	for _, assignment := range e.List {
		name, value, found := strings.Cut(assignment, "=")
		if _, there := values[name]; found && !there {
			values[name] = value
		}
	}
	fields := reflect.ValueOf(&v).Elem()
	for i := range fields.NumField() {
		tag := fields.Type().Field(i).Tag
		value, set := values[tag.Get("envconfig")]
		if !set {
			value, set = tag.Lookup("default")
		}
		if set {
			fields.Field(i).Set(reflect.ValueOf(&value))
		}
	}
	return v
}

// names returns the variables that a start reads, in the order of the struct. The list is everybody's: nobody changes it.
var names = sync.OnceValue(func() []string {
	t := reflect.TypeFor[variables]()
	list := make([]string, t.NumField())
	for i := range list {
		list[i] = t.Field(i).Tag.Get("envconfig")
	}
	return list
})

// defaultOf returns what an unset variable means.
func defaultOf(name string) string {
	t := reflect.TypeFor[variables]()
	for i := range t.NumField() {
		if tag := t.Field(i).Tag; tag.Get("envconfig") == name {
			return tag.Get("default")
		}
	}
	return ""
}

// Known reports whether a start reads the variable of that name.
func Known(name string) bool { return slices.Contains(names(), name) }
