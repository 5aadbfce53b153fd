package settings

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ownAgain is the argument with which this test's own program prints what it reads from its environment.
const ownAgain = "print-own-environment"

func TestMain(m *testing.M) {
	if os.Args[len(os.Args)-1] == ownAgain {
		own := Own()
		fmt.Printf("%q\n%s", own.List, show(own.variables()))
		return
	}
	os.Exit(m.Run())
}

// What envconfig reads from a process's environment is what is read from the same environment as a list: an unset
// variable, an empty one, and a name that is there twice mean the same in a pod, in spark-conf and in a test.
func TestOwnAndListedAgree(t *testing.T) {
	everything := func(value string) (env []string) {
		for _, name := range names() {
			env = append(env, name+"="+value)
		}
		return env
	}
	for name, env := range map[string][]string{
		"unknown names":           {"PATH=/bin", "ROLE_CHAIN_X=1", "role_chain_via=x", "X_CLIENT_ROLE_ARN=x"},
		"roles":                   {"CLIENT_ROLE_ARN=" + client, "AWS_ROLE_ARN=" + job, "HOME=/home/hadoop"},
		"everything":              everything("x"),
		"everything empty":        everything(""),
		"white space and quotes":  everything(" \"'\n\t"),
		"the first counts":        append(everything("first"), everything("last")...),
		"the first, also empty":   append(everything(""), everything("last")...),
		"not an assignment":       append([]string{"CLIENT_ROLE_ARN", "ROLE_CHAIN_DELIVERY"}, everything("x")...),
		"nothing between":         {"CLIENT_ROLE_ARN", "", "ROLE_CHAIN_DELIVERY=file"},
		"a name that is empty":    {"=CLIENT_ROLE_ARN=x", "=", "ROLE_CHAIN_VIA==x"},
		"other cases":             {"client_role_arn=x", "Role_Chain_Delivery=file", "home=/h"},
		"fields and tags of ours": {"CLIENTROLEARN=x", "ClientRoleARN=x", "FILES=x", "VIA=x", "DURATION=x", "ENVCONFIG=x"},
		"envconfig's own parsing": {"ROLE_CHAIN_DURATION=", "ROLE_CHAIN_VERIFY=maybe", "ROLE_CHAIN_VIA=a,b:c", "ROLE_CHAIN_START_TIMEOUT=5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list, own, _ := strings.Cut(readAsProcess(t, env), "\n")
			if want := fmt.Sprintf("%q", env); list != want {
				t.Errorf("the process's list is %s, want %s", list, want)
			}
			if listed := show(Listed(env).variables()); listed != own {
				t.Errorf("from the list\n%sby envconfig\n%s", listed, own)
			}
		})
	}
}

// readAsProcess returns what this program prints when it runs with exactly env, which os/exec would tidy up first.
func readAsProcess(t *testing.T, env []string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	p, err := os.StartProcess(self, []string{self, ownAgain}, &os.ProcAttr{Env: env, Files: []*os.File{nil, write, os.Stderr}})
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	out, problem := io.ReadAll(read)
	if state, err := p.Wait(); err != nil || !state.Success() || problem != nil {
		t.Fatal(err, state, problem)
	}
	return string(out)
}

// show writes a line for each variable: its name, and its value or "unset".
func show(v variables) string {
	var lines strings.Builder
	fields := reflect.ValueOf(v)
	for i, name := range names() {
		value := "unset"
		if p := fields.Field(i).Interface().(*string); p != nil {
			value = strconv.Quote(*p)
		}
		fmt.Fprintln(&lines, name, value)
	}
	return lines.String()
}

// FuzzOwnAndListedAgree has the values of FuzzSettings and more, in this process's own environment.
func FuzzOwnAndListedAgree(f *testing.F) {
	for _, seed := range []string{"", "x", "CLIENT_ROLE_ARN=" + client, "CLIENT_ROLE_ARN=\nROLE_CHAIN_VIA=a,b", "AWS_REGION=x\nAWS_REGION=y", "ROLE_CHAIN_DURATION=\nHOME", "role_chain_verify=1\n=\n=x"} {
		f.Add(seed)
	}
	before := os.Environ()
	f.Cleanup(func() { replaceEnvironment(before) })
	f.Fuzz(func(t *testing.T, lines string) {
		list := slices.DeleteFunc(strings.Split(lines, "\n"), func(a string) bool { return strings.Contains(a, "\x00") })
		replaceEnvironment(list)
		own, listed := show(Environment{own: true}.variables()), show(Listed(list).variables())
		if own != listed {
			t.Errorf("%q: from the list\n%sby envconfig\n%s", list, listed, own)
		}
	})
}

// replaceEnvironment does what the start of a process does: of a name that is there twice the first counts.
func replaceEnvironment(list []string) {
	os.Clearenv()
	for _, assignment := range list {
		name, value, found := strings.Cut(assignment, "=")
		if _, there := os.LookupEnv(name); found && !there && name != "" {
			os.Setenv(name, value)
		}
	}
}
