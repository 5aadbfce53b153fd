package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rolechain/bench/internal/rig"
	"rolechain/internal/ststest"
)

const (
	subject = "system:serviceaccount:emr:spark"
	region  = "us-east-1" // of rig.PodEnv
)

// A cluster is where pods start: the programs, an STS, and the token that it takes.
type cluster struct {
	*rig.Workspace
	sts   *ststest.Server
	token string
}

// newCluster makes the programs. The entrypoint finds rolechain beside itself, as in an image.
func newCluster(w *rig.Workspace) (*cluster, error) {
	c := &cluster{Workspace: w}
	sts, err := ststest.New(ststest.Options{Config: ststest.Config{Region: region, Roles: []ststest.Role{
		{ARN: rig.JobRole, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}}}, MayAssume: []string{rig.ClientRole}},
		{ARN: rig.ClientRole, TrustedBy: []string{rig.JobRole}},
	}}})
	if err != nil {
		return nil, err
	}
	c.sts, c.token = sts, sts.Token(subject)
	return c, errors.Join(
		os.WriteFile(c.file("token"), []byte(c.token), 0o600),
		rig.Build(map[string]string{
			c.file("entrypoint"): "rolechain/cmd/entrypoint",
			c.file("rolechain"):  "rolechain/cmd/rolechain",
			c.file("session"):    "rolechain/bench/refresher/session",
			c.file("bare"):       "rolechain/bench/refresher/bare",
		}),
		c.sts.Listen("127.0.0.1:0"),
	)
}

func (c *cluster) file(name string) string { return filepath.Join(c.Dir, name) }

// env is a pod's environment: what the AWS guide sets, and IRSA's webhook.
func (c *cluster) env(delivery, home, original string) []string {
	return rig.PodEnv(home, original,
		"TMPDIR="+home,
		"AWS_DEFAULT_REGION="+region, // the only name that botocore reads
		"AWS_ENDPOINT_URL_STS="+c.sts.URL,
		"CLIENT_ROLE_ARN="+rig.ClientRole,
		"AWS_ROLE_ARN="+rig.JobRole,
		"AWS_WEB_IDENTITY_TOKEN_FILE="+c.file("token"),
		// So that the SDKs of a job in profile delivery find the chain, and not the first hop's variables alone.
		"ROLE_CHAIN_IRSA_ENV=remove",
		"ROLE_CHAIN_DELIVERY="+delivery)
}

// calls is how often STS was called so far. Each call must have been a success: anything else is no figure.
func (c *cluster) calls() (int, error) {
	journal := c.sts.Journal()
	for _, e := range journal {
		if e.Outcome != ststest.Success {
			return 0, fmt.Errorf("%s: %s: %s", e.Action, e.Outcome, e.Message)
		}
	}
	return len(journal), nil
}
