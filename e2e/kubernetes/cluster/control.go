package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
)

// startControlPlane starts what Kubernetes is without nodes.
func (c *Cluster) startControlPlane(ctx context.Context) error {
	pki := func(name string) string { return c.pki.file(name) }
	const store = "http://127.0.0.1:2379"
	etcd, err := c.start(c.program("etcd"), "--data-dir", filepath.Join(c.Dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", store, "--advertise-client-urls", store, "--listen-peer-urls", "http://127.0.0.1:2380")
	if err != nil {
		return err
	}
	if err := etcd.await(ctx, func(ctx context.Context) error { return answers(ctx, store+"/health") }); err != nil {
		return err
	}
	// On the service's address alone: the others have 443 free for AWS's names.
	server, err := c.start(c.program("kube-apiserver"), "--etcd-servers", store,
		"--bind-address", serviceAddress, "--secure-port", "443", "--advertise-address", NodeAddress,
		"--service-cluster-ip-range", services, "--authorization-mode", "Node,RBAC", "--enable-admission-plugins", "NodeRestriction",
		"--client-ca-file", pki("ca.crt"), "--tls-cert-file", pki("server.crt"), "--tls-private-key-file", pki("server.key"),
		"--service-account-issuer", Issuer, "--api-audiences", "https://kubernetes.default.svc",
		"--service-account-key-file", pki("tokens.pub"), "--service-account-signing-key-file", pki("tokens.key"),
		"--kubelet-client-certificate", pki("server-client.crt"), "--kubelet-client-key", pki("server-client.key"),
		"--kubelet-certificate-authority", pki("ca.crt"), "--kubelet-preferred-address-types", "InternalIP",
		// Policies that change what is admitted are not in every cluster yet.
		"--feature-gates", "MutatingAdmissionPolicy=true", "--runtime-config", "admissionregistration.k8s.io/v1beta1=true")
	if err != nil {
		return err
	}
	if err := server.await(ctx, func(ctx context.Context) error { return c.Client.Get(ctx, "/readyz", new([]byte)) }); err != nil {
		return err
	}
	_, err1 := c.start(c.program("kube-controller-manager"), "--kubeconfig", pki("controller-manager.conf"), "--leader-elect=false",
		"--use-service-account-credentials", "--root-ca-file", pki("ca.crt"), "--service-account-private-key-file", pki("tokens.key"))
	_, err2 := c.start(c.program("kube-scheduler"), "--kubeconfig", pki("scheduler.conf"), "--leader-elect=false")
	return errors.Join(err1, err2)
}

func answers(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return nil
}
