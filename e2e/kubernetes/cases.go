package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rolechain/e2e/jobs"
	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

// A Case is something that is to be seen in a cluster.
type Case struct {
	Name  string // also its namespace's
	Fixed bool   // part of what CI runs
	about string // for the table

	plan        jobs.Plan
	ends        int                   // how often the job waits for the end of every session; 0: jobs.Ends
	aws         func(*ststest.Config) // changes the roles
	grants      []s3test.Grant        // what roles may do besides
	annotations map[string]string     // of the service account; nil: IRSA with the job execution role
	injected    bool                  // a policy puts rolechain into the pods of an image without it
	itself      bool                  // is not run injected as well: the policy would take away what it is about
	run         func(context.Context, *trial) error
}

// holdable is a life of sessions, in seconds, to whose end the gate can hold back an answer to boto3: after 60 s that would ask
// again, and a message would be in the queue twice.
const holdable = 40

// cases has those first that take longest: others can run meanwhile.
var cases = []Case{
	{Name: "token-rotation", about: "program 3 for longer than a token of the kubelet's is good", plan: jobs.LongRunning(rotationRounds), ends: rotationRounds - 1, aws: lives(50), run: rotateToken,
		annotations: map[string]string{"eks.amazonaws.com/role-arn": jobs.BaseARN, "eks.amazonaws.com/token-expiration": "600"}},
	{Name: "executors-refused", about: "executors whose chain is refused do not come back without end", plan: jobs.Cases[2], aws: externalID, itself: true, run: refuseExecutors},
	{Name: "long-job", Fixed: true, about: "program 3 over five ends of every session", plan: jobs.Cases[2], run: runJob},
	{Name: "two-accounts", about: "program 2: Spark on both accounts, boto3 on the executors", plan: jobs.Cases[1], aws: lives(holdable), run: runJob},
	{Name: "default-chain", about: "program 6: Java's default chain", plan: jobs.Cases[5], run: runJob},
	{Name: "executor-killed", Fixed: true, about: "an executor dies, and the next one takes its place", plan: jobs.LongRunning(5), ends: 4, run: killExecutor},
	{Name: "driver-deleted", Fixed: true, about: "SIGTERM reaches Spark, and nothing is left", plan: jobs.Cases[2], run: deleteDriver},
	{Name: "wrong-trust", Fixed: true, about: "the client role does not trust the job's", plan: jobs.Cases[2], aws: distrust, run: wrongTrust},
	{Name: "injected", Fixed: true, about: "an image without rolechain, and the policy of examples/admission", plan: jobs.LongRunning(3), ends: 2, injected: true, run: runJob},
	{Name: "injected-by-template", about: "an image without rolechain, and the pod templates of spark-conf -inject alone", plan: jobs.LongRunning(3), ends: 2, itself: true, run: injectByTemplate},
	{Name: "role-map", Fixed: true, about: "a role map in a ConfigMap, two service accounts in two namespaces", plan: idle, aws: trustOther, itself: true, run: roleMap},
	{Name: "wrong-audience", about: "the token is for somebody else", plan: idle, run: wrongAudience,
		annotations: map[string]string{"eks.amazonaws.com/role-arn": jobs.BaseARN, "eks.amazonaws.com/audience": "vault"}},
	{Name: "pod-identity", about: "program 2, the job's role by Pod Identity", plan: jobs.Cases[1], annotations: map[string]string{}, aws: lives(holdable), run: podIdentity},
	{Name: "restarted", about: "a container started again in its old home", plan: idle, run: restart},
	{Name: "shared-home", about: "two containers in one home", plan: idle, itself: true, run: sharedHome},
	{Name: "arbitrary-user", about: "a user without name and home", plan: idle, run: arbitraryUser},
	{Name: "late-upload", about: "100 s of uploads after SIGTERM", plan: idle, run: uploadsAfterTerm},
	{Name: "readiness", about: "status as readiness probe, with STS in trouble", plan: idle, run: readiness},
	{Name: "metrics", about: "the metrics of driver and executors, against what STS has seen", plan: jobs.LongRunning(4), ends: 3, itself: true, run: scrapeMetrics},
	{Name: "sidecar", about: "the token in a native sidecar's hands", plan: jobs.LongRunning(3), ends: 2, itself: true, run: sidecar,
		grants: []s3test.Grant{{Role: jobs.ClientARN, Bucket: jobs.JobBucket, Actions: []string{"s3:GetObject", "s3:ListBucket"}}}},
}

