// Services runs what a pod of EMR on EKS finds around it, for the tests of whole images: STS, S3, EKS Pod Identity's agent,
// and the node's metadata service with a role.
//
//	services DIRECTORY
//
// STS and S3 have AWS's names for eu-west-1, at 127.0.0.1:443, and STS's controls are at http://127.0.0.1:8080. The agent is
// at 169.254.170.23, its address on EKS. SDKs that are older than Pod Identity get the same at 169.254.170.2, the address of
// Amazon ECS, without the agent's token. These addresses are added to the loopback interface, which takes CAP_NET_ADMIN.
//
// The directory gets ca.pem, the authority of the certificate; token, a web identity token; and agent-token, the token that
// the agent wants. Then "ready" is printed, and after that each request to S3, as JSON, one a line.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"rolechain/internal/podtest"
	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

const (
	region     = "eu-west-1"
	subject    = "system:serviceaccount:emr:spark"
	jobRole    = "arn:aws:iam::111122223333:role/job"
	clientRole = "arn:aws:iam::444455556666:role/client"
	closedRole = "arn:aws:iam::444455556666:role/closed" // nobody may assume it
	agentToken = "the-token-of-pod-identity"
)

var names = []string{
	"sts.eu-west-1.amazonaws.com", "sts.amazonaws.com", "s3.eu-west-1.amazonaws.com", "logs.s3.eu-west-1.amazonaws.com",
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "services: %v\n", err)
		os.Exit(1)
	}
}

func run(dir string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	tag := []string{"sts:TagSession"} // Pod Identity's sessions have tags
	sts, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{
		{
			ARN:         jobRole,
			WebIdentity: &ststest.WebIdentity{StringEquals: map[string][]string{"sub": {subject}}},
			MayAssume:   []string{clientRole, closedRole}, MayAlso: tag,
		},
		{ARN: clientRole, TrustedBy: []string{jobRole}, TrustAlso: tag},
		{ARN: closedRole},
	}}})
	if err != nil {
		return err
	}
	if err := sts.ListenWithControl("127.0.0.1:8080"); err != nil {
		return err
	}
	defer sts.Close()
	s3, err := newS3(sts)
	if err != nil {
		return err
	}
	if err := podtest.MakeAuthority(dir, names); err != nil {
		return err
	}
	certificate, err := podtest.Certificate(dir)
	if err != nil {
		return err
	}
	aws := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Host, "sts.") {
			sts.ServeHTTP(w, r)
		} else {
			s3.ServeHTTP(w, r)
		}
	})
	if _, err := podtest.Listen("127.0.0.1:443", aws, &tls.Config{Certificates: []tls.Certificate{certificate}}); err != nil {
		return err
	}
	for label, service := range map[string]struct {
		address string
		handler http.Handler
	}{
		"agent": {"169.254.170.23:80", agent{sts, agentToken}},
		"ecs":   {"169.254.170.2:80", agent{sts, ""}},
		"node":  {podtest.NodeAddress, podtest.NodeRole(region, time.Now)},
	} {
		host, _, _ := net.SplitHostPort(service.address)
		if err := podtest.Loopback(label, net.ParseIP(host)); err != nil {
			return err
		}
		if _, err := podtest.Listen(service.address, service.handler, nil); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{"token": sts.Token(subject), "agent-token": agentToken} {
		// As fsGroup makes them readable for the job.
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	fmt.Println("ready")
	<-ctx.Done()
	return nil
}

// An agent hands out sessions of the job's role to whoever comes with the token.
type agent struct {
	sts   *ststest.Server
	token string
}

func (a agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/credentials" || r.Header.Get("Authorization") != a.token {
		http.Error(w, "AccessDeniedException", http.StatusBadRequest)
		return
	}
	c := a.sts.PodIdentity(jobRole, "eks-emr-pod", map[string]string{"eks-cluster-name": "emr", "kubernetes-namespace": "emr"})
	_ = json.NewEncoder(w).Encode(map[string]any{
		"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken,
		"AccountId": "111122223333", "Expiration": c.Expires,
	})
}

// An s3 has one bucket, "logs", into which the job's role may write. It stores nothing: it prints.
type s3 struct {
	gate *s3test.Gate
	mu   sync.Mutex // one request at a time
	body string     // of the request, if the gate has let it through
}

func newS3(sts *ststest.Server) (*s3, error) {
	backend, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &s3{}
	go http.Serve(backend, http.HandlerFunc(s.store))
	s.gate, err = s3test.New(s3test.Options{STS: sts, Region: region, Backend: "http://" + backend.Addr().String(), Grants: []s3test.Grant{
		{Role: jobRole, Bucket: "logs", Actions: []string{"s3:PutObject"}},
	}})
	return s, err
}

func (s *s3) store(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.body = string(body)
	w.Header().Set("ETag", `"0"`)
}

func (s *s3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.body = ""
	s.gate.ServeHTTP(w, r)
	journal := s.gate.Journal()
	e := journal[len(journal)-1]
	_ = json.NewEncoder(os.Stdout).Encode(map[string]string{"role": e.Role, "action": e.Action, "key": e.Key, "refused": e.Refused, "body": s.body})
}
