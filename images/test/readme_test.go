//go:build images

package test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// block is the indented block of images/README.md that has the line.
func block(t *testing.T, line string) string {
	t.Helper()
	var found []string
	for _, text := range strings.Split(read(t, root+"/images/README.md"), "\n\n") {
		if strings.HasPrefix(text, "    ") && strings.Contains(text, line) {
			found = append(found, strings.ReplaceAll(strings.TrimPrefix(text, "    "), "\n    ", "\n"))
		}
	}
	if len(found) != 1 {
		t.Fatalf("images/README.md has %d blocks with %q", len(found), line)
	}
	return found[0] + "\n"
}

// What README.md tells a team to write into its Dockerfile does what it says there. On the smaller stand-in, for arm64.
func TestREADME(t *testing.T) {
	t.Parallel()
	const base = "public.ecr.aws/emr-on-eks/spark/emr-7.14.0"
	install, plain, undo := block(t, "RUN [ \"$(readlink -f /usr/bin/entrypoint.sh)\""), block(t, "\n    ENTRYPOINT"), block(t, "&& rm -r /opt/rolechain ")
	_, again, _ := strings.Cut(install, "\n") // what follows FROM
	for _, c := range []struct{ name, dockerfile, entrypoint, link string }{
		{"installed", install, "/usr/bin/entrypoint.sh", "/opt/rolechain/entrypoint\n"},
		{"installed twice", install + again, "/usr/bin/entrypoint.sh", "/opt/rolechain/entrypoint\n"},
		{"plain", "FROM " + base + ":latest\n" + plain, "/opt/rolechain/entrypoint", ""},
		{"undone", install + undo, "/usr/bin/entrypoint.sh", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			bakeFile := file(t, "readme.hcl", fmt.Sprintf(`target "readme" {
  dockerfile-inline = <<EOT
%sEOT
  contexts = {
    %q = "target:standin"
    "111111111111.dkr.ecr.us-west-2.amazonaws.com/rolechain:v1.0.0" = "target:rolechain"
  }
  platforms = ["linux/arm64"]
  tags = ["readme:latest"]
}
`, c.dockerfile, base), 0o644)
			archive := filepath.Join(dir, "readme.tar")
			bake(t, "readme", "docker", archive, "--file", bakeFile)
			call(t, "load", "--quiet", "--input", archive)
			t.Cleanup(func() { call(t, "rmi", "readme:latest") })
			readme := podWith(arm64, "readme:latest")
			run(t, podWith(readme, "/bin/echo", "the job")...).want(t, result{"the job\n", "", 0})
			run(t, podWith(readme, "/bin/bash", "-c", "readlink /usr/bin/entrypoint.sh; true")...).
				want(t, result{c.link, "", 0})
			want := "[" + c.entrypoint + "] hadoop:hadoop /home/hadoop\n"
			call(t, "inspect", "--format", "{{.Config.Entrypoint}} {{.Config.User}} {{.Config.WorkingDir}}", "readme:latest").want(t, result{want, "", 0})
		})
	}
}
