package awsconfig

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"golang.org/x/sys/unix"
)

// loading is held while the environment is another one.
var loading sync.Mutex

// load returns the options of an STS client, and the endpoints that other services have been given by their names in
// others, by the SDK's own rules, from these variables and this config file alone.
func load(ctx context.Context, env map[string]string, file string) (o sts.Options, endpoints map[string]string, err error) {
	paths, closeFile, err := visible(file)
	if err != nil {
		return sts.Options{}, nil, err
	}
	defer closeFile()
	loading.Lock()
	defer loading.Unlock()
	defer swap(env)()
	cfg, err := config.LoadDefaultConfig(ctx,
		config.WithSharedConfigFiles(paths), config.WithSharedCredentialsFiles([]string{}),
		config.WithCredentialsProvider(aws.AnonymousCredentials{}),
		// The mode "auto" would ask the metadata service where this is.
		config.WithDefaultsMode(aws.DefaultsModeStandard),
		config.WithEC2IMDSClientEnableState(imds.ClientDisabled),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
	)
	if err != nil {
		return sts.Options{}, nil, fmt.Errorf("loading them: %w", err)
	}
	endpoints, err = endpointsIn(ctx, cfg)
	return sts.NewFromConfig(cfg).Options(), endpoints, err
}

// visible makes a config file that is nowhere but in memory. The SDK takes paths only.
func visible(file string) (paths []string, done func(), err error) {
	if file == "" {
		return []string{}, func() {}, nil
	}
	fd, err := unix.MemfdCreate("aws-settings", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, nil, fmt.Errorf("making a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "aws-settings")
	path := fmt.Sprintf("/proc/self/fd/%d", fd)
	_, err = f.WriteString(file)
	if err == nil {
		_, err = os.ReadFile(path) // the SDK passes over a file that it cannot read
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("giving the config file's settings to the SDK: %w", err)
	}
	return []string{path}, func() { f.Close() }, nil
}

// swap makes env the AWS part of this process's environment, which the SDK reads itself, until the result is called. One
// value that the SDK cannot parse, of a setting that does not concern these calls, would make it fail as a whole.
func swap(env map[string]string) (back func()) {
	before := map[string]string{}
	for _, assignment := range os.Environ() {
		if name, value, _ := strings.Cut(assignment, "="); strings.HasPrefix(name, "AWS_") {
			before[name] = value
			os.Unsetenv(name)
		}
	}
	for name, value := range env {
		os.Setenv(name, value)
	}
	return func() {
		for name := range env {
			os.Unsetenv(name)
		}
		for name, value := range before {
			os.Setenv(name, value)
		}
	}
}
