package policies_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rolechain/internal/chain"
	"rolechain/internal/jwt"
	"rolechain/internal/policies"
	"rolechain/internal/refresher"
	"rolechain/internal/settings"
	"rolechain/internal/ststest"
)

const (
	job    = "arn:aws:iam::111122223333:role/emr/job"
	hub    = "arn:aws:iam::222233334444:role/hub"
	middle = "arn:aws:iam::333344445555:role/middle"
	client = "arn:aws:iam::444455556666:role/client"
	other  = "arn:aws:iam::555566667777:role/other"

	issuer  = ststest.DefaultIssuer
	subject = "system:serviceaccount:team-a:spark"
	emrs    = "system:serviceaccount:team-a:emr-containers-sa-spark-driver-111122223333-3h2kd8s7r9t0"
)

// A pod has an environment and a token, whose chain an STS with the printed policies alone lets through.
type pod struct {
	*testing.T
	env     []string
	subject string
	agent   bool // EKS Pod Identity
	grant   *settings.Grant
}

// settings reads the pod's, with its token in a file of the test's.
func (p pod) settings(token string) settings.Settings {
	p.Helper()
	file := filepath.Join(p.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		p.Fatal(err)
	}
	// Of a name that is there twice the first counts.
	env := append(append([]string{}, p.env...), "ROLE_CHAIN_DELIVERY=endpoint", "AWS_REGION=eu-west-1", "HOSTNAME=spark-7-driver", "SPARK_CONTAINER_ID=spark-7-driver", "CLIENT_ROLE_ARN="+client, "HOME="+p.TempDir())
	if p.agent {
		env = append(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.0.0.1:1/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="+file)
	} else {
		env = append(env, "AWS_ROLE_ARN="+job, "AWS_WEB_IDENTITY_TOKEN_FILE="+file)
	}
	read := settings.Listed(env)
	if p.grant != nil {
		read = settings.Listed(append(env, "ROLE_CHAIN_ROLE_MAP=/map")).With(*p.grant)
	}
	s, _, _, err := settings.Read(read)
	if err != nil {
		p.Fatal(err)
	}
	return s
}

// documents are the policies of the pod, as they are printed.
func (p pod) documents() []policies.Document {
	p.Helper()
	s := p.settings("e30.e30.e30")
	if p.agent {
		s.BaseRole = job
	}
	list, err := policies.Make(s, jwt.Claims{Issuer: issuer, Subject: p.subject, Audience: jwt.Audience{"sts.amazonaws.com"}})
	if err != nil {
		p.Fatal(err)
	}
	return list
}

// roles are those of an STS that has the documents' policies and no others.
func (p pod) roles(list []policies.Document) []ststest.Role {
	p.Helper()
	by := map[string]*ststest.Role{}
	var order []string
	for _, d := range list {
		if d.Kind == policies.Submitters {
			continue
		}
		if by[d.Role] == nil {
			none := ststest.Policy{Version: "2012-10-17"}
			by[d.Role] = &ststest.Role{ARN: d.Role, TrustPolicy: &none, Permissions: &none}
			order = append(order, d.Role)
		}
		data, err := json.Marshal(d.Policy)
		policy := new(ststest.Policy)
		if err == nil {
			err = json.Unmarshal(data, policy)
		}
		if err != nil {
			p.Fatalf("%v\n%s", err, data)
		}
		if d.Kind == policies.Trust {
			by[d.Role].TrustPolicy = policy
		} else {
			by[d.Role].Permissions = policy
		}
	}
	var roles []ststest.Role
	for _, arn := range order {
		roles = append(roles, *by[arn])
	}
	return roles
}

// try goes through the chain, to every role at its end, and returns the first refusal.
func (p pod) try(list []policies.Document) (err error) {
	p.Helper()
	server, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: p.roles(list)}})
	if err != nil {
		p.Fatal(err)
	}
	s := p.settings(server.Token(p.subject))
	var transport http.RoundTripper = server.Transport()
	if p.agent {
		defer func() {
			if denied := recover(); denied != nil {
				err = fmt.Errorf("%v", denied)
			}
		}()
		words := strings.Split(p.subject, ":")
		c := server.PodIdentity(job, "eks", map[string]string{"kubernetes-namespace": words[2], "kubernetes-service-account": words[3]})
		agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_ = json.NewEncoder(w).Encode(map[string]any{"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken, "AccountId": "1", "Expiration": c.Expires})
		}))
		defer agent.Close()
		s.Locations.ContainerURI = agent.URL + "/v1/credentials"
		transport = both{server.Transport(), http.DefaultTransport}
	}
	spec, _, err := refresher.Spec(context.Background(), s)
	if err != nil {
		p.Fatal(err)
	}
	c := chain.New(spec, transport)
	if _, err := c.Client(p.Context()); err != nil {
		return err
	}
	if _, err := c.Base(p.Context()); err != nil {
		return err
	}
	for name := range spec.Profiles {
		if _, err := c.As(p.Context(), name); err != nil {
			return err
		}
	}
	return nil
}

