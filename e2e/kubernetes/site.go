package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rolechain/e2e/jobs"
	"rolechain/e2e/kubernetes/cluster"
	"rolechain/e2e/kubernetes/eks"
	"rolechain/internal/podtest"
	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

// A site is what all cases share: the cluster, and AWS's names, which lead a pod to what its case has.
type site struct {
	Order
	*cluster.Cluster
	jwks json.RawMessage

	mu     sync.Mutex
	trials map[string]*trial // those that run, by their namespaces

	policy sync.Mutex
}

// of is the trial that has a namespace, nil for none.
func (s *site) of(namespace string) *trial {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trials[namespace]
}

// stsOf is the STS of the trial that has a namespace, nil for none.
func (s *site) stsOf(namespace string) *ststest.Server {
	if t := s.of(namespace); t != nil {
		return t.STS
	}
	return nil
}

// A trial is a case that runs: a namespace, an STS, buckets and a queue of its own.
type trial struct {
	*site
	jobs.World
	name      string   // also the namespace's
	also      []string // further namespaces of it
	injected  bool     // a policy puts rolechain into its pods
	surprises []string
}

func (t *trial) surprise(format string, args ...any) {
	t.surprises = append(t.surprises, fmt.Sprintf(format, args...))
}

// account is the service account of the jobs' pods.
const account = "spark"

// names are AWS's that lead to the node.
func names() []string { return append(append(jobs.S3Names(), jobs.STSNames...), jobs.SQSNames...) }

// begin brings the cluster up, with EKS and AWS in it.
func begin(ctx context.Context, o Order) (*site, error) {
	s := &site{Order: o, trials: map[string]*trial{}, Cluster: &cluster.Cluster{Dir: filepath.Join(o.Work, "cluster"), Bin: o.Programs, Cgroup: cluster.Enclosed(), Names: names()}}
	if err := s.Start(ctx); err != nil {
		return s, err
	}
	if err := s.Import(ctx, filepath.Join(o.Build, "image", "oci")); err != nil {
		return s, err
	}
	if err := s.Client.Get(ctx, "/openid/v1/jwks", (*[]byte)(&s.jwks)); err != nil {
		return s, err
	}
	certificate, err := podtest.Certificate(o.Authority)
	if err != nil {
		return s, err
	}
	aws, err := tls.Listen("tcp4", cluster.NodeAddress+":443", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		return s, err
	}
	s.ServeByPod(aws, s.serveAWS)
	// That no pod is the node's role says something only where it could have been.
	if _, err := podtest.Listen(podtest.NodeAddress, podtest.NodeRole(jobs.Region, time.Now), nil); err != nil {
		return s, err
	}
	e := &eks.EKS{Cluster: s.Cluster, Region: jobs.Region, Associated: associated}
	return s, errors.Join(e.Start(ctx), e.StartAgent(s.stsOf))
}

// serveAWS is whatever AWS's names lead to.
func (s *site) serveAWS(who cluster.Pod, w http.ResponseWriter, r *http.Request) {
	t := s.of(who.Namespace)
	switch {
	case t == nil:
		http.Error(w, "no case has the namespace "+who.Namespace, http.StatusServiceUnavailable)
	case strings.HasPrefix(r.Host, "sts."):
		t.STS.ServeHTTP(w, r)
	default:
		t.Gate.ServeHTTP(w, r)
	}
}

// life is a session's, in seconds. STS gives no such short ones.
const life = 20

// open makes a trial: its world, and the namespace with the service account. No other trial that runs has the number.
func (s *site) open(ctx context.Context, c Case, number int) (*trial, error) {
	t := &trial{site: s, name: c.Name, injected: c.injected, World: jobs.World{Root: s.Root, Build: s.Sparks, Work: filepath.Join(s.Work, c.Name),
		Spark: sparkVersion, Delivery: jobs.Endpoint, Number: number, Plan: c.plan}}
	if err := os.MkdirAll(t.World.Work, 0o755); err != nil {
		return nil, err
	}
	sts := ststest.Config{Issuer: cluster.Issuer, JWKS: s.jwks, Roles: []ststest.Role{{
		ARN: jobs.BaseARN,
		WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{
			"sub": {"system:serviceaccount:" + t.name + ":" + account}, "aud": {"sts.amazonaws.com"},
		}},
		MayAssume: []string{jobs.ClientARN, jobs.SecondARN}, MayAlso: []string{"sts:TagSession"}, LifetimeSeconds: life,
	}, {
		ARN: jobs.ClientARN, TrustedBy: []string{jobs.BaseARN}, TrustAlso: []string{"sts:TagSession"}, LifetimeSeconds: life,
	}, {
		ARN: jobs.SecondARN, TrustedBy: []string{jobs.BaseARN}, TrustAlso: []string{"sts:TagSession"}, LifetimeSeconds: life,
	}}}
	if c.aws != nil {
		c.aws(&sts)
	}
	var err error
	if t.STS, err = ststest.New(ststest.Options{Config: sts}); err != nil {
		return nil, err
	}
	if err := t.Begin(ctx, append(c.grants, s3test.Grant{Role: jobs.BaseARN, Bucket: jobs.LogBucket, Actions: []string{"s3:PutObject"}})...); err != nil {
		return nil, err
	}
	if c.ends > 0 {
		t.Hold.Times = c.ends
	}
	if err := t.makeNamespace(ctx, t.name, c.annotations); err != nil || !c.injected {
		return t, err
	}
	return t, t.inject(ctx)
}

type object = map[string]any

// makeNamespace makes a namespace in which the service account may do what a driver does, as the job execution role by IRSA
// unless annotations say otherwise.
func (t *trial) makeNamespace(ctx context.Context, name string, annotations map[string]string) error {
	if annotations == nil {
		annotations = map[string]string{"eks.amazonaws.com/role-arn": jobs.BaseARN}
	}
	t.mu.Lock()
	t.trials[name] = t
	t.mu.Unlock()
	in := "/api/v1/namespaces/" + name
	for _, made := range []struct {
		path   string
		object object
	}{
		{"/api/v1/namespaces", object{"metadata": object{"name": name}}},
		{in + "/serviceaccounts", object{"metadata": object{"name": account, "annotations": annotations}}},
		{"/apis/rbac.authorization.k8s.io/v1/namespaces/" + name + "/rolebindings", object{
			"metadata": object{"name": account},
			"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
			"subjects": []object{{"kind": "ServiceAccount", "name": account, "namespace": name}},
		}},
	} {
		if err := t.Client.Do(ctx, http.MethodPost, made.path, made.object, nil); err != nil {
			return err
		}
	}
	return nil
}

// close ends what runs of a trial, and wants nothing of it to be left.
func (t *trial) close(ctx context.Context) error {
	defer t.Moto.End()
	if err := t.keepLogs(); err != nil {
		return err
	}
	for _, name := range append(t.also, t.name) {
		if err := t.Client.Do(ctx, http.MethodDelete, "/api/v1/namespaces/"+name, nil, nil); err != nil {
			return err
		}
	}
	err := jobs.Await(ctx, "the end of the pods", func() error {
		list, err := t.pods(ctx, "")
		if err == nil && len(list) > 0 {
			err = fmt.Errorf("%d are left", len(list))
		}
		return err
	})
	if left := t.leftovers(ctx); len(left) > 0 {
		t.surprise("still running after the pods: %s", strings.Join(left, ", "))
	}
	t.mu.Lock()
	maps.DeleteFunc(t.trials, func(_ string, of *trial) bool { return of == t })
	t.mu.Unlock()
	return errors.Join(err, t.WriteJournal(), t.searchSecrets())
}
