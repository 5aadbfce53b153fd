// Standin runs the STS stand-in of package ststest as a program, for the demo and for tests of whole images.
//
//	go run ./internal/ststest/standin -config roles.json -ready url -token token -subject system:serviceaccount:emr:spark
//
//	-listen ADDRESS   IPv4 loopback address (default 127.0.0.1:0, a free port); any other is refused
//	-config FILE      roles and users, in the format that the comment of package ststest shows; required
//	-ready FILE       gets the base URL once the server listens; appears whole or not at all
//	-token FILE       gets a web identity token for -subject, mode 0600
//	-subject SUBJECT  sub of that token
//
// The base URL is printed on stdout as well. Journal, faults, outages and more tokens are under /_standin/; see
// ststest.Server.Control. SIGTERM and SIGINT end it with code 0; 1 is a failure, 2 wrong usage.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"rolechain/internal/ststest"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program. It ends when ctx does, or at a signal.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	flags := flag.NewFlagSet("standin", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:0", "IPv4 loopback `address`")
	config := flags.String("config", "", "`file` with roles and users (required)")
	ready := flags.String("ready", "", "`file` that gets the base URL once the server listens")
	token := flags.String("token", "", "`file` that gets a web identity token for -subject")
	subject := flags.String("subject", "", "`subject` of that token")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case *config == "", flags.NArg() > 0, (*token == "") != (*subject == ""):
		fmt.Fprintln(stderr, "standin: -config is required, -token and -subject go together, and there are no arguments")
		return 2
	}
	if err := serve(ctx, *listen, *config, *ready, *token, *subject, stdout); err != nil {
		fmt.Fprintf(stderr, "standin: %v\n", err)
		return 1
	}
	return 0
}

func serve(ctx context.Context, listen, config, ready, token, subject string, stdout io.Writer) error {
	c, err := ststest.LoadConfig(config)
	if err != nil {
		return err
	}
	server, err := ststest.New(ststest.Options{Config: c})
	if err != nil {
		return err
	}
	if err := server.ListenWithControl(listen); err != nil {
		return err
	}
	defer server.Close()
	if token != "" {
		if err := publish(token, server.Token(subject)); err != nil {
			return fmt.Errorf("writing token: %w", err)
		}
	}
	if ready != "" {
		if err := publish(ready, server.URL); err != nil {
			return fmt.Errorf("writing base URL: %w", err)
		}
	}
	fmt.Fprintln(stdout, server.URL)
	<-ctx.Done()
	return nil
}

// publish writes a file that appears whole: whoever waits for it never reads half of it.
func publish(file, content string) error {
	temp, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // there is nothing left to remove after the rename
	_, err = temp.WriteString(content)
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), file)
}
