package start

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"rolechain/internal/durable"
	"rolechain/internal/exit"
	"rolechain/internal/jwt"
	"rolechain/internal/settings"
)

// namespaceFile is where the kubelet mounts the pod's namespace beside its default token.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// tokenPoll is how often a token file is looked for that is not there yet.
const tokenPoll = 50 * time.Millisecond

// AwaitToken returns when the first hop's token file is there, or at ctx's deadline, of which nothing is said: Look will
// miss it. A kubelet mounts it before it starts a container; a sidecar that brings one does not.
func AwaitToken(ctx context.Context, s settings.Settings, log *slog.Logger) error {
	path := tokenFile(s)
	for told := false; ; {
		// Read and not Stat, so that what is there and can never do is left to Look at once.
		if _, there, err := durable.Read(path); there || err != nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return stopped(ctx)
		case <-time.After(tokenPoll):
		}
		if !told {
			told = true
			log.Warn(fmt.Sprintf("%s (%s): there is no token file %q yet, waiting for it", s.FirstName(), s.FirstHop, path))
		}
	}
}

func tokenFile(s settings.Settings) string {
	if s.FirstHop == settings.PodIdentity {
		return s.Locations.ContainerTokenFile
	}
	return s.TokenFile
}

// LookAtToken makes sure that the first hop has its token, and reads from it what templates ask for. It is a part of Look.
func LookAtToken(s settings.Settings) (settings.Pod, error) {
	pod := settings.Pod{Name: s.Locations.Hostname, Job: s.Locations.Job}
	if pod.Name == "" {
		pod.Name, _ = os.Hostname()
	}
	token, err := Token(s)
	if err != nil {
		return pod, err
	}
	if claims, err := jwt.Read(strings.TrimSpace(string(token))); err == nil {
		pod.Namespace, pod.ServiceAccount = claims.ServiceAccount()
	}
	if pod.Namespace == "" {
		namespace, _, _ := durable.Read(namespaceFile)
		pod.Namespace = strings.TrimSpace(string(namespace))
	}
	return pod, nil
}

// Token returns the first hop's token. The error says what is wrong with its file.
func Token(s settings.Settings) ([]byte, error) {
	path, hint := tokenFile(s), "annotate the pod's service account with eks.amazonaws.com/role-arn, or set AWS_WEB_IDENTITY_TOKEN_FILE to where the token is mounted"
	if s.FirstHop == settings.PodIdentity {
		hint = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names it; the EKS Pod Identity agent's webhook mounts it"
	}
	token, there, err := durable.Read(path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		hint = "a pod that does not run as root needs securityContext.fsGroup to read it"
	case err == nil && !there:
		err = fmt.Errorf("there is no file %q", path)
	case err == nil && len(strings.TrimSpace(string(token))) == 0:
		err = fmt.Errorf("%q is empty", path)
	}
	if err != nil {
		return nil, exit.Because(exit.NoToken, fmt.Errorf("%s (%s): the pod's token: %w", s.FirstName(), s.FirstHop, err), hint)
	}
	return token, nil
}
