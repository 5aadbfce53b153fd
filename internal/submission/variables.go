package submission

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// flags has the flag by which a variable gets its value. The others get theirs by -set.
var flags = map[string]string{
	"CLIENT_ROLE_ARN":       "-client-role",
	"WEB_IDENTITY_ROLE_ARN": "-job-role",
	"AWS_REGION":            "-region",
	"ROLE_CHAIN_DELIVERY":   "-delivery",
	"ROLE_CHAIN_PROFILES":   "-profile",
	"ROLE_CHAIN_DIRECT":     "-direct",
	"ROLE_CHAIN_METRICS":    "-metrics",
}

const irsaEnv = "ROLE_CHAIN_IRSA_ENV"

// readSettings makes the variables of the request and reads them as the entrypoint will, so that nothing is written that the
// entrypoint would refuse.
func (s *Submission) readSettings() error {
	s.add("CLIENT_ROLE_ARN", s.ClientRole)
	if !s.PodIdentity {
		s.add("WEB_IDENTITY_ROLE_ARN", s.JobRole)
	}
	if s.Region != "" {
		// Both: botocore reads the second one only, most other SDKs the first one only.
		s.add("AWS_REGION", s.Region)
		s.add("AWS_DEFAULT_REGION", s.Region)
	}
	s.add("ROLE_CHAIN_DELIVERY", cmp.Or(s.Delivery, string(settings.Profile)))
	if s.Direct {
		s.add("ROLE_CHAIN_DIRECT", "true")
	}
	if s.Metrics != "" {
		s.add("ROLE_CHAIN_METRICS", s.Metrics)
	}
	if len(s.Profiles) > 0 {
		s.add("ROLE_CHAIN_PROFILES", strings.Join(s.Profiles, ","))
	}
	err := s.addSet()
	if !s.Runtime.EMR && !s.has("ROLE_CHAIN_ENTRYPOINT") {
		s.add("ROLE_CHAIN_ENTRYPOINT", "/opt/entrypoint.sh") // of Apache's images; the default is EMR's
	}
	read, _, warnings, readErr := settings.Read(settings.Listed(s.environment()).WithoutMap())
	err = errors.Join(err, s.byFlag(readErr))
	if s.PodIdentity && s.JobRole != "" { // EMR's API asks for it all the same
		_, _, _, jobErr := settings.Read(settings.Listed([]string{"CLIENT_ROLE_ARN=" + s.JobRole, "AWS_ROLE_ARN=" + s.JobRole}))
		if jobErr != nil {
			err = errors.Join(err, fmt.Errorf("-job-role: %w", exit.All(jobErr)[0]))
		}
	}
	s.Settings, s.Notes = read, append(s.Notes, warnings...)
	return err
}

// byFlag puts before each problem of settings.Read the flag of the variable.
func (s *Submission) byFlag(problems error) error {
	if problems == nil {
		return nil
	}
	var named []error
	for _, problem := range exit.All(problems) {
		flag := flagOf(problem)
		if flag == "-client-role" && s.ClientRole == "" || flag == "-job-role" && s.JobRole == "" {
			continue // that it is missing has been said
		}
		named = append(named, fmt.Errorf("%s: %w", flag, problem))
	}
	return errors.Join(named...)
}

// flagOf returns the flag of the variable with which a problem begins.
func flagOf(problem error) string {
	name, _, _ := strings.Cut(problem.Error(), ":")
	name, _, _ = strings.Cut(name, " ")
	return cmp.Or(flags[name], "-set")
}

// addSet adds what -set says, in the order of the names.
func (s *Submission) addSet() error {
	var problems []error
	fail := func(item, problem, hint string) {
		problems = append(problems, exit.Because(exit.BadSetting, fmt.Errorf("-set: %q %s", item, problem), hint))
	}
	set := slices.Clone(s.Set)
	slices.Sort(set)
	for _, item := range set {
		name, value, found := strings.Cut(item, "=")
		switch flag := flags[name]; {
		case !found:
			fail(item, "is not NAME=VALUE", "for example -set ROLE_CHAIN_EXTERNAL_ID=id")
		case flag != "":
			fail(item, "has a flag of its own", "write it with "+flag)
		case !strings.HasPrefix(name, "ROLE_CHAIN_") || !settings.Known(name):
			fail(item, "is not a setting of rolechain's", "docs/reference.md has the list")
		case s.has(name):
			fail(item, "is set twice", "set it once")
		case !carried(value):
			fail(item, notCarried, carryHint)
		default:
			s.add(name, value)
		}
	}
	return errors.Join(problems...)
}

func (s *Submission) add(name, value string) {
	s.Variables = append(s.Variables, Variable{name, value})
}

func (s *Submission) has(name string) bool {
	return slices.ContainsFunc(s.Variables, func(v Variable) bool { return v.Name == name })
}

// environment returns the environment of a pod with these variables, and with what EKS injects for Pod Identity.
func (s *Submission) environment() []string {
	var env []string
	for _, v := range s.Variables {
		env = append(env, v.Name+"="+v.Value)
	}
	if s.PodIdentity {
		env = append(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://169.254.170.23/v1/credentials",
			"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token")
	}
	return env
}
