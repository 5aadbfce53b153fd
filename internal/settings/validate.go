package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"rolechain/internal/exit"
)

// hour is the longest session that AWS gives to a role assumed by another role's session
// (IAM user guide, "Roles terms and concepts", role chaining).
const hour = time.Hour

// longest is that of a role assumed with a web identity token, if the role allows it (STS API reference,
// AssumeRoleWithWebIdentity, DurationSeconds).
const longest = 12 * time.Hour

// minimum is the shortest session that AssumeRole gives (STS API reference, DurationSeconds).
const minimum = 15 * time.Minute

func (v *validator) log(env variables) Log {
	log := Log{Format: v.get("ROLE_CHAIN_LOG_FORMAT", env.LogFormat, oneOf("text", "json"))}
	switch v.get("ROLE_CHAIN_LOG_LEVEL", env.LogLevel, oneOf("debug", "info", "warn", "error")) {
	case "debug":
		log.Level = slog.LevelDebug
	case "warn":
		log.Level = slog.LevelWarn
	case "error":
		log.Level = slog.LevelError
	}
	return log
}

func (v *validator) settings(env variables, list []string) Settings {
	s := Settings{
		Entrypoint: v.get("ROLE_CHAIN_ENTRYPOINT", env.Entrypoint, anything),
		Locations: Locations{
			Home:               ambient(env.Home),
			EmptyConfigFile:    env.ConfigFile != nil && *env.ConfigFile == "",
			Refresher:          ambient(env.Refresher),
			ContainerURI:       ambient(env.ContainerURI),
			ContainerTokenFile: ambient(env.ContainerTokenFile),
			Hostname:           ambient(env.Hostname),
			Job:                jobOf(ambient(env.EMRContainer)),
		},
	}
	required := v.boolean("ROLE_CHAIN_REQUIRED", env.Required)
	if env.Sidecar != nil {
		v.besideSidecar(env, &s)
		return s
	}
	roleMap := v.get("ROLE_CHAIN_ROLE_MAP", env.RoleMap, filePath)
	if v.mapped && v.grant == nil {
		s.RoleMap = roleMap
	}
	asked := v.alias("CLIENT_ROLE_ARN", env.ClientRoleARN, "ROLE_2_ARN", env.Role2ARN, v.roleOrName)
	byDefault := env.ClientRoleARN == nil && env.Role2ARN == nil && v.grant != nil && v.grant.Default != ""
	if byDefault {
		asked = v.grant.Default
	}
	if env.ClientRoleARN == nil && env.Role2ARN == nil && !byDefault && (!v.mapped || v.grant != nil) {
		v.passThrough(env, required)
		return s
	}
	s.Locations.Files = v.get("ROLE_CHAIN_FILES", env.Files, filePath)
	s.Delivery = Delivery(v.get("ROLE_CHAIN_DELIVERY", env.Delivery, oneOf(string(Profile), string(File), string(Endpoint))))
	s.Direct = v.boolean("ROLE_CHAIN_DIRECT", env.Direct)
	v.delivery, v.direct, v.given = s.Delivery, s.Direct, v.givenIn(list)
	client, _ := v.find("CLIENT_ROLE_ARN", asked)
	s.ClientRole = client.Role
	v.options(env, &s, client)
	s.Locations.ConfigFile = v.location("AWS_CONFIG_FILE", env.ConfigFile)
	s.Locations.CredentialsFile = v.location("AWS_SHARED_CREDENTIALS_FILE", env.SharedCredentialsFile)
	v.firstHop(env, &s)
	// The shipper finds web identity before the profiles, and Pod Identity behind them (AWS SDK for Ruby 3.168).
	s.Locations.SharedHome = s.FirstHop == PodIdentity && ambient(env.EMRContainer) != "" && ambient(env.EMRSignal) != ""
	v.region(env, &s)
	v.chain(env, &s)
	if v.grant != nil {
		v.merge(&s, client)
		v.identities(s)
	}
	v.partitions(s)
	s.AWS = v.aws(env, list)
	v.job(env, &s)
	v.metrics(env, &s)
	return s
}

// passThrough says that there is no client role: as an error where one is required. Otherwise it warns of settings that
// have no effect without one: most likely one was meant to be set.
func (v *validator) passThrough(env variables, required bool) {
	if required {
		v.problems = append(v.problems, exit.Because(exit.BadSetting,
			errors.New("CLIENT_ROLE_ARN is not set, and ROLE_CHAIN_REQUIRED=true, most likely the image's own, starts no job without a client role"),
			"set CLIENT_ROLE_ARN to the role that the job is to act as; ROLE_CHAIN_REQUIRED=false starts it as whatever the pod is"))
		return
	}
	idle := func(name string, value *string) {
		if value != nil {
			v.warn(name+" is set but CLIENT_ROLE_ARN is not: the job starts unchanged, without a role chain", "set CLIENT_ROLE_ARN to the role that the job is to act as")
		}
	}
	idle("WEB_IDENTITY_ROLE_ARN", env.WebIdentityRoleARN)
	idle("ROLE_1_ARN", env.Role1ARN)
	idle("ROLE_CHAIN_PROFILES", env.Profiles)
	idle("ROLE_CHAIN_VIA", env.Via)
}

