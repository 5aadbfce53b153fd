// Package eks does in a cluster what EKS does to pods: a mutating webhook gives those of annotated service accounts what
// they need for IRSA, and those with an association what they need for Pod Identity, whose agent is here as well. Names,
// paths and order of precedence are those of amazon-eks-pod-identity-webhook.
package eks

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"rolechain/e2e/kubernetes/cluster"
)

// EKS is the part of EKS that pods see.
type EKS struct {
	Cluster *cluster.Cluster
	Region  string

	// Associated returns the role that Pod Identity gives a service account, "" without an association.
	Associated func(namespace, account string) string
}

// Annotations of service accounts, but for the last, which is a pod's.
const (
	roleAnnotation       = "eks.amazonaws.com/role-arn"
	audienceAnnotation   = "eks.amazonaws.com/audience"
	expirationAnnotation = "eks.amazonaws.com/token-expiration"
	skipAnnotation       = "eks.amazonaws.com/skip-containers"
)

type object = map[string]any

// webhookPort is on the node's address.
const webhookPort = "9443"

// Start serves the webhook and registers it. A pod that it cannot look at is refused, so that none goes without.
func (e *EKS) Start(ctx context.Context) error {
	dir, err := e.Cluster.Certificate("webhook")
	if err != nil {
		return err
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		return err
	}
	server := &http.Server{Addr: cluster.NodeAddress + ":" + webhookPort, Handler: http.HandlerFunc(e.review), ErrorLog: log.New(io.Discard, "", 0)}
	go server.ListenAndServeTLS(filepath.Join(dir, "webhook.crt"), filepath.Join(dir, "webhook.key"))
	return e.Cluster.Client.Do(ctx, http.MethodPost, "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations", object{
		"metadata": object{"name": "pod-identity-webhook"},
		"webhooks": []object{{
			"name": "iam-for-pods.amazonaws.com", "failurePolicy": "Fail", "timeoutSeconds": 30, "sideEffects": "None", "reinvocationPolicy": "IfNeeded",
			"admissionReviewVersions": []string{"v1"},
			"clientConfig":            object{"url": "https://" + server.Addr + "/mutate", "caBundle": base64.StdEncoding.EncodeToString(authority)},
			"rules":                   []object{{"operations": []string{"CREATE"}, "apiGroups": []string{""}, "apiVersions": []string{"v1"}, "resources": []string{"pods"}}},
		}},
	}, nil)
}

func (e *EKS) review(w http.ResponseWriter, r *http.Request) {
	var review struct {
		Request struct {
			UID       string
			Namespace string
			Object    object
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	response := object{"uid": review.Request.UID, "allowed": true}
	patch, err := e.patch(r.Context(), review.Request.Namespace, review.Request.Object)
	if err != nil {
		response["allowed"], response["status"] = false, object{"message": err.Error()}
	} else if patch != nil {
		data, _ := json.Marshal(patch) // came from JSON
		response["patchType"], response["patch"] = "JSONPatch", data
	}
	_ = json.NewEncoder(w).Encode(object{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
}

// A delivery is what a container gets.
type delivery struct {
	volume, mount, file string
	audience            string
	expiration          int
	env                 []object
}

// patch is what becomes of a pod; nil when it stays as it is.
func (e *EKS) patch(ctx context.Context, namespace string, pod object) ([]object, error) {
	spec, _ := pod["spec"].(object)
	account, _ := spec["serviceAccountName"].(string)
	if account == "" {
		account = "default"
	}
	var found struct {
		Metadata struct{ Annotations map[string]string }
	}
	if err := e.Cluster.Client.Get(ctx, "/api/v1/namespaces/"+namespace+"/serviceaccounts/"+account, &found); err != nil {
		return nil, err
	}
	d := e.irsa(found.Metadata.Annotations)
	if e.Associated(namespace, account) != "" {
		d = e.podIdentity()
	}
	if d == nil {
		return nil, nil
	}
	return d.mutate(pod), nil
}

// mutate gives each container of a pod what d has, and returns the patch that does so.
func (d *delivery) mutate(pod object) []object {
	spec, _ := pod["spec"].(object)
	skipped := []string{}
	if metadata, ok := pod["metadata"].(object); ok {
		annotations, _ := metadata["annotations"].(object)
		text, _ := annotations[skipAnnotation].(string)
		for name := range strings.SplitSeq(text, ",") {
			skipped = append(skipped, strings.TrimSpace(name))
		}
	}
	var patch []object
	for _, kind := range []string{"containers", "initContainers"} {
		list, _ := spec[kind].([]any)
		for _, one := range list {
			if container, ok := one.(object); ok && !slices.Contains(skipped, fmt.Sprint(container["name"])) {
				d.give(container)
			}
		}
		if list != nil {
			patch = append(patch, object{"op": "replace", "path": "/spec/" + kind, "value": list})
		}
	}
	volumes, _ := spec["volumes"].([]any)
	if !named(volumes, d.volume) {
		volumes = append([]any{object{"name": d.volume, "projected": object{"sources": []object{{
			"serviceAccountToken": object{"audience": d.audience, "expirationSeconds": d.expiration, "path": d.file},
		}}}}}, volumes...)
	}
	return append(patch, object{"op": "add", "path": "/spec/volumes", "value": volumes})
}

func named(list []any, name string) bool {
	return slices.ContainsFunc(list, func(one any) bool { o, ok := one.(object); return ok && o["name"] == name })
}

// give adds variables that are not there, and the mount.
func (d *delivery) give(container object) {
	env, _ := container["env"].([]any)
	for _, variable := range d.env {
		if !named(env, variable["name"].(string)) {
			env = append(env, variable)
		}
	}
	container["env"] = env
	mounts, _ := container["volumeMounts"].([]any)
	if !named(mounts, d.volume) {
		container["volumeMounts"] = append(mounts, object{"name": d.volume, "readOnly": true, "mountPath": d.mount})
	}
}

func variable(name, value string) object { return object{"name": name, "value": value} }

func (e *EKS) common(more ...object) []object {
	return append([]object{variable("AWS_STS_REGIONAL_ENDPOINTS", "regional"), variable("AWS_DEFAULT_REGION", e.Region), variable("AWS_REGION", e.Region)}, more...)
}

// irsa is for an annotated service account.
func (e *EKS) irsa(annotations map[string]string) *delivery {
	role := annotations[roleAnnotation]
	if role == "" {
		return nil
	}
	d := &delivery{volume: "aws-iam-token", mount: "/var/run/secrets/eks.amazonaws.com/serviceaccount", file: "token", audience: "sts.amazonaws.com", expiration: 86400}
	if audience := annotations[audienceAnnotation]; audience != "" {
		d.audience = audience
	}
	if seconds, err := strconv.Atoi(annotations[expirationAnnotation]); err == nil {
		d.expiration = max(600, seconds)
	}
	d.env = e.common(variable("AWS_ROLE_ARN", role), variable("AWS_WEB_IDENTITY_TOKEN_FILE", d.mount+"/"+d.file))
	return d
}

// podIdentity is for one with an association.
func (e *EKS) podIdentity() *delivery {
	d := &delivery{volume: "eks-pod-identity-token", mount: "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount", file: "eks-pod-identity-token",
		audience: agentAudience, expiration: 86400}
	d.env = e.common(variable("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://"+agentAddress+agentPath),
		variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", d.mount+"/"+d.file))
	return d
}
