// Package cluster runs a real Kubernetes of one node: etcd, API server, controller manager, scheduler, containerd and
// kubelet, in namespaces of their own. The network has no route out: node, services and pods have addresses that exist in
// it alone. All processes and mounts end with the first process of the namespaces, and so do the control groups and the
// cluster's data, because another process waits for that outside (see Enclose).
//
// The kubelet would change settings of the kernel; it gets to see files in their place. So nothing outside is changed.
//
// It takes root, of Debian's packages containerd, runc, containernetworking-plugins and iproute2, and the programs that
// the module in ../tools builds.
package cluster

import (
	"context"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
)

// Addresses. NodeAddress is where pods reach what runs on the node.
const (
	NodeAddress    = "10.200.0.1"
	serviceAddress = "10.96.0.1" // of the service kubernetes, the first of its range
	dnsAddress     = "10.96.0.10"
	services       = "10.96.0.0/16"
	pods           = "10.201.0.0/24"

	// Server is the API server's URL.
	Server = "https://" + serviceAddress

	// NodeName is the only node's.
	NodeName = "node"
)

// addresses are those of the loopback interface: the last three are EKS Pod Identity's agent, the one of ECS, and the metadata
// service.
var addresses = []string{NodeAddress, serviceAddress, dnsAddress, "169.254.170.23", "169.254.170.2", "169.254.169.254"}

// Issuer is that of the service accounts' tokens. It has the form of an EKS cluster's.
const Issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

// A Cluster is one that runs, in the namespaces of this process.
type Cluster struct {
	Dir    string   // its data: certificates, logs, containerd's and the kubelet's
	Bin    string   // has the programs
	Cgroup string   // parent of the pods' control groups; see Enclose
	Names  []string // further names that lead to the node, in lower case

	Client *Client

	pki     *authority
	mu      sync.Mutex
	daemons []*daemon
}

// Start starts all of it and returns when the node is ready.
func (c *Cluster) Start(ctx context.Context) (err error) {
	for _, dir := range []string{"pki", "logs", "containerd", "kubelet", "cni", "pods"} {
		if err := os.MkdirAll(filepath.Join(c.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	if err := furnish(c.Dir); err != nil {
		return err
	}
	if err := c.certify(); err != nil {
		return err
	}
	if c.Client, err = newClient(c.pki); err != nil {
		return err
	}
	// Engine and control plane need nothing of each other.
	var wait sync.WaitGroup
	var engine error
	wait.Go(func() { engine = c.startContainerd(ctx) })
	err = c.startControlPlane(ctx)
	wait.Wait()
	if err := errors.Join(err, engine, c.serveDNS()); err != nil {
		return err
	}
	return c.startKubelet(ctx)
}

// Stop ends the daemons, the last one first. What runs in pods ends with the namespaces.
func (c *Cluster) Stop() {
	for _, d := range slices.Backward(c.started()) {
		d.stop()
	}
}

// Kubeconfig is the administrator's file.
func (c *Cluster) Kubeconfig() string { return filepath.Join(c.Dir, "pki", "admin.conf") }

// Kubectl is a call of kubectl.
func (c *Cluster) Kubectl(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, filepath.Join(c.Bin, "kubectl"), append([]string{"--kubeconfig", c.Kubeconfig()}, args...)...)
}

func (c *Cluster) certify() (err error) {
	if c.pki, err = newAuthority(filepath.Join(c.Dir, "pki")); err != nil {
		return err
	}
	masters := []string{"system:masters"}
	return errors.Join(
		c.pki.tokenKey(),
		c.pki.issue("server", pkix.Name{CommonName: "kube-apiserver"}, serviceAddress, "kubernetes.default.svc", "kubernetes.default.svc."+domain, "kubernetes"),
		c.pki.issue("node-server", pkix.Name{CommonName: NodeName}, NodeAddress, NodeName),
		c.pki.issue("server-client", pkix.Name{CommonName: "kube-apiserver", Organization: masters}),
		c.pki.kubeconfig("admin", pkix.Name{CommonName: "admin", Organization: masters}),
		c.pki.kubeconfig("controller-manager", pkix.Name{CommonName: "system:kube-controller-manager"}),
		c.pki.kubeconfig("scheduler", pkix.Name{CommonName: "system:kube-scheduler"}),
		c.pki.kubeconfig("kubelet", pkix.Name{CommonName: "system:node:" + NodeName, Organization: []string{"system:nodes"}}),
	)
}

// Certificate issues a certificate of the cluster's authority for a server on the node, NAME.crt and NAME.key in the
// directory that is returned, with the authority's own in ca.crt.
func (c *Cluster) Certificate(name string) (dir string, err error) {
	return c.pki.dir, c.pki.issue(name, pkix.Name{CommonName: name}, NodeAddress)
}

func (c *Cluster) program(name string) string { return filepath.Join(c.Bin, name) }

// Failed says which daemon has ended, and how; nil while all run.
func (c *Cluster) Failed() error {
	for _, d := range c.started() {
		select {
		case <-d.ended:
			return fmt.Errorf("%s has ended: %w; %s", d.name, d.err, tail(d.log))
		default:
		}
	}
	return nil
}
