package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"rolechain/e2e/jobs"
	"rolechain/internal/ststest"
)

// Cases whose pods have no Spark: what is seen of rolechain is the same, in seconds.

// puts is a job that writes an object for each of its arguments.
const puts = `import boto3, sys
for key in sys.argv[1:]:
    boto3.client("s3").put_object(Bucket="` + jobs.ClientBucket + `", Key=key, Body=b"x")
`

// smallPod is a pod of EMR's shape with one container, whose job is a command.
func smallPod(name string, command []string, more ...object) object {
	pod := emrPod(true, append([]object{
		{"name": "CLIENT_ROLE_ARN", "value": jobs.ClientARN}, {"name": "ROLE_CHAIN_DELIVERY", "value": jobs.Endpoint},
	}, more...)...)
	pod["metadata"] = object{"name": name}
	spec := pod["spec"].(object)
	main := spec["containers"].([]object)[1]
	main["name"], main["image"], main["imagePullPolicy"], main["args"] = mainContainer, chainedImage, "Never", command
	delete(main, "terminationMessagePath")
	spec["containers"], spec["serviceAccountName"], spec["restartPolicy"] = []object{main}, account, "Never"
	return pod
}

// mainContainer is named like a driver's, so that a policy finds it.
const mainContainer = driverContainer

func python(program string, args ...string) []string {
	return append([]string{"/usr/bin/python3", "-c", program}, args...)
}

func spec(pod object) object  { return pod["spec"].(object) }
func main0(pod object) object { return spec(pod)["containers"].([]object)[0] }

// create creates a small pod; for a policy, as Spark would have made it without rolechain.
func (t *trial) create(ctx context.Context, pod object) error {
	if t.injected {
		pod["metadata"].(object)["labels"] = object{"spark-role": "driver"}
		main0(pod)["image"] = plainImage
	}
	return t.Client.Do(ctx, http.MethodPost, "/api/v1/namespaces/"+t.name+"/pods", pod, nil)
}

// wantPuts wants these objects in the client's bucket, each written by the client role, and no refusal.
func (t *trial) wantPuts(keys ...string) {
	written := map[string]string{}
	for _, e := range t.Gate.Journal() {
		if e.Refused != "" {
			t.surprise("%s of %s by %s was refused: %s: %s", e.Action, e.Key, jobs.NameOf(e), e.Refused, e.Reason)
		} else if e.Action == "s3:PutObject" && e.Bucket == jobs.ClientBucket {
			written[e.Key] = e.Role
		}
	}
	for _, key := range keys {
		if written[key] != jobs.ClientARN {
			t.surprise("%s was written by %q, not by the client role", key, written[key])
		}
	}
}

// wantExit waits for a container's end and wants its code, and all words in its message.
func (t *trial) wantExit(ctx context.Context, pod, container string, code int, words ...string) error {
	end, err := t.ended(ctx, pod, container)
	if err != nil {
		return err
	}
	log, _ := t.log(ctx, pod, container)
	if end.ExitCode != code {
		t.surprise("%s of %s ended with %d (%s), not %d: %s", container, pod, end.ExitCode, end.Message, code, last(log))
	}
	for _, word := range words {
		if !strings.Contains(end.Message, word) {
			t.surprise("the termination message of %s has no %q: %q", pod, word, end.Message)
		}
	}
	return nil
}

// wrongAudience has the kubelet's token made for somebody else.
func wrongAudience(ctx context.Context, t *trial) error {
	if err := t.create(ctx, smallPod("job", python(puts, "one"))); err != nil {
		return err
	}
	return t.wantExit(ctx, "job", mainContainer, 77, "first hop", jobs.BaseARN, "audience", "hint: ")
}

// restart has the kubelet start a container a second time, whose home is as the first one left it.
func restart(ctx context.Context, t *trial) error {
	const script = `if [ -e ~/before ]; then exec python3 -c "$0" second; fi
python3 -c "$0" first && touch ~/before && exit 9`
	pod := smallPod("job", []string{"/bin/bash", "-c", script, puts})
	spec(pod)["restartPolicy"] = "OnFailure"
	if err := t.create(ctx, pod); err != nil {
		return err
	}
	p, err := t.until(ctx, "the end of the second container", "job", func(p Pod) bool {
		end := p.container(mainContainer).State.Terminated
		return end != nil && (p.container(mainContainer).RestartCount > 1 || end.ExitCode == 0)
	})
	if err != nil {
		return err
	}
	if c := p.container(mainContainer); c.RestartCount != 1 || c.State.Terminated.ExitCode != 0 || c.LastState.Terminated == nil || c.LastState.Terminated.ExitCode != 9 {
		t.surprise("the container: %+v, before that %+v, after %d restarts", c.State.Terminated, c.LastState.Terminated, c.RestartCount)
	}
	t.wantPuts("first", "second")
	return nil
}

