package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// clockEnv carries a faked clock to programs built with the overlay: when it began, in nanoseconds since 1970, and how
// fast it runs.
const clockEnv = "CONFORMANCE_CLOCK"

// A Go program asks the kernel for the time without any library between, so that faketime does not reach it. For the
// moment with real lifetimes the programs are built from the same sources with an overlay of Go's package time, in which
// a second of the pod lasts a second divided by the factor. What is replaced must stand in Go's source exactly once.
var clockPatches = map[string][][2]string{
	"time.go": {
		{"	sec, nsec, mono := runtimeNow()\n	if mono == 0 {\n		return Time{uint64(nsec), sec + unixToInternal, Local}",
			"	sec, nsec, mono := fakedNow()\n	if mono == 0 {\n		return Time{uint64(nsec), sec + unixToInternal, Local}"},
		{"return subMono(runtimeNano()-startNano, t.ext)", "return subMono(fakedNano()-startNano, t.ext)"},
		{"return subMono(t.ext, runtimeNano()-startNano)", "return subMono(t.ext, fakedNano()-startNano)"},
	},
	"sleep.go": {{"runtimeNano() + int64(d)", "runtimeNano() + int64(d)/fakedFactor"}},
	"tick.go":  {{"newTimer(when(d), int64(d), sendTime", "newTimer(when(d), int64(d)/fakedFactor, sendTime"}},
}

const clockSource = `package time

import "syscall"

var fakedBegan, fakedFactor = fakedClock()

func fakedClock() (began, factor int64) {
	value, _ := syscall.Getenv("` + clockEnv + `")
	numbers := [2]int64{0, 0}
	n := 0
	for _, c := range []byte(value) {
		if c == ' ' {
			n = 1
			continue
		}
		numbers[n] = numbers[n]*10 + int64(c-'0')
	}
	return numbers[0], max(1, numbers[1])
}

func fakedNano() int64 { return startNano + (runtimeNano()-startNano)*fakedFactor }

func fakedNow() (sec int64, nsec int32, mono int64) {
	sec, nsec, mono = runtimeNow()
	if fakedFactor > 1 {
		wall := fakedBegan + (sec*1e9+int64(nsec)-fakedBegan)*fakedFactor
		sec, nsec = wall/1e9, int32(wall%1e9)
		mono = startNano + (mono-startNano)*fakedFactor
	}
	return sec, nsec, mono
}
`

// writeOverlay writes the overlay below dir and returns the file for go build -overlay.
func writeOverlay(dir string) (string, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("asking for GOROOT: %w", err)
	}
	source := filepath.Join(strings.TrimSpace(string(out)), "src", "time")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	replace := map[string]string{filepath.Join(source, "faked.go"): filepath.Join(dir, "faked.go")}
	if err := os.WriteFile(filepath.Join(dir, "faked.go"), []byte(clockSource), 0o644); err != nil {
		return "", err
	}
	for name, patches := range clockPatches {
		content, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return "", fmt.Errorf("reading Go's package time: %w", err)
		}
		text := string(content)
		for _, patch := range patches {
			if strings.Count(text, patch[0]) != 1 {
				return "", fmt.Errorf("this Go's time/%s does not have once what the faked clock replaces: %q", name, patch[0])
			}
			text = strings.Replace(text, patch[0], patch[1], 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[filepath.Join(source, name)] = filepath.Join(dir, name)
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, list, 0o644)
}
