package sdktest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// answerWithin is how long an SDK may think about one file before its process is killed. They take under a millisecond;
// the first answer of a JVM on a busy machine takes seconds.
const answerWithin = 30 * time.Second

// A Parser asks one SDK's own code what it reads in an AWS config or credentials file. Behind it is one process that
// answers JSON lines, so thousands of files a run are fine. It may be used by several goroutines, who wait for each other.
type Parser struct {
	sdk    string
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *json.Decoder
	stderr bytes.Buffer // complete only after cmd.Wait

	mu   sync.Mutex
	dead error // why the process is gone, once it is
}

// A FileError is an SDK's refusal of a file. Every other error of a [Parser] is trouble of the test rig.
type FileError struct {
	SDK  string // "botocore", "java v1", …
	Text string // the SDK's own words
}

func (e *FileError) Error() string { return e.SDK + ": " + e.Text }

// Parse returns what the SDK reads in a config file: profile name, key, value; or a [*FileError].
//
// Sections that are no profiles have their kind in front: "sso-session NAME", "services NAME". What becomes of a nested
// block is said at the function that starts each parser; testdata/answers.txt has examples of everything.
func (p *Parser) Parse(config []byte) (map[string]map[string]string, error) {
	return p.ask("config", config)
}

// ParseCredentials is [Parser.Parse] for a credentials file, where no section has the prefix "profile ".
func (p *Parser) ParseCredentials(credentials []byte) (map[string]map[string]string, error) {
	return p.ask("credentials", credentials)
}

// Profile returns one profile of a config file; nil when the SDK knows none of that name.
func (p *Parser) Profile(config []byte, name string) (map[string]string, error) {
	profiles, err := p.Parse(config)
	return profiles[name], err
}

// A question is one line to the process, an answer one line from it.
type (
	question struct {
		Kind    string `json:"kind"`
		Content []byte `json:"content"` // base64 on the line: a file need not be UTF-8
	}
	answer struct {
		Profiles map[string]map[string]string `json:"profiles"`
		Error    *string                      `json:"error"`
	}
)

// start runs a process that speaks this protocol until the test ends. dir is its working directory.
func start(t testing.TB, sdk, dir, path string, args ...string) *Parser {
	t.Helper()
	home := t.TempDir() // before the cleanup below: it must outlive the process
	p := &Parser{sdk: sdk, cmd: exec.Command(path, args...)}
	p.cmd.Dir = dir
	// Nothing of the caller's: an AWS_ variable or a locale would change the answers.
	p.cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home, "LANG=C.UTF-8"}
	p.cmd.Stderr = &p.stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, json.NewDecoder(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("starting the parser of %s: %v", sdk, err)
	}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.dead == nil {
			_ = p.end(io.EOF)
		}
	})
	return p
}

// ask sends one file and waits for the answer to it.
func (p *Parser) ask(kind string, content []byte) (map[string]map[string]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead != nil {
		return nil, p.dead
	}
	late := time.AfterFunc(answerWithin, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	if content == nil {
		content = []byte{} // nil would be null on the line
	}
	var a answer
	err := json.NewEncoder(p.in).Encode(question{kind, content})
	if err == nil {
		err = p.out.Decode(&a)
	}
	switch {
	case err != nil:
		return nil, p.end(err)
	case a.Error != nil:
		return nil, &FileError{SDK: p.sdk, Text: *a.Error}
	}
	return a.Profiles, nil
}

// end waits for the process to go, and remembers why it did: cause, its exit and what it wrote to stderr.
func (p *Parser) end(cause error) error {
	_ = p.in.Close() // every parser ends with its input
	late := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer late.Stop()
	exit := "exit status 0"
	if err := p.cmd.Wait(); err != nil {
		exit = err.Error()
	}
	p.dead = fmt.Errorf("the parser of %s is gone (%s): %w\n%s", p.sdk, exit, cause, p.stderr.Bytes())
	return p.dead
}
