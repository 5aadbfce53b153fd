package main

import (
	"fmt"
	"os"
	"path/filepath"

	"rolechain/bench/internal/rig"
	"rolechain/internal/ststest"
)

const (
	clientRole = "arn:aws:iam::111122223333:role/client"
	jobRole    = "arn:aws:iam::444455556666:role/job-execution"
	subject    = "system:serviceaccount:emr:spark"
	region     = "eu-west-1"
)

// A cluster is where pods start: the programs, an STS, and the token that it takes.
type cluster struct {
	*rig.Spawner
	sts                   *ststest.Server
	entrypoint, job, bare string // files
	token, tokenFile      string
}

// newCluster makes the programs in dir. The entrypoint finds rolechain beside itself, as in an image.
func newCluster(dir string) (*cluster, error) {
	in := func(name string) string { return filepath.Join(dir, name) }
	c := &cluster{entrypoint: in("entrypoint"), job: in("job"), bare: in("bare"), tokenFile: in("service-account-token")}
	err := rig.Build(map[string]string{
		c.entrypoint:    "rolechain/cmd/entrypoint",
		in("rolechain"): "rolechain/cmd/rolechain",
		c.job:           "rolechain/bench/refresher/job",
		c.bare:          "rolechain/bench/refresher/bare",
	})
	if err == nil {
		c.Spawner, err = rig.NewSpawner(dir)
	}
	if err != nil {
		return nil, err
	}
	c.sts, err = ststest.New(ststest.Options{Config: ststest.Config{Region: region, Roles: []ststest.Role{
		{ARN: jobRole, WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}}}, MayAssume: []string{clientRole}},
		{ARN: clientRole, TrustedBy: []string{jobRole}},
	}}})
	if err != nil {
		return nil, err
	}
	if err := c.sts.Listen("127.0.0.1:0"); err != nil {
		return nil, err
	}
	c.token = c.sts.Token(subject)
	if err := os.WriteFile(c.tokenFile, []byte(c.token), 0o600); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (c *cluster) close() {
	c.sts.Close()
	c.Close()
}

// env is a pod's environment: what the AWS guide sets, and IRSA's webhook.
func (c *cluster) env(delivery, home, original string) []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + home,
		"TMPDIR=" + home,
		"HOSTNAME=spark-pi-driver",
		"KUBERNETES_SERVICE_HOST=10.100.0.1",
		"KUBERNETES_SERVICE_PORT=443",
		"SPARK_HOME=/usr/lib/spark",
		"AWS_REGION=" + region,
		"AWS_DEFAULT_REGION=" + region, // the only name that botocore reads
		"AWS_ENDPOINT_URL_STS=" + c.sts.URL,
		"CLIENT_ROLE_ARN=" + clientRole,
		"AWS_ROLE_ARN=" + jobRole,
		"AWS_WEB_IDENTITY_TOKEN_FILE=" + c.tokenFile,
		// So that the SDKs of a job in profile delivery find the chain, and not the first hop's variables alone.
		"ROLE_CHAIN_IRSA_ENV=remove",
		"ROLE_CHAIN_DELIVERY=" + delivery,
		"ROLE_CHAIN_ENTRYPOINT=" + original,
	}
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