// firstHop decides between web identity and Pod Identity. A role that the user names means web identity; of what EKS
// injects, Pod Identity comes first, as it does in EKS.
func (v *validator) firstHop(env variables, s *Settings) {
	s.FirstHop = WebIdentity
	v.baseVariable = "WEB_IDENTITY_ROLE_ARN"
	s.BaseRole = v.alias("WEB_IDENTITY_ROLE_ARN", env.WebIdentityRoleARN, "ROLE_1_ARN", env.Role1ARN, roleARN)
	named := env.WebIdentityRoleARN != nil || env.Role1ARN != nil
	injected := ambient(env.AWSRoleARN)
	switch {
	case named:
	case ambient(env.ContainerURI) != "" && ambient(env.ContainerTokenFile) != "":
		s.FirstHop = PodIdentity
		if s.Direct {
			v.fail("ROLE_CHAIN_DIRECT", *env.Direct, "needs the web identity token of IRSA, and this pod's identity is EKS Pod Identity, whose token STS does not take",
				"leave it out, to chain through the role of the association; or annotate the service account with eks.amazonaws.com/role-arn and set WEB_IDENTITY_ROLE_ARN")
		}
		return
	case injected == "":
		v.problems = append(v.problems, exit.Because(exit.BadSetting,
			errors.New("WEB_IDENTITY_ROLE_ARN is not set, and EKS has injected no AWS_ROLE_ARN: there is no first hop"),
			"set WEB_IDENTITY_ROLE_ARN to the job execution role, or annotate the pod's service account with eks.amazonaws.com/role-arn"))
	default:
		v.baseVariable = "AWS_ROLE_ARN"
		s.BaseRole = v.get(v.baseVariable, &injected, roleARN)
	}
	v.base(s, named, injected, ambient(env.ContainerURI) != "")
	if token := ambient(env.TokenFile); token != "" {
		s.TokenFile = v.get("AWS_WEB_IDENTITY_TOKEN_FILE", &token, filePath)
	} else {
		s.TokenFile = defaultOf("AWS_WEB_IDENTITY_TOKEN_FILE")
	}
	if s.BaseRole != "" && s.BaseRole == s.ClientRole {
		v.warn("CLIENT_ROLE_ARN is the job execution role itself: there is nothing to chain", "leave it out, or set it to the role that the job is to act as")
	}
}

// location reads a variable that names a file for SDKs. They differ in what they expand, so little is left to them.
func (v *validator) location(name string, value *string) string {
	path := ambient(value)
	if strings.Contains(path, "$") || strings.HasPrefix(path, "~") && !strings.HasPrefix(path, "~/") {
		v.fail(name, path, "is a path that some SDKs expand and some do not", "write the absolute path")
		return ""
	}
	return path
}

// partitions makes sure that the whole chain, and the region, are in one.
func (v *validator) partitions(s Settings) {
	const hint = "AWS lets no session cross a partition"
	where := Partition(s.ClientRole)
	if where == "" {
		return
	}
	check := func(name, role string) {
		if p := Partition(role); p != "" && p != where {
			v.fail(name, role, fmt.Sprintf("is in another partition than the client role, %q", s.ClientRole), hint)
		}
	}
	check(v.baseVariable, s.BaseRole)
	for _, via := range s.Via {
		check("ROLE_CHAIN_VIA", via.Role)
	}
	for _, named := range s.Profiles {
		check("ROLE_CHAIN_PROFILES", named.Role)
	}
	if s.Region != "" && !inPartition(s.Region, where) {
		v.fail(v.regionVariable, s.Region, fmt.Sprintf("is in another partition than the client role, %q", s.ClientRole), hint)
	}
}

func (v *validator) region(env variables, s *Settings) {
	for _, r := range []struct {
		name  string
		value *string
	}{{"AWS_REGION", env.Region}, {"AWS_DEFAULT_REGION", env.DefaultRegion}, {"REGION", env.RegionAlias}} {
		if value := ambient(r.value); value != "" {
			v.regionVariable = r.name
			s.Region = v.get(r.name, &value, region)
			break
		}
	}
	s.RegionVariables = s.Region != "" && ambient(env.Region) == s.Region && ambient(env.DefaultRegion) == s.Region
}

