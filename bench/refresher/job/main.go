// Job plays the original entrypoint for bench/refresher. It prints its environment as a line of JSON, and then does what
// the lines of stdin say, each with one line of JSON as its answer, until stdin ends:
//
//	go N             N sessions of the AWS SDK for Go v2 at once, each with a configuration of its own
//	boto3 N PYTHON   N processes of PYTHON at once, each with one session of boto3
//
// The answer is the list of the sessions' access key ids, or a string that says what went wrong.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/config"
)

func main() { os.Exit(run(context.Background(), os.Stdin, os.Stdout, os.Environ())) }

func run(ctx context.Context, stdin io.Reader, stdout io.Writer, env []string) int {
	answers := json.NewEncoder(stdout)
	if answers.Encode(env) != nil {
		return 1
	}
	for lines := bufio.NewScanner(stdin); lines.Scan(); {
		ids, err := obey(ctx, strings.Fields(lines.Text()))
		var answer any = ids
		if err != nil {
			answer = err.Error()
		}
		if answers.Encode(answer) != nil {
			return 1
		}
	}
	return 0
}

func obey(ctx context.Context, words []string) ([]string, error) {
	if len(words) < 2 {
		return nil, errors.New("a line is an SDK and a number")
	}
	n, err := strconv.Atoi(words[1])
	switch {
	case err != nil:
		return nil, err
	case words[0] == "go" && len(words) == 2:
		return together(n, func() (string, error) { return goSession(ctx) })
	case words[0] == "boto3" && len(words) == 3:
		return together(n, func() (string, error) { return botoSession(ctx, words[2]) })
	}
	return nil, fmt.Errorf("%q is not one of the SDKs", words[0])
}

// together calls get n times at once.
func together(n int, get func() (string, error)) ([]string, error) {
	ids, errs := make([]string, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { ids[i], errs[i] = get() })
	}
	all.Wait()
	return ids, errors.Join(errs...)
}

func goSession(ctx context.Context) (string, error) {
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return "", err
	}
	keys, err := c.Credentials.Retrieve(ctx)
	return keys.AccessKeyID, err
}

func botoSession(ctx context.Context, python string) (string, error) {
	out, err := exec.CommandContext(ctx, python, "-c", "import boto3; print(boto3.Session().get_credentials().get_frozen_credentials().access_key)").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("boto3: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