// both has STS's transport, and the loopback interface for the agent.
type both struct{ sts, agent http.RoundTripper }

func (b both) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Hostname() == "127.0.0.1" {
		return b.agent.RoundTrip(r)
	}
	return b.sts.RoundTrip(r)
}

func granted() *settings.Grant {
	return &settings.Grant{Map: "/map", Subject: subject, Roles: []settings.Granted{
		{Name: "hub", Role: hub, Options: settings.Options{ExternalID: "hub-id", Tags: map[string]string{"team": "a"}, TransitiveTags: []string{"team"}}},
		{Name: "middle", Role: middle, Options: settings.Options{SourceIdentity: "{namespace}.{service_account}", Tags: map[string]string{"way": "{pod}"}}},
		{Name: "client", Role: client, Options: settings.Options{ExternalID: "client-id", Tags: map[string]string{"job": "{job}"}}},
		{Name: "again", Role: client, Options: settings.Options{ExternalID: "again-id"}},
		{Name: "other", Role: other, Options: settings.Options{Policy: `{"Version":"2012-10-17","Statement":[]}`}},
	}}
}

var pods = map[string]pod{
	"plain":                     {},
	"profiles":                  {env: []string{"ROLE_CHAIN_PROFILES=x=" + other}},
	"all options":               {env: []string{"ROLE_CHAIN_EXTERNAL_ID=id-1", "ROLE_CHAIN_SOURCE_IDENTITY={namespace}.{pod}", "ROLE_CHAIN_SESSION_TAGS=team=a,job={job},who={service_account}", "ROLE_CHAIN_TRANSITIVE_TAGS=team", "ROLE_CHAIN_PROFILES=x=" + other}},
	"four hops":                 {env: []string{"ROLE_CHAIN_VIA=" + hub + "," + middle}},
	"a role map":                {env: []string{"CLIENT_ROLE_ARN=client", "ROLE_CHAIN_VIA=hub,middle", "ROLE_CHAIN_PROFILES=again,other"}, grant: granted()},
	"EMR's names":               {subject: emrs, env: []string{"ROLE_CHAIN_SOURCE_IDENTITY={service_account}", "ROLE_CHAIN_SESSION_TAGS=who={service_account}"}},
	"direct":                    {env: []string{"ROLE_CHAIN_DIRECT=true", "ROLE_CHAIN_PROFILES=x=" + other}},
	"Pod Identity":              {agent: true},
	"Pod Identity, all options": {agent: true, env: []string{"ROLE_CHAIN_VIA=" + hub + "," + middle, "ROLE_CHAIN_EXTERNAL_ID=id-1", "ROLE_CHAIN_SOURCE_IDENTITY=alice", "ROLE_CHAIN_SESSION_TAGS=job={job}", "ROLE_CHAIN_PROFILES=x=" + other}},
}

// A chain that has the printed policies and no others works, and without any of their statements, or with another value in any of
// their conditions, it does not.
func TestEnough(t *testing.T) {
	for name, p := range pods {
		t.Run(name, func(t *testing.T) {
			p.T = t
			if p.subject == "" {
				p.subject = subject
			}
			list := p.documents()
			if err := p.try(list); err != nil {
				data, _ := json.MarshalIndent(list, "", "  ")
				t.Fatalf("%v\n%s", err, data)
			}
			tried := 0
			for i, d := range list {
				if d.Kind == policies.Submitters {
					continue
				}
				for j, statement := range d.Policy.Statement {
					without := append(append([]policies.Statement{}, d.Policy.Statement[:j]...), d.Policy.Statement[j+1:]...)
					p.refused(list, i, without, "without "+statement.Sid)
					tried++
					for operator, conditions := range statement.Condition {
						for key := range conditions {
							changed := append([]policies.Statement{}, d.Policy.Statement...)
							changed[j].Condition = replaced(statement.Condition, operator, key)
							p.refused(list, i, changed, "with another "+key)
						}
					}
				}
			}
			if tried < 3 {
				t.Errorf("%d statements", tried)
			}
		})
	}
}

