package settings

import (
	"errors"
	"strings"

	"rolechain/internal/exit"
)

// besideSidecar reads the settings of a container whose sessions a sidecar keeps. Which roles these are for is the sidecar's
// to say, and how they are delivered is no question. A container that has credentials of its own would make the sidecar
// pointless.
func (v *validator) besideSidecar(env variables, s *Settings) {
	s.Locations.Sidecar = v.get("ROLE_CHAIN_SIDECAR", env.Sidecar, filePath)
	s.Locations.Files = v.get("ROLE_CHAIN_FILES", env.Files, filePath)
	s.Delivery = Endpoint
	if d := v.get("ROLE_CHAIN_DELIVERY", env.Delivery, oneOf(string(Profile), string(File), string(Endpoint))); d == string(File) {
		v.fail("ROLE_CHAIN_DELIVERY", d, "is not what a sidecar can do", "leave it out: with ROLE_CHAIN_SIDECAR it is endpoint")
	}
	s.Locations.ConfigFile = v.location("AWS_CONFIG_FILE", env.ConfigFile)
	s.Locations.CredentialsFile = v.location("AWS_SHARED_CREDENTIALS_FILE", env.SharedCredentialsFile)
	s.TokenFile = ambient(env.TokenFile)
	if ambient(env.AWSRoleARN) != "" || own(ambient(env.ContainerTokenFile), s.Locations.Sidecar) {
		v.problems = append(v.problems, SidecarInVain("EKS's variables are in its environment"))
	}
	v.region(env, s)
	v.job(env, s)
	if s.KeepSources {
		v.fail("ROLE_CHAIN_IRSA_ENV", "keep", "leaves the job other credentials than the sidecar's", "leave it out")
	}
	for name, value := range map[string]*string{"CLIENT_ROLE_ARN": env.ClientRoleARN, "ROLE_2_ARN": env.Role2ARN, "WEB_IDENTITY_ROLE_ARN": env.WebIdentityRoleARN, "ROLE_1_ARN": env.Role1ARN,
		"ROLE_CHAIN_PROFILES": env.Profiles, "ROLE_CHAIN_VIA": env.Via, "ROLE_CHAIN_ROLE_MAP": env.RoleMap} {
		if value != nil {
			v.warn(name+" has no effect here: ROLE_CHAIN_SIDECAR says that a sidecar has the roles", "set it in the sidecar alone")
		}
	}
}

// own reports whether a token for the container credentials protocol is another than that of the sidecar with the directory
// dir: the pod's own, of Pod Identity's agent.
func own(tokenFile, dir string) bool {
	return tokenFile != "" && !strings.HasPrefix(tokenFile, strings.TrimSuffix(dir, "/")+"/")
}

// SidecarInVain is the error of a container beside a sidecar that could do the chain itself.
func SidecarInVain(why string) error {
	return exit.Because(exit.BadSetting, errors.New("ROLE_CHAIN_SIDECAR is set, but this container can become the job execution role by itself: "+why),
		"name it in the pod's annotation eks.amazonaws.com/skip-containers; or leave ROLE_CHAIN_SIDECAR out, and the job keeps the token")
}
