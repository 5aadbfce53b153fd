// Whoami plays the original entrypoint in the demo: a program that knows nothing of role chaining, and asks AWS who it
// is with the SDK's default configuration. Called with "watch N" it goes on asking, with one client, until it has met N
// sessions.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() { os.Exit(run(context.Background(), os.Args, os.Stdout, os.Stderr)) }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 3 && args[1] == "watch" {
		if err := watch(ctx, args[2], stdout); err != nil {
			fmt.Fprintln(stderr, "whoami:", err)
			return 1
		}
		return 0
	}
	fmt.Fprintf(stdout, "process id      %d\n", os.Getpid())
	fmt.Fprintf(stdout, "called as       %s\n", strings.Join(args, " "))
	client, err := identity(ctx)
	if err == nil {
		fmt.Fprintf(stdout, "default chain   %s\n", client)
		client, err = identity(ctx, config.WithSharedConfigProfile("job-execution-role"))
	}
	if err != nil {
		fmt.Fprintln(stderr, "whoami:", err)
		return 1
	}
	fmt.Fprintf(stdout, "first hop       %s   (profile job-execution-role)\n", client)
	return 0
}

// identity is who AWS says the caller is, and the key id by which it can be found in a journal.
func identity(ctx context.Context, options ...func(*config.LoadOptions) error) (string, error) {
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return "", err
	}
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("getting credentials: %w", err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("asking who I am: %w", err)
	}
	if who.Arn == nil {
		return "", errors.New("AWS did not say who I am")
	}
	return fmt.Sprintf("%s, key …%s", aws.ToString(who.Arn), keys.AccessKeyID[len(keys.AccessKeyID)-4:]), nil
}

// watch makes one client at the beginning and tells of each session that it works with.
func watch(ctx context.Context, sessions string, stdout io.Writer) error {
	most, err := strconv.Atoi(sessions)
	if err != nil {
		return err
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := sts.NewFromConfig(cfg)
	requests, began, last := 0, time.Now(), ""
	for met := 0; met < most; time.Sleep(100 * time.Millisecond) {
		who, err := client.GetCallerIdentity(ctx, nil)
		if err != nil {
			return fmt.Errorf("request %d: %w", requests+1, err)
		}
		requests++
		keys, err := cfg.Credentials.Retrieve(ctx)
		if err != nil {
			return fmt.Errorf("getting credentials: %w", err)
		}
		if keys.AccessKeyID != last {
			last = keys.AccessKeyID
			met++
			fmt.Fprintf(stdout, "%4.1f s, request %3d: %s, key %s\n", time.Since(began).Seconds(), requests, aws.ToString(who.Arn), last)
		}
	}
	return nil
}
