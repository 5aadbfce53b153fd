package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"rolechain/internal/exit"
)

// version prints one line, from what the go command has built into the binary:
//
//	rolechain v1.2.0 (commit 0123456789ab, go1.26.8, linux/amd64)
func version(args, _ []string, stdout, _ io.Writer) error {
	if len(args) > 0 {
		return exit.Because(exit.Usage, fmt.Errorf("version takes no argument, not %q", args[0]), "")
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{GoVersion: runtime.Version()}
	}
	_, err := fmt.Fprintln(stdout, describe(info))
	return err
}

func describe(info *debug.BuildInfo) string {
	number, commit, modified := info.Main.Version, "unknown", ""
	if number == "" {
		number = "(devel)"
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			commit = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			modified = " with changes"
		}
	}
	return fmt.Sprintf("rolechain %s (commit %s%s, %s, %s/%s)", number, commit, modified, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}