// sharedHome has two containers of a pod in one home: one of them works, and the other says why it cannot. With a directory
// of its own it can.
func sharedHome(ctx context.Context, t *trial) error {
	two := func(name string, more ...object) object {
		const script = `python3 -c "$0" "$1" && sleep infinity`
		pod := smallPod(name, []string{"/bin/bash", "-c", script, puts, name + "-first"})
		second := object{}
		for k, v := range main0(pod) {
			second[k] = v
		}
		second["name"], second["args"] = "second", []string{"/bin/bash", "-c", script, puts, name + "-second"}
		second["env"] = append(append([]object{}, main0(pod)["env"].([]object)...), more...)
		spec(pod)["containers"] = []object{main0(pod), second}
		return pod
	}
	if err := t.create(ctx, two("same")); err != nil {
		return err
	}
	p, err := t.until(ctx, "the end of one container", "same", func(p Pod) bool {
		return p.container(mainContainer).State.Terminated != nil || p.container("second").State.Terminated != nil
	})
	if err != nil {
		return err
	}
	loser, winner := mainContainer, "second"
	if p.container(loser).State.Terminated == nil {
		loser, winner = winner, loser
	}
	if err := t.wantExit(ctx, "same", loser, 73, "another job", "a home directory of its own"); err != nil {
		return err
	}
	wrote := map[string]string{mainContainer: "same-first", "second": "same-second"}
	if err := t.wrote(ctx, wrote[winner]); err != nil {
		return err
	}
	if err := t.create(ctx, two("apart", object{"name": "ROLE_CHAIN_FILES", "value": "/mnt/second"})); err != nil {
		return err
	}
	if err := t.wrote(ctx, "apart-first", "apart-second"); err != nil {
		return err
	}
	t.wantPuts(wrote[winner], "apart-first", "apart-second")
	return nil
}

// wrote waits until objects have been written.
func (t *trial) wrote(ctx context.Context, keys ...string) error {
	return jobs.Await(ctx, strings.Join(keys, ", "), func() error {
		missing := map[string]bool{}
		for _, key := range keys {
			missing[key] = true
		}
		for _, e := range t.Gate.Journal() {
			if e.Action == "s3:PutObject" {
				delete(missing, e.Key)
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("%v have not been written", missing)
		}
		return nil
	})
}

// arbitraryUser is a user that the image does not know, whose home is the read-only root.
func arbitraryUser(ctx context.Context, t *trial) error {
	pod := smallPod("job", python(puts, "one"))
	context := main0(pod)["securityContext"].(object)
	context["runAsUser"], context["runAsGroup"] = 1000770000, 0
	if err := t.create(ctx, pod); err != nil {
		return err
	}
	if err := t.wantExit(ctx, "job", mainContainer, 0); err != nil {
		return err
	}
	t.wantPuts("one")
	return nil
}

// afterTerm is a job that writes for 100 s after SIGTERM, as an executor that still uploads.
const afterTerm = `import boto3, signal, sys, time
deleted = []
signal.signal(signal.SIGTERM, lambda *_: deleted.append(time.monotonic()))
n = 0
while not deleted or time.monotonic() < deleted[0] + 100:
    boto3.Session().client("s3").put_object(Bucket="` + jobs.ClientBucket + `", Key=("late/" if deleted else "early/") + str(n), Body=b"x")
    n += 1
    time.sleep(2)
`

// uploadsAfterTerm wants the chain to live for as long as the job does.
func uploadsAfterTerm(ctx context.Context, t *trial) error {
	pod := smallPod("job", python(afterTerm))
	spec(pod)["terminationGracePeriodSeconds"] = 150
	pod["metadata"].(object)["finalizers"] = []string{finalizer}
	if err := t.create(ctx, pod); err != nil {
		return err
	}
	if err := t.wrote(ctx, "early/0"); err != nil {
		return err
	}
	if err := t.deletePod(ctx, "job"); err != nil {
		return err
	}
	if err := t.wantExit(ctx, "job", mainContainer, 0); err != nil {
		return err
	}
	var late []time.Time
	keys := map[string]bool{}
	for _, e := range t.Gate.Journal() {
		if strings.HasPrefix(e.Key, "late/") {
			late = append(late, e.Time)
			keys[e.KeyID] = true
		}
	}
	t.wantPuts()
	if len(late) < 2 || late[len(late)-1].Sub(late[0]) < 90*time.Second || len(keys) < 3 {
		t.surprise("%d objects were written after SIGTERM, with %d sessions", len(late), len(keys))
	}
	return t.release(ctx, "job")
}

// readiness has the kubelet ask status whether the pod is ready.
func readiness(ctx context.Context, t *trial) error {
	pod := smallPod("job", []string{"/bin/sleep", "infinity"})
	main0(pod)["readinessProbe"] = object{"exec": object{"command": []string{"/opt/rolechain/rolechain", "status"}}, "periodSeconds": 1, "timeoutSeconds": 10, "failureThreshold": 1}
	if err := t.create(ctx, pod); err != nil {
		return err
	}
	ready := func(want bool) error {
		_, err := t.until(ctx, fmt.Sprintf("readiness to be %v", want), "job", func(p Pod) bool { return p.container(mainContainer).Ready == want })
		return err
	}
	if err := ready(true); err != nil {
		return err
	}
	if err := t.STS.Inject(ststest.Fault{Kind: ststest.Throttle}); err != nil {
		return err
	}
	if err := ready(false); err != nil {
		return err
	}
	t.STS.ClearFaults()
	return ready(true)
}
