package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// workers are the runtime settings that package supervise gives a worker.
var workers = []string{"GOMAXPROCS=1", "GOGC=20"}

// A bareServer is the program in bare/.
type bareServer struct {
	address string
	cmd     *exec.Cmd
	stdin   io.Closer
}

// startBare starts one that answers with body. env are runtime settings.
func (c *cluster) startBare(body []byte, env []string) (*bareServer, error) {
	b := &bareServer{cmd: exec.Command(c.bare)}
	b.cmd.Env, b.cmd.Stderr = append([]string{}, env...), os.Stderr // never nil: that would be our own environment
	stdin, err := b.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	b.stdin = stdin
	stdout, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(stdin, "%s\n", body); err != nil {
		b.end()
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		b.end()
		return nil, fmt.Errorf("starting a bare handler: %w", err)
	}
	b.address = strings.TrimSpace(line)
	return b, nil
}

func (b *bareServer) end() {
	b.stdin.Close()
	_ = b.cmd.Wait()
}
