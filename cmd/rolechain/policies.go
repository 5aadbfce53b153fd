package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/jwt"
	"rolechain/internal/policies"
	"rolechain/internal/report"
	"rolechain/internal/settings"
)

// writePolicies prints the IAM policies that the chain of this environment needs, each below a line that says where it belongs:
//
//	# trust policy of arn:aws:iam::111111111111:role/job
//	{
//	  "Version": "2012-10-17",
//	…
//
// or, with -json, all of them as an array. It asks nobody but the pod's token.
func writePolicies(args []string, env settings.Environment, stdout, stderr io.Writer) error {
	flags := newFlags("policies")
	asJSON := flags.Bool("json", false, "print an array of objects, each with the role, the kind and the policy")
	jobRole := flags.String("job-role", "", "`ARN` of the job execution role: with EKS Pod Identity a pod does not know it")
	if err := parseAlone(flags, args); err != nil {
		return err
	}
	s, speak, warnings, err := read(env)
	log := report.New(stderr, speak.Level, speak.Format)
	for _, w := range warnings {
		report.Warning(log, w.Text, w.Hint)
	}
	if err == nil && s.ClientRole == "" {
		err = exit.Because(exit.BadSetting, errors.New("CLIENT_ROLE_ARN is not set: there is no role chain to write policies for"), roleHint)
	}
	if problem, hint := settings.CheckOption("arn", *jobRole); *jobRole != "" && problem != "" {
		err = errors.Join(err, exit.Because(exit.Usage, fmt.Errorf("policies: -job-role: %q %s", *jobRole, problem), hint))
	}
	if err != nil {
		return err
	}
	if s.FirstHop == settings.PodIdentity {
		s.BaseRole = *jobRole
	}
	if s.BaseRole == "" {
		return exit.Because(exit.Usage, errors.New("policies: with EKS Pod Identity a pod does not know the ARN of its job execution role"), "name it with -job-role ARN, as `aws eks describe-pod-identity-association` shows it")
	}
	token, err := firstToken(s)
	if err != nil {
		return err
	}
	claims, err := jwt.Read(strings.TrimSpace(string(token)))
	var list []policies.Document
	if err == nil {
		list, err = policies.Make(s, claims)
	}
	if err != nil {
		return exit.Because(exit.NoToken, fmt.Errorf("the policies go by the pod's token: %w", err), "the token must be the projected service account token, as the kubelet mounts it")
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if *asJSON {
		err = encoder.Encode(list)
	} else {
		for _, d := range list {
			fmt.Fprintf(&b, "# %s\n", where(d))
			err = errors.Join(err, encoder.Encode(d.Policy))
		}
	}
	if err == nil {
		_, err = stdout.Write(b.Bytes())
	}
	return err
}

// where says where a policy belongs.
func where(d policies.Document) string {
	switch d.Kind {
	case policies.Trust:
		return "trust policy of " + d.Role
	case policies.Permissions:
		return "permissions of " + d.Role + ", beside those for its own data"
	}
	return "permissions of those who submit jobs as " + d.Role
}
