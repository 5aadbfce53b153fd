// Job plays the original entrypoint for bench/refresher. It prints its environment as a line of JSON and runs until stdin
// ends. With arguments it begins sessions first, and prints the list of their access key ids:
//
//	job N            N sessions of the AWS SDK for Go v2 at once, each with a configuration of its own
//	job N COMMAND... N processes of COMMAND at once, each of which prints an access key id
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/config"
)

func main() {
	out := json.NewEncoder(os.Stdout)
	err := out.Encode(os.Environ())
	if len(os.Args) > 1 && err == nil {
		var ids []string
		if ids, err = sessions(os.Args[1], os.Args[2:]); err == nil {
			err = out.Encode(ids)
		}
	}
	if err != nil {
		log.Fatalln("the job:", err)
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func sessions(number string, command []string) ([]string, error) {
	n, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	session := goSession
	if len(command) > 0 {
		session = func() (string, error) {
			out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
			if err != nil {
				return "", fmt.Errorf("%s: %w: %s", command[0], err, out)
			}
			return strings.TrimSpace(string(out)), nil
		}
	}
	ids, errs := make([]string, n), make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { ids[i], errs[i] = session() })
	}
	all.Wait()
	return ids, errors.Join(errs...)
}

func goSession() (string, error) {
	ctx := context.Background()
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return "", err
	}
	keys, err := c.Credentials.Retrieve(ctx)
	return keys.AccessKeyID, err
}
