package report

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// sleeper is a process with this stderr, which ends with the test.
func sleeper(t *testing.T, stderr *os.File) string {
	t.Helper()
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); _ = cmd.Wait() })
	return strconv.Itoa(cmd.Process.Pid)
}

func TestJobStderr(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	var inherited bytes.Buffer
	pid := sleeper(t, write)
	j := NewJobStderr(pid, &inherited)
	if !j.Moved() {
		t.Error("another pipe is not seen")
	}
	_, _ = j.Write([]byte("to the job\n"))
	_, _ = j.Write(append(bytes.Repeat([]byte("ü"), maxPiece), '\n'))
	if got := drain(t, read, 11+maxPiece); !strings.HasPrefix(got, "to the job\nü") || !strings.HasSuffix(got, "…\n") {
		t.Errorf("the job's stderr has %.20q … %q", got, got[len(got)-8:])
	}

	// A pipe that nobody empties: the line is in the container's log, at least.
	for takes(int(write.Fd()), 0) {
		_, _ = write.Write(make([]byte, maxPiece))
	}
	_, _ = j.Write([]byte("full\n"))
	write.Close()
	read.Close()
	_, _ = j.Write([]byte("nobody reads\n"))

	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, same := range []*os.File{os.Stderr, file} {
		j := NewJobStderr(sleeper(t, same), &inherited)
		if j.Moved() {
			t.Errorf("%s is taken for another pipe", same.Name())
		}
		_, _ = j.Write([]byte(same.Name() + "\n"))
	}
	if got, _ := io.ReadAll(file); len(got) > 0 {
		t.Errorf("the file has %q", got)
	}
	_, _ = NewJobStderr("1073741824", &inherited).Write([]byte("no such process\n"))
	if want := "full\nnobody reads\n" + os.Stderr.Name() + "\n" + file.Name() + "\nno such process\n"; inherited.String() != want {
		t.Errorf("inherited stderr has\n%s", &inherited)
	}
}
