package eks

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"

	"rolechain/e2e/kubernetes/cluster"
	"rolechain/internal/podtest"
	"rolechain/internal/ststest"
)

// Of Pod Identity's agent, as on EKS. At the address of ECS it knows a pod by its address, for the log shipper of the stand-in
// image, whose SDK is older than Pod Identity.
const (
	agentAddress  = "169.254.170.23"
	ecsAddress    = "169.254.170.2"
	agentPath     = "/v1/credentials"
	agentAudience = "pods.eks.amazonaws.com"
)

// StartAgent serves sessions to whoever comes with the token of a pod whose service account has an association. sts is
// asked for the STS that a namespace has.
func (e *EKS) StartAgent(sts func(namespace string) *ststest.Server) error {
	_, err := podtest.Listen(agentAddress+":80", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var review struct {
			Status struct {
				Authenticated bool
				User          struct {
					Username string
					Extra    map[string][]string
				}
			}
		}
		err := e.Cluster.Client.Do(r.Context(), http.MethodPost, "/apis/authentication.k8s.io/v1/tokenreviews",
			object{"spec": object{"token": r.Header.Get("Authorization"), "audiences": []string{agentAudience}}}, &review)
		who := strings.Split(review.Status.User.Username, ":") // system:serviceaccount:NAMESPACE:NAME
		if err != nil || !review.Status.Authenticated || len(who) != 4 {
			http.Error(w, "Service Account Token cannot be validated", http.StatusBadRequest)
			return
		}
		pod := strings.Join(review.Status.User.Extra["authentication.kubernetes.io/pod-name"], "")
		e.giveSession(w, r, sts, cluster.Pod{Namespace: who[2], Name: pod, Account: who[3]})
	}), nil)
	if err != nil {
		return err
	}
	ecs, err := net.Listen("tcp4", ecsAddress+":80")
	if err != nil {
		return err
	}
	e.Cluster.ServeByPod(ecs, func(pod cluster.Pod, w http.ResponseWriter, r *http.Request) { e.giveSession(w, r, sts, pod) })
	return nil
}

// giveSession answers a pod with a session of the role that it is associated with.
func (e *EKS) giveSession(w http.ResponseWriter, r *http.Request, sts func(string) *ststest.Server, pod cluster.Pod) {
	role, server := e.Associated(pod.Namespace, pod.Account), sts(pod.Namespace)
	if role == "" || server == nil || r.URL.Path != agentPath {
		http.Error(w, "no association", http.StatusNotFound)
		return
	}
	c := server.PodIdentity(role, "eks-emr-"+pod.Name, map[string]string{
		"eks-cluster-name": "emr", "kubernetes-namespace": pod.Namespace, "kubernetes-service-account": pod.Account, "kubernetes-pod-name": pod.Name,
	})
	_ = json.NewEncoder(w).Encode(object{
		"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken,
		"AccountId": strings.Split(role, ":")[4], "Expiration": c.Expires,
	})
}