// refused wants the chain not to work with other statements in a document.
func (p pod) refused(list []policies.Document, i int, statements []policies.Statement, what string) {
	p.Helper()
	changed := append([]policies.Document{}, list...)
	changed[i].Policy.Statement = statements
	if err := p.try(changed); err == nil {
		p.Errorf("%s of %s works %s", list[i].Kind, list[i].Role, what)
	}
}

func replaced(c policies.Condition, operator, key string) policies.Condition {
	all := policies.Condition{}
	for o, conditions := range c {
		all[o] = map[string]policies.Words{}
		for k, v := range conditions {
			all[o][k] = v
		}
	}
	all[operator][key] = policies.Words{"another"}
	return all
}

// Who is another service account, or comes from another issuer, is kept out by the first trust policy.
func TestNobodyElse(t *testing.T) {
	p := pod{T: t, subject: subject}
	list := p.documents()
	for _, who := range []string{"system:serviceaccount:team-b:spark", "system:serviceaccount:team-a:spark2", "system:serviceaccount:team-a:emr"} {
		p.subject = who
		if err := p.try(list); err == nil {
			t.Errorf("%s gets in", who)
		}
	}
	p.subject = emrs
	list = p.documents()
	for who, in := range map[string]bool{
		"system:serviceaccount:team-a:emr-containers-sa-spark-executor-111122223333-3h2kd8s7r9t0": true,
		"system:serviceaccount:team-a:emr-containers-sa-spark-executor-111122223333-another00000": false,
		"system:serviceaccount:team-b:emr-containers-sa-spark-driver-111122223333-3h2kd8s7r9t0":   false,
	} {
		p.subject = who
		if err := p.try(list); (err == nil) != in {
			t.Errorf("%s: %v", who, err)
		}
	}
}

// Each option has its condition, so that nobody else's value gets in.
func TestConditions(t *testing.T) {
	for name, want := range map[string]string{
		"all options":  `"sts:ExternalId":"id-1" "sts:SourceIdentity":"team-a.*" "aws:RequestTag/team":"a" "aws:RequestTag/job":"*" "aws:RequestTag/who":"spark" "aws:TagKeys":["job","team","who"]`,
		"a role map":   `"sts:ExternalId":"hub-id" "sts:ExternalId":"client-id" "sts:ExternalId":"again-id" "sts:SourceIdentity":"team-a.spark" "aws:RequestTag/way":"*"`,
		"EMR's names":  `:sub":"system:serviceaccount:team-a:emr-containers-sa-*-*-111122223333-3h2kd8s7r9t0" "sts:SourceIdentity":"emr-containers-sa-*" "aws:RequestTag/who":"emr-containers-sa-*"`,
		"Pod Identity": `"aws:RequestTag/kubernetes-namespace":"team-a" "aws:RequestTag/kubernetes-service-account":"spark" "aws:PrincipalTag/kubernetes-namespace":"team-a" "aws:PrincipalTag/kubernetes-service-account":"spark"`,
	} {
		p := pods[name]
		if p.T = t; p.subject == "" {
			p.subject = subject
		}
		data, err := json.Marshal(p.documents())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(want, " ") {
			if !strings.Contains(string(data), part) {
				t.Errorf("%s: no %s in\n%s", name, part, data)
			}
		}
	}
}

func TestSubmitters(t *testing.T) {
	p := pod{T: t, subject: subject}
	list := p.documents()
	data, err := json.Marshal(list[len(list)-1])
	want := `{"role":"` + job + `","kind":"submitters","policy":{"Version":"2012-10-17","Statement":[{"Sid":"SubmitAsThisRole","Effect":"Allow","Action":"emr-containers:StartJobRun","Resource":"arn:aws:emr-containers:eu-west-1:111122223333:/virtualclusters/*","Condition":{"StringEquals":{"emr-containers:ExecutionRoleArn":"` + job + `"}}}]}}`
	if err != nil || string(data) != want {
		t.Errorf("%v\n%s\n%s", err, data, want)
	}
}

// A token that does not say what a policy needs is an error.
func TestTokens(t *testing.T) {
	p := pod{T: t, subject: subject}
	s := p.settings("e30.e30.e30")
	for _, claims := range []jwt.Claims{
		{},
		{Issuer: issuer, Subject: "alice", Audience: jwt.Audience{"x"}},
		{Issuer: "http://x", Subject: subject, Audience: jwt.Audience{"x"}},
		{Issuer: issuer, Subject: subject},
	} {
		if list, err := policies.Make(s, claims); err == nil {
			t.Errorf("%+v: %+v", claims, list)
		}
	}
}