func (v *validator) chain(env variables, s *Settings) {
	s.BaseProfile = v.get("ROLE_CHAIN_BASE_PROFILE", env.BaseProfile, profileName)
	if v.indirect(s, "ROLE_CHAIN_VIA", env.Via, "has no place in the one hop from the token to the client role that ROLE_CHAIN_DIRECT=true makes") {
	} else if via := v.get("ROLE_CHAIN_VIA", env.Via, anything); via != "" {
		for _, role := range v.roles("ROLE_CHAIN_VIA", via) {
			if found, ok := v.find("ROLE_CHAIN_VIA", role); ok {
				s.Via = append(s.Via, Hop{found.Role, found.Options})
			}
		}
	}
	if profiles := v.get("ROLE_CHAIN_PROFILES", env.Profiles, anything); profiles != "" {
		s.Profiles = v.namedRoles(profiles, *s)
	}
	s.SessionName = SessionName(v.get("ROLE_CHAIN_SESSION_NAME", env.SessionName, sessionName))
	if !v.indirect(s, "ROLE_CHAIN_EXTERNAL_ID", env.ExternalID, notWithToken) {
		s.Options.ExternalID = v.get("ROLE_CHAIN_EXTERNAL_ID", env.ExternalID, externalID)
	}
	if d := v.get("ROLE_CHAIN_DURATION", env.Duration, duration(s.Direct)); d != "" {
		s.Duration, _ = time.ParseDuration(d)
	}
}

func (v *validator) roles(name, value string) []string {
	items, err := list(value)
	if err != nil {
		v.fail(name, value, err.Error(), "role ARNs, comma separated")
	}
	for i := range items {
		items[i] = v.get(name, &items[i], v.roleOrName)
	}
	return items
}

func (v *validator) namedRoles(value string, s Settings) []NamedRole {
	const name = "ROLE_CHAIN_PROFILES"
	items, err := list(value)
	if err != nil {
		v.fail(name, value, err.Error(), "name=arn, comma separated")
	}
	var named []NamedRole
	taken := map[string]bool{}
	for _, p := range ViaProfiles(s) {
		taken[p] = true
	}
	taken[s.BaseProfile] = true
	for _, item := range items {
		profile, role, found := strings.Cut(item, "=")
		if !found && v.mapped && !isARN(item) {
			role, found = item, true // a name from the map is a profile's name, too
		}
		if !found {
			v.fail(name, item, "is not name=arn", "name=arn, comma separated")
			continue
		}
		v.get(name, &profile, profileName)
		role = v.get(name, &role, v.roleOrName)
		if taken[profile] {
			v.fail(name, profile, "names a profile twice", "every profile of the chain needs a name of its own")
		}
		taken[profile] = true
		if found, ok := v.find(name, role); ok {
			named = append(named, NamedRole{profile, found.Role, found.Options})
		}
	}
	return named
}

// ViaProfiles names the profiles of the roles in between, in the order of Settings.Via.
func ViaProfiles(s Settings) []string {
	list := make([]string, len(s.Via))
	for i := range list {
		list[i] = fmt.Sprintf("%s-via-%d", s.BaseProfile, i+1)
	}
	return list
}

func (v *validator) job(env variables, s *Settings) {
	s.KeepSources = s.Delivery == Profile
	if irsa := v.get("ROLE_CHAIN_IRSA_ENV", env.IRSAEnv, oneOf("keep", "remove")); irsa != "" {
		s.KeepSources = irsa == "keep"
	}
	s.TokenVariables = s.Direct && s.Delivery != Endpoint && (env.IRSAEnv == nil || s.KeepSources)
	s.AllowIMDS = v.boolean("ROLE_CHAIN_ALLOW_IMDS", env.AllowIMDS)
	s.Verify = v.boolean("ROLE_CHAIN_VERIFY", env.Verify)
	if d := v.get("ROLE_CHAIN_START_TIMEOUT", env.StartTimeout, startTimeout); d != "" {
		s.StartTimeout, _ = time.ParseDuration(d)
	}
}

// metrics reads an address for metrics. Nobody would serve them without a refresher.
func (v *validator) metrics(env variables, s *Settings) {
	const name = "ROLE_CHAIN_METRICS"
	if env.Metrics != nil && s.Delivery == Profile {
		v.fail(name, *env.Metrics, "has nobody to serve metrics in profile delivery, which has no refresher", "leave it out, or set ROLE_CHAIN_DELIVERY=endpoint")
		return
	}
	s.Metrics, _ = addressPort(v.get(name, env.Metrics, func(value string) (problem, hint string) {
		if _, ok := addressPort(value); !ok {
			return "is not an address with a port", "for example :9464, on every address of the pod, or 127.0.0.1:9464"
		}
		return "", ""
	}))
}
