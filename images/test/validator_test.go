//go:build images

package test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// What amazon-emr-on-eks-custom-image-cli validate-image asks of an image, as far as it depends on us. It knows releases
// up to 6.14 (its manifest of 2023); these questions are the same for each of them. The names of jars that it looks for
// depend on the release, and are the base's matter.
func TestValidator(t *testing.T) {
	config, created := inspect(t)

	t.Run("manifest", func(t *testing.T) {
		if created == "" {
			t.Error("no date of creation")
		}
		for what, values := range map[string][2]string{
			"Default User":      {config.User, "hadoop:hadoop"},
			"Working Directory": {config.WorkingDir, "/home/hadoop"},
			"Entrypoint":        {strings.Join(config.Entrypoint, " "), "/usr/bin/entrypoint.sh"},
		} {
			if values[0] != values[1] {
				t.Errorf("%s is %q, not %q", what, values[0], values[1])
			}
		}
	})

	t.Run("environment", func(t *testing.T) {
		env := map[string]string{}
		for _, variable := range config.Env {
			name, value, _ := strings.Cut(variable, "=")
			if strings.Contains(value, "=") {
				t.Errorf("%s has a second \"=\", at which the validator ends with a traceback", variable)
			}
			env[name] = value
		}
		for name, want := range map[string]string{"SPARK_HOME": "/usr/lib/spark", "JAVA_HOME": "/etc/alternatives/jre"} {
			if env[name] != want {
				t.Errorf("%s is %q, not %q", name, env[name], want)
			}
		}
	})

	// It keeps a container running /bin/bash on a terminal, and looks around in it.
	t.Run("files", func(t *testing.T) {
		name := strings.TrimSpace(call(t, "run", "--rm", "--detach", "--tty", "--network", "none", image, "/bin/bash").stdout)
		defer call(t, "kill", name)
		for path, prefixes := range map[string][]string{
			"/usr/lib/spark/jars": {"spark-core", "spark-sql", "hadoop-client", "scala-library"},
			"/usr/lib/spark/bin":  {"spark-submit", "spark-class", "spark-shell", "pyspark", "find-spark-home"},
		} {
			listing := call(t, "exec", name, "bash", "-c", "ls -al "+path+" | awk '{print $9}'")
			for _, prefix := range prefixes {
				if !strings.Contains(listing.stdout, "\n"+prefix) {
					t.Errorf("no %s in %s: %+v", prefix, path, listing)
				}
			}
		}
	})

	// Its own call of spark-submit is one word to bash, which cannot find such a file, and nobody looks at the exit code.
	// This one runs.
	t.Run("job", func(t *testing.T) {
		got := run(t, image, "bash", "-c", "spark-submit --deploy-mode client --master local "+
			"--class org.apache.spark.examples.SparkPi local:///usr/lib/spark/examples/jars/spark-examples.jar")
		if got.code != 0 || got.stdout != "Pi is roughly 3.141676\n" {
			t.Errorf("exit code %d, %q\n%s", got.code, got.stdout, got.stderr)
		}
	})
}

// EMR's driver: the first word says what it is, and everything else is spark-submit's.
func TestSparkPi(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]string{"without roles": nil, "with roles": chained(t)} {
		t.Run(name, func(t *testing.T) {
			got := run(t, append(append([]string{"--env", "SPARK_DRIVER_BIND_ADDRESS=127.0.0.1"}, options...), image, "driver",
				"--master", "local[2]", "--class", "org.apache.spark.examples.SparkPi", "local:///usr/lib/spark/examples/jars/spark-examples.jar")...)
			if got.code != 0 || got.stdout != "Pi is roughly 3.141676\n" {
				t.Errorf("exit code %d, %q\n%s", got.code, got.stdout, got.stderr)
			}
		})
	}
	got := run(t, "--env", "SPARK_DRIVER_BIND_ADDRESS=127.0.0.1", image, "driver", "--class", "NoSuchClass", "local:///nowhere.jar")
	if got.code != 101 { // spark-submit's own, for a class that is not there
		t.Errorf("exit code %d\n%s", got.code, got.stderr)
	}
}

type config struct {
	User       string
	WorkingDir string
	Entrypoint []string
	Env        []string
}

func inspect(t *testing.T) (config, string) {
	t.Helper()
	var images []struct {
		Config  config
		Created string
	}
	if err := json.Unmarshal([]byte(call(t, "inspect", image).stdout), &images); err != nil || len(images) != 1 {
		t.Fatal(err, len(images))
	}
	return images[0].Config, images[0].Created
}

// Everything of ours belongs to root, is closed to the job, and lies in one directory and two links.
func TestPlaces(t *testing.T) {
	for _, c := range []struct{ ask, want string }{
		{"readlink /usr/bin/entrypoint.sh", "/opt/rolechain/entrypoint\n"},
		{"stat -c '%A %U:%G %n' /opt/rolechain /opt/rolechain/*", "drwxr-xr-x root:root /opt/rolechain\n" +
			"-rw-r--r-- root:root /opt/rolechain/LICENSE\n-rwxr-xr-x root:root /opt/rolechain/entrypoint\n" +
			"-rwxr-xr-x root:root /opt/rolechain/original\n-rwxr-xr-x root:root /opt/rolechain/rolechain\n" +
			"-rw-r--r-- root:root /opt/rolechain/rolechain-hadoop.jar\n"},
		{"readlink /usr/lib/spark/jars/rolechain-hadoop.jar", "/opt/rolechain/rolechain-hadoop.jar\n"},
		{"find /opt/rolechain /usr/bin/entrypoint.sh ! -type l -writable", ""},
		{"find /home/hadoop /tmp /mnt -mindepth 1", ""},
		{"head -c 11 /opt/rolechain/original", "#!/bin/bash"},
	} {
		run(t, image, "/bin/bash", "-c", c.ask).want(t, result{c.want, "", 0})
	}
}

// README.md says what the image grows by, in whole MB.
func TestSize(t *testing.T) {
	sum := 0
	for _, name := range []string{"LICENSE", "entrypoint", "original", "rolechain"} {
		var size int
		got := run(t, image, "stat", "-c", "%s", "/opt/rolechain/"+name)
		if _, err := fmt.Sscan(got.stdout, &size); err != nil {
			t.Fatal(err)
		}
		sum += size
	}
	if want := fmt.Sprintf("It adds about %.0f MB", float64(sum)/1e6); !strings.Contains(read(t, root+"/images/README.md"), want) {
		t.Errorf("%d bytes: images/README.md does not say %q", sum, want)
	}
}
