package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rolechain/e2e/jobs"
)

// Of pods in which a sidecar has the token, as in examples/admission/sidecar.yaml.
const (
	sidecarContainer = "rolechain-sidecar"
	sessionsVolume   = "rolechain-sessions"
	sessionsPlace    = "/var/run/rolechain"
)

// besideSidecar is a driver's or an executor's pod, whose token a sidecar has alone.
func besideSidecar(driver bool) object {
	pod := emrPod(driver)
	main := spec(pod)["containers"].([]object)[1]
	main["volumeMounts"] = append(slices.Clone(main["volumeMounts"].([]object)), object{"name": sessionsVolume, "mountPath": sessionsPlace, "readOnly": true})
	pod["metadata"] = object{"annotations": object{"eks.amazonaws.com/skip-containers": fmt.Sprint(main["name"], ",", shipperContainer)}}
	spec(pod)["volumes"] = append(spec(pod)["volumes"].([]object), object{"name": sessionsVolume, "emptyDir": object{"medium": "Memory"}})
	spec(pod)["initContainers"] = []object{{
		"name": sidecarContainer, "image": rolechainImage, "imagePullPolicy": "Never", "restartPolicy": "Always",
		"command": []string{"/opt/rolechain/rolechain", "sidecar"},
		"env": []object{
			{"name": "CLIENT_ROLE_ARN", "value": jobs.ClientARN}, {"name": "ROLE_CHAIN_DELIVERY", "value": jobs.Endpoint},
			{"name": "ROLE_CHAIN_FILES", "value": sessionsPlace},
		},
		"volumeMounts":    []object{{"name": sessionsVolume, "mountPath": sessionsPlace}},
		"securityContext": secure(),
	}}
	return pod
}

// thief is a program that tries to become the job execution role with all that it finds in the environment of its container's
// first process. It prints who it could be.
const thief = `import boto3, glob, os, subprocess
from botocore.exceptions import BotoCoreError, ClientError
for variable in open("/proc/1/environ").read().split("\0"):
    name, equals, value = variable.partition("=")
    if equals:
        os.environ[name] = value
role = "` + jobs.BaseARN + `"
def who(what, make):
    try:
        print(what, make().client("sts").get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        print(what, "failed:", error)
def become():
    try:
        print("client", boto3.client("sts").assume_role(RoleArn=role, RoleSessionName="` + thiefSession + `")["AssumedRoleUser"]["Arn"])
    except (BotoCoreError, ClientError) as error:
        print("client failed:", error)
def use(token):
    try:
        answer = boto3.client("sts").assume_role_with_web_identity(RoleArn=role, RoleSessionName="` + thiefSession + `", WebIdentityToken=token)
        print("token", answer["AssumedRoleUser"]["Arn"])
    except (BotoCoreError, ClientError) as error:
        print("token failed:", error)
who("default", boto3.Session)
for profile in boto3.Session().available_profiles + ["job-execution-role"]:
    who("profile " + profile, lambda: boto3.Session(profile_name=profile))
become()
tokens = [os.path.join(place, name) for place, _, names in os.walk("/var/run/secrets") for name in names if "token" in name]
for token in tokens:
    use(open(token).read())
print(len(tokens), "tokens; variables", [name for name in os.environ if name in ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")])
for place in glob.glob("` + sessionsPlace + `/**", recursive=True):
    print("file", place)
for profile in ("job-execution-role", "default"):
    ran = subprocess.run(["/opt/rolechain/rolechain", "credentials", "-profile", profile], capture_output=True, text=True)
    print("rolechain credentials -profile", profile, "ends with", ran.returncode)
`

const thiefSession = "thief"

// sidecar is a job whose token is in a sidecar's hands: the job is the client role, cannot become the job execution role,
// and ends as before.
func sidecar(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{driver: besideSidecar(true), executor: besideSidecar(false), clientReads: true,
		more: []string{"-set", "ROLE_CHAIN_SIDECAR=" + sessionsPlace}}); err != nil {
		return err
	}
	if err := t.logged(ctx, driverPod, driverContainer, "round 0: "); err != nil {
		return err
	}
	for pod, container := range map[string]string{driverPod: driverContainer, jobName + "-exec-1": executorContainer} {
		said, err := t.Kubectl(ctx, "--namespace", t.name, "exec", pod, "--container", container, "--", "/usr/bin/python3", "-c", thief).CombinedOutput()
		if err != nil {
			return fmt.Errorf("trying to become the job's role in %s: %w: %s", pod, err, said)
		}
		name := func(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
		if text := string(said); strings.Contains(text, "assumed-role/"+name(jobs.BaseARN)+"/") || !strings.Contains(text, "default arn:aws:sts::222222222222:assumed-role/"+name(jobs.ClientARN)+"/") ||
			!strings.Contains(text, "variables []") {
			t.surprise("in %s: %s", pod, text)
		}
	}
	if err := t.endWell(ctx); err != nil {
		return err
	}
	// The kubelet ends a native sidecar once the others have ended.
	end, err := t.ended(ctx, driverPod, sidecarContainer)
	if err != nil {
		return err
	}
	if end.ExitCode != 0 {
		log, _ := t.log(ctx, driverPod, sidecarContainer)
		t.surprise("the sidecar ended with %d: %s", end.ExitCode, last(log))
	}
	tried := 0
	for _, e := range t.STS.Journal() {
		if e.SessionName != thiefSession {
			continue
		}
		tried++
		if e.Expires != nil {
			t.surprise("%s has given a session of %s to what the job has", e.Action, e.Role)
		}
	}
	if tried < 2 {
		t.surprise("STS was asked for the job execution role %d times, not from both pods", tried)
	}
	keys := map[string]bool{}
	for _, e := range t.Gate.Journal() {
		switch {
		case e.Left:
		case e.Bucket == jobs.LogBucket: // the log shipper has no token either
			if jobs.Served(e) {
				t.surprise("%s was shipped by %s", e.Key, jobs.NameOf(e))
			}
		case e.Refused != "" || e.Role != jobs.ClientARN:
			t.surprise("%s on %s%s by %s: %s %s", e.Action, e.Bucket, e.Key, jobs.NameOf(e), e.Refused, e.Reason)
		default:
			keys[e.KeyID] = true
		}
	}
	if len(keys) <= t.Hold.Times {
		t.surprise("S3 saw %d sessions of the client role, not more than %d", len(keys), t.Hold.Times)
	}
	t.Plan.Check(ctx, &t.World, t.Gate.Journal(), t.surprise)
	return nil
}
