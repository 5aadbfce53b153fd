package submissions

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The variables that a driver and an executor of each submission get, given to the real program, are the delivery that was
// asked for; and both get the same.
func TestRoundTrip(t *testing.T) {
	for _, e := range examples() {
		t.Run(e.dir, func(t *testing.T) {
			properties, driver, executor := e.variables(t)
			if !maps.Equal(driver, executor) {
				t.Errorf("the driver gets %v\nexecutors %v", driver, executor)
			}
			if driver["CLIENT_ROLE_ARN"] != "arn:aws:iam::222222222222:role/client-role-2" || driver["WEB_IDENTITY_ROLE_ARN"] != "arn:aws:iam::111111111111:role/job-execution-role-1" {
				t.Errorf("roles: %v", driver)
			}
			if properties["spark.kubernetes.container.image"] != "111111111111.dkr.ecr.us-west-2.amazonaws.com/spark:chained" {
				t.Error("no image")
			}
			for _, name := range []string{"spark.driver.extraJavaOptions", "spark.executor.extraJavaOptions"} {
				if option, there := properties[name]; there {
					t.Errorf("%s is %q", name, option)
				}
			}
			entrypoint := map[bool]string{true: "", false: "/opt/entrypoint.sh"}[strings.HasPrefix(e.form, "emr-")]
			if driver["ROLE_CHAIN_ENTRYPOINT"] != entrypoint {
				t.Errorf("the original entrypoint is %q", driver["ROLE_CHAIN_ENTRYPOINT"])
			}
			plan := planOf(t, driver)
			for _, part := range []struct {
				text string
				in   bool
			}{
				{"role_arn = arn:aws:iam::222222222222:role/client-role-2", e.delivery != "endpoint"},
				{"role_arn = arn:aws:iam::111111111111:role/job-execution-role-1", e.delivery != "endpoint"},
				{"+region = us-west-2", true},
				{"credentials $WORK/home/.aws/rolechain job-execution-role", e.delivery == "endpoint"},
				{"+AWS_CONTAINER_CREDENTIALS_FULL_URI=", e.delivery == "endpoint"},
				{"/rolechain refresh -run ", e.delivery != "profile"},
				{" -credentials ", e.delivery == "file"},
				{"-AWS_ROLE_ARN\n", e.delivery == "endpoint"}, // file delivery keeps it, for the job's bucket
				{"exec true driver", true},
			} {
				if strings.Contains(plan, part.text) != part.in {
					t.Errorf("plan has %q: %v\n%s", part.text, !part.in, plan)
				}
			}
			// A bucket names a profile that the plan makes.
			for name, profile := range properties {
				if strings.HasSuffix(name, ".rolechain.profile") && !strings.Contains(plan, "+[profile "+profile+"]") {
					t.Errorf("there is no profile %s, which %s names\n%s", profile, name, plan)
				}
			}
		})
	}
}

// planOf is what a driver's start would do in a pod as EKS makes it, but for the original, which is `true`.
func planOf(t *testing.T, variables map[string]string) string {
	t.Helper()
	work := t.TempDir()
	token := filepath.Join(work, "token")
	home := filepath.Join(work, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(token, []byte("a.b.c"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(programs, "rolechain"), "plan", "driver")
	cmd.Env = []string{"HOME=" + home, "HOSTNAME=spark-0-driver", "TMPDIR=" + work, "PATH=" + os.Getenv("PATH"),
		"AWS_ROLE_ARN=" + variables["WEB_IDENTITY_ROLE_ARN"], "AWS_WEB_IDENTITY_TOKEN_FILE=" + token, "AWS_STS_REGIONAL_ENDPOINTS=regional"}
	for name, value := range variables {
		if name != "ROLE_CHAIN_ENTRYPOINT" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	cmd.Env = append(cmd.Env, "ROLE_CHAIN_ENTRYPOINT=true")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "warning") {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.ReplaceAll(string(out), work, "$WORK")
}

// variables reads a submission's files as their own readers do.
func (e example) variables(t *testing.T) (properties, driver, executor map[string]string) {
	t.Helper()
	file := func(name string) string { return filepath.Join(written, e.dir, name) }
	switch e.form {
	case "spark-3.5":
		properties = fromScript(t, file("submit.sh"))
	case "spark-4.0":
		read, said, err := kubecheck(t, file("application.yaml"))
		if err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		properties = read[file("application.yaml")].Properties
	default:
		properties = fromJSON(t, file("start-job-run.json"))
	}
	driver, executor = map[string]string{}, map[string]string{}
	for name, value := range properties {
		if name, is := strings.CutPrefix(name, "spark.kubernetes.driverEnv."); is {
			driver[name] = value
		}
		if name, is := strings.CutPrefix(name, "spark.executorEnv."); is {
			executor[name] = value
		}
	}
	if !strings.HasSuffix(e.form, "-pod-template") {
		return properties, driver, executor
	}
	if len(driver)+len(executor) > 0 {
		t.Error("there are variables beside the pod templates")
	}
	read, said, err := kubecheck(t, file("driver.yaml"), file("executor.yaml"))
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return properties, read[file("driver.yaml")].Variables, read[file("executor.yaml")].Variables
}

// fromScript runs a script with a spark-submit that tells its arguments.
func fromScript(t *testing.T, script string) map[string]string {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "spark-submit"), []byte("#!/bin/sh\nprintf '%s\\0' \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", script, "the job's own")
	cmd.Env = []string{"PATH=" + bin}
	if sh, err := exec.LookPath("sh"); err == nil {
		cmd.Path = sh
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	properties := map[string]string{}
	words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	for i, w := range words {
		if w == "--conf" {
			name, value, _ := strings.Cut(words[i+1], "=")
			properties[name] = value
		}
	}
	if last := words[len(words)-1]; last != "the job's own" || words[0] != "--master" {
		t.Errorf("%q", words)
	}
	for _, role := range []string{"driver", "executor"} {
		if properties["spark.kubernetes.authenticate."+role+".serviceAccountName"] == "" {
			t.Errorf("no service account for the %s", role)
		}
	}
	return properties
}

func fromJSON(t *testing.T, file string) map[string]string {
	t.Helper()
	var request struct {
		ConfigurationOverrides struct {
			ApplicationConfiguration []struct {
				Classification string
				Properties     map[string]string
			}
		}
	}
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &request)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := request.ConfigurationOverrides.ApplicationConfiguration
	if len(c) != 1 || c[0].Classification != "spark-defaults" {
		t.Fatalf("%s: %+v", file, c)
	}
	return c[0].Properties
}