// all are the cases, and most of them once more in pods of an image without rolechain, into which the policy of
// examples/admission puts it.
func all() []Case {
	list := slices.Clone(cases)
	for _, c := range cases {
		if !c.injected && !c.itself {
			c.Name, c.Fixed, c.about, c.injected = c.Name+"-injected", false, c.about+"; injected", true
			list = append(list, c)
		}
	}
	return list
}

// idle is for pods without Spark.
var idle = jobs.Plan{Program: "long-running.py", Stock: func(context.Context, *jobs.World) error { return nil },
	Holds: func(s3test.Entry) string { return "" }}

// podIdentity is a job whose pods come to the job execution role by Pod Identity.
func podIdentity(ctx context.Context, t *trial) error {
	s := submission{podIdentity: true, driver: emrPod(true), executor: emrPod(false)}
	for _, pod := range []object{s.driver, s.executor} {
		// Debian's SDK for Ruby is older than Pod Identity's variables.
		main0(pod)["env"] = []object{{"name": "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "value": "/v1/credentials"}}
	}
	if err := t.submit(ctx, s); err != nil {
		return err
	}
	if err := t.finish(ctx); err != nil {
		return err
	}
	for _, e := range t.STS.Journal() {
		if e.Action == "AssumeRoleWithWebIdentity" {
			t.surprise("a web identity token was used for %s", e.Role)
		}
	}
	return nil
}

// associated are Pod Identity's associations.
func associated(namespace, _ string) string {
	if strings.HasPrefix(namespace, "pod-identity") {
		return jobs.BaseARN
	}
	return ""
}

// runJob submits the case's program and wants it to end well.
func runJob(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{}); err != nil {
		return err
	}
	return t.finish(ctx)
}

// injectByTemplate is a job whose pods have rolechain by nothing but their templates. They are not of EMR's shape: no log shipper.
func injectByTemplate(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{injects: true}); err != nil {
		return err
	}
	if err := t.endWell(ctx); err != nil {
		return err
	}
	t.Judge(ctx, t.Gate.Journal(), t.surprise)
	return nil
}

// endWell waits for the driver's end, and wants it to be a good one.
func (t *trial) endWell(ctx context.Context) error {
	end, err := t.ended(ctx, driverPod, driverContainer)
	if err != nil {
		return err
	}
	if end.ExitCode != 0 {
		log, _ := t.log(ctx, driverPod, driverContainer)
		t.surprise("the driver ended with %d: %s %s", end.ExitCode, end.Message, last(log))
	}
	return nil
}

// finish waits for the ends of driver and log shipper, and judges the job.
func (t *trial) finish(ctx context.Context) error {
	if err := t.endWell(ctx); err != nil {
		return err
	}
	shipped, err := t.ended(ctx, driverPod, shipperContainer)
	if err != nil {
		return err
	}
	if shipped.ExitCode != 0 {
		log, _ := t.log(ctx, driverPod, shipperContainer)
		t.surprise("the log shipper ended with %d: %s", shipped.ExitCode, last(log))
	}
	t.Judge(ctx, t.Gate.Journal(), t.surprise)
	return nil
}

// killExecutor kills an executor's JVM once it works.
func killExecutor(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{}); err != nil {
		return err
	}
	if err := t.logged(ctx, driverPod, driverContainer, "round 0: "); err != nil {
		return err
	}
	const victim = jobName + "-exec-1"
	if out, err := t.Kubectl(ctx, "--namespace", t.name, "exec", victim, "--container", executorContainer, "--", "/bin/sh", "-c",
		"pid=$(pgrep java) && { (sleep 1; kill -9 $pid) >/dev/null 2>&1 & }").CombinedOutput(); err != nil {
		return fmt.Errorf("killing an executor: %w: %s", err, out)
	}
	if err := t.finish(ctx); err != nil {
		return err
	}
	third := false
	for _, e := range t.Gate.Journal() {
		third = third || strings.HasSuffix(e.SessionName, jobName+"-exec-3") && e.Role == jobs.ClientARN && jobs.Served(e)
	}
	if !third {
		t.surprise("no executor took the place of the one that died")
	}
	return nil
}

