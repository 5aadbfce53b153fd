package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// startContainerd starts the engine and gives it the image of the sandboxes. Its socket is in the namespaces' own /run.
func (c *Cluster) startContainerd(ctx context.Context) error {
	config := filepath.Join(c.Dir, "containerd.toml")
	text := fmt.Sprintf(`version = 2
root = %q
state = "/run/containerd"

[grpc]
  address = "/run/containerd/containerd.sock"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = %q
  # Without CAP_SYS_RESOURCE every sandbox fails otherwise.
  restrict_oom_score_adj = true

  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = %q
`, filepath.Join(c.Dir, "containerd"), pauseImage, filepath.Join(c.Dir, "cni"))
	// No masquerade: pods have their own addresses, and there is nothing outside.
	network := fmt.Sprintf(`{
  "cniVersion": "0.4.0", "name": "pods",
  "plugins": [{"type": "bridge", "bridge": "pods", "isGateway": true, "ipMasq": false, "hairpinMode": true,
    "ipam": {"type": "host-local", "dataDir": "/run/cni", "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "loopback"}]
}`, pods)
	err := errors.Join(os.WriteFile(config, []byte(text), 0o644),
		os.WriteFile(filepath.Join(c.Dir, "cni", "pods.conflist"), []byte(network), 0o644))
	if err != nil {
		return err
	}
	engine, err := c.start("containerd", "--config", config)
	if err != nil {
		return err
	}
	err = engine.await(ctx, func(ctx context.Context) error {
		if out, err := exec.CommandContext(ctx, "ctr", "version").CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.importPause(ctx)
}

// startKubelet starts the kubelet and waits for its node.
func (c *Cluster) startKubelet(ctx context.Context) error {
	if err := makeCgroup(c.Cgroup); err != nil {
		return err
	}
	resolve := filepath.Join(c.Dir, "resolv.conf")
	if err := os.WriteFile(resolve, []byte("nameserver "+dnsAddress+"\n"), 0o644); err != nil {
		return err
	}
	type object = map[string]any
	config, err := json.Marshal(object{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"address": NodeAddress, "tlsCertFile": c.pki.file("node-server.crt"), "tlsPrivateKeyFile": c.pki.file("node-server.key"),
		"authentication":           object{"x509": object{"clientCAFile": c.pki.file("ca.crt")}, "anonymous": object{"enabled": false}},
		"authorization":            object{"mode": "AlwaysAllow"},
		"containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
		"cgroupDriver":             "cgroupfs", "cgroupRoot": "/" + c.Cgroup, "failCgroupV1": false, "failSwapOn": false,
		"makeIPTablesUtilChains": false,
		"resolvConf":             resolve, "clusterDNS": []string{dnsAddress}, "clusterDomain": domain,
		"imageGCHighThresholdPercent": 100, "imageGCLowThresholdPercent": 99,
		"evictionHard":  object{"memory.available": "1%", "nodefs.available": "1%", "imagefs.available": "1%", "nodefs.inodesFree": "1%"},
		"syncFrequency": "10s", // of what is mounted, such as tokens
		"podLogsDir":    filepath.Join(c.Dir, "pods"),
		"maxPods":       110,
	})
	if err != nil {
		return err
	}
	file := filepath.Join(c.Dir, "kubelet.json")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		return err
	}
	kubelet, err := c.start(c.program("kubelet"), "--config", file, "--kubeconfig", c.pki.file("kubelet.conf"),
		"--root-dir", filepath.Join(c.Dir, "kubelet"), "--hostname-override", NodeName, "--node-ip", NodeAddress)
	if err != nil {
		return err
	}
	return kubelet.await(ctx, func(ctx context.Context) error {
		var node struct {
			Status struct {
				Conditions []struct{ Type, Status, Message string }
			}
		}
		if err := c.Client.Get(ctx, "/api/v1/nodes/"+NodeName, &node); err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" && condition.Status == "True" {
				return nil
			} else if condition.Type == "Ready" {
				err = errors.New(condition.Message)
			}
		}
		return errors.Join(errors.New("the node is not ready"), err)
	})
}
