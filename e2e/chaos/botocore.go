package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
)

//go:embed botocore.py
var botocoreScript string

// A Botocore is botocore's parser of its own files, in a process that all schedules share.
type Botocore struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
}

// newBotocore starts it with the SDK that make realsdk installs; nil when that is not there.
func newBotocore(p *Procs, root string) (*Botocore, error) {
	python := filepath.Join(root, "build", "realsdk", "python", "bin", "python")
	if _, err := os.Stat(python); err != nil {
		return nil, nil
	}
	cmd := exec.Command(python, "-I", "-c", botocoreScript)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &Botocore{in: in, out: bufio.NewReader(out)}, p.start(cmd)
}

// problem reads a file, kind config or credentials, and returns what botocore finds wrong with it.
func (b *Botocore) problem(kind, path string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	line, _ := json.Marshal([]string{kind, path})
	if _, err := b.in.Write(append(line, '\n')); err != nil {
		return "", fmt.Errorf("asking botocore: %w", err)
	}
	answer, err := b.out.ReadBytes('\n')
	var problem string
	if err == nil {
		err = json.Unmarshal(answer, &problem)
	}
	if err != nil {
		return "", fmt.Errorf("asking botocore: %w", err)
	}
	return problem, nil
}