// deleteDriver deletes the driver's pod while it works.
func deleteDriver(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{}); err != nil {
		return err
	}
	if err := t.logged(ctx, driverPod, driverContainer, "round 0: "); err != nil {
		return err
	}
	if out, err := t.Kubectl(ctx, "--namespace", t.name, "patch", "pod", driverPod, "--patch", `{"metadata":{"finalizers":["`+finalizer+`"]}}`).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	// The kubelet removes the containers of a deleted pod, and their logs with them.
	follow := t.Kubectl(ctx, "--namespace", t.name, "logs", "--follow", driverPod, "--container", driverContainer)
	log := &strings.Builder{}
	follow.Stdout = log
	if err := follow.Start(); err != nil {
		return err
	}
	if err := t.deletePod(ctx, driverPod); err != nil {
		return err
	}
	end, err := t.ended(ctx, driverPod, driverContainer)
	if err != nil {
		return err
	}
	if end.ExitCode != 143 {
		t.surprise("the driver ended with %d (%s), not by SIGTERM with 143", end.ExitCode, end.Reason)
	}
	if err := follow.Wait(); err != nil {
		return fmt.Errorf("following the driver's log: %w", err)
	}
	// The last of its lines may be lost: nobody waits for the process that copies them into the container's log.
	if !strings.Contains(strings.ToLower(log.String()), "shutdown hook") {
		t.surprise("Spark's shutdown hooks did not run: %s", last(log.String()))
	}
	if err := t.release(ctx, driverPod); err != nil {
		return err
	}
	return jobs.Await(ctx, "the end of the job's pods", func() error {
		list, err := t.pods(ctx, "")
		if err == nil && len(list) > 0 {
			err = fmt.Errorf("%d are left", len(list))
		}
		return err
	})
}

// finalizer keeps a deleted pod until its status has been seen.
const finalizer = "rolechain.test/seen"

// release lets a pod with the finalizer go.
func (t *trial) release(ctx context.Context, pod string) error {
	out, err := t.Kubectl(ctx, "--namespace", t.name, "patch", "pod", pod, "--type", "json", "--patch", `[{"op":"remove","path":"/metadata/finalizers"}]`).CombinedOutput()
	if err != nil {
		return fmt.Errorf("letting %s go: %w: %s", pod, err, out)
	}
	return nil
}

func distrust(c *ststest.Config) {
	for i := range c.Roles {
		if c.Roles[i].ARN == jobs.ClientARN {
			c.Roles[i].TrustedBy = []string{jobs.SecondARN}
		}
	}
}

// wrongTrust wants the reason where people look: in the pod's status and in the shipped log.
func wrongTrust(ctx context.Context, t *trial) error {
	if err := t.submit(ctx, submission{}); err != nil {
		return err
	}
	end, err := t.ended(ctx, driverPod, driverContainer)
	if err != nil {
		return err
	}
	if end.ExitCode != 77 {
		t.surprise("the driver ended with %d, not 77", end.ExitCode)
	}
	if _, err := t.ended(ctx, driverPod, shipperContainer); err != nil {
		return err
	}
	described, err := t.Kubectl(ctx, "--namespace", t.name, "describe", "pod", driverPod).CombinedOutput()
	if err != nil {
		return fmt.Errorf("kubectl describe: %w: %s", err, described)
	}
	shipped, err := t.Moto.Get(ctx, jobs.LogBucket, driverPod+"/stderr")
	if err != nil {
		t.surprise("no log was shipped: %v", err)
	}
	for where, text := range map[string]string{"kubectl describe": string(described), "the shipped log": string(shipped)} {
		for _, wanted := range []string{"second hop", jobs.ClientARN, "hint: "} {
			if !strings.Contains(text, wanted) {
				t.surprise("%s has no %q: %s", where, wanted, text)
			}
		}
	}
	for _, e := range t.Gate.Journal() {
		if e.Bucket != jobs.LogBucket {
			t.surprise("%s on %s by %s", e.Action, e.Bucket, jobs.NameOf(e))
		}
	}
	return nil
}
