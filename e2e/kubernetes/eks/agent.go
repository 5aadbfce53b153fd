package eks

import (
	"encoding/json"
	"net/http"
	"strings"

	"rolechain/internal/podtest"
	"rolechain/internal/ststest"
)

// Of Pod Identity's agent, as on EKS.
const (
	agentAddress  = "169.254.170.23"
	agentPath     = "/v1/credentials"
	agentAudience = "pods.eks.amazonaws.com"
)

// StartAgent serves sessions to whoever comes with the token of a pod whose service account has an association. sts is
// asked for the STS that there is at the time.
func (e *EKS) StartAgent(sts func() *ststest.Server) error {
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
		if err != nil || !review.Status.Authenticated || len(who) != 4 || r.URL.Path != agentPath {
			http.Error(w, "Service Account Token cannot be validated", http.StatusBadRequest)
			return
		}
		role := e.Associated(who[2], who[3])
		if role == "" {
			http.Error(w, "no association", http.StatusNotFound)
			return
		}
		pod := strings.Join(review.Status.User.Extra["authentication.kubernetes.io/pod-name"], "")
		c := sts().PodIdentity(role, "eks-emr-"+pod, map[string]string{
			"eks-cluster-name": "emr", "kubernetes-namespace": who[2], "kubernetes-service-account": who[3], "kubernetes-pod-name": pod,
		})
		_ = json.NewEncoder(w).Encode(object{
			"AccessKeyId": c.AccessKeyID, "SecretAccessKey": c.SecretAccessKey, "Token": c.SessionToken,
			"AccountId": strings.Split(role, ":")[4], "Expiration": c.Expires,
		})
	}), nil)
	return err
}
