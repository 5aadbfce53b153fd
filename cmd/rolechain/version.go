package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"rolechain/internal/settings"
)

// An image is built without the repository, so its build says with -ldflags "-X main.builtVersion=v1.2.0 -X
// main.builtCommit=<40 hex digits>" what the go command cannot find out. A commit that ends in "-dirty" had changes on top.
// Empty is unknown.
var builtVersion, builtCommit string

// version prints one line, from what the go command or the build has put into the binary:
//
//	rolechain v1.2.0 (commit 0123456789ab, go1.26.8, linux/amd64)
//
// A build with GOFIPS140 names Go's cryptographic module as well: "…, linux/amd64, FIPS 140-3 module v1.0.0-c2097c7c)".
func version(args []string, _ settings.Environment, stdout, _ io.Writer) error {
	if err := parseAlone(newFlags("version"), args); err != nil {
		return err
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	_, err := fmt.Fprintln(stdout, describe(info, builtVersion, builtCommit))
	return err
}

// describe takes what the go command knows, and for the rest what the build said.
func describe(info *debug.BuildInfo, builtVersion, builtCommit string) string {
	number, commit, modified, fips := info.Main.Version, "", false, ""
	if builtVersion != "" && (number == "" || number == "(devel)") {
		number = builtVersion
	}
	if number == "" {
		number = "(devel)"
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value
		case s.Key == "vcs.modified":
			modified = s.Value == "true"
		case s.Key == "GOFIPS140" && s.Value != "off":
			fips = ", FIPS 140-3 module " + s.Value
		}
	}
	if commit == "" {
		commit, modified = strings.CutSuffix(builtCommit, "-dirty")
	}
	if len(commit) < 12 {
		commit = "unknown"
	} else {
		commit = commit[:12]
	}
	if modified {
		commit += " with changes"
	}
	return fmt.Sprintf("rolechain %s (commit %s, %s, %s/%s%s)", number, commit, info.GoVersion, runtime.GOOS, runtime.GOARCH, fips)
}
