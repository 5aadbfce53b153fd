package start

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"rolechain/internal/exit"
)

// MarkVariable is set in every start, with and without roles. By it a start sees that the original entrypoint, or what that
// executed, was rolechain again: two copies that take each other for the original, or a script that calls rolechain back.
// Without it that would be one process that executes itself forever.
const MarkVariable = "ROLECHAIN_STARTED"

// maxDepth is how deep starts may be nested in child processes. A job that calls the entrypoint again makes two.
const maxDepth = 32

// A mark is the value of MarkVariable: process id, start time, depth, and the files that this process has executed as the
// original, in order. A process keeps its id and start time when it executes another program, and a child has others.
type mark struct {
	pid   int
	began string   // in clock ticks since boot; "-" where there is no /proc, and then the id has to do
	depth int      // of starts in child processes
	files []string // DEVICE.INODE
}

// NextMark returns the value of MarkVariable for a start in env that executes target. It fails when this process has
// executed target before.
func NextMark(env []string, target string) (string, error) {
	now := mark{pid: os.Getpid(), began: began(), files: []string{identity(target)}}
	value, _ := lookup(env, MarkVariable)
	before, ok := parseMark(value)
	if ok {
		now.depth = before.depth + 1
	}
	if ok && before.pid == now.pid && (before.began == now.began || before.began == "-" || now.began == "-") {
		for _, file := range before.files {
			if file == now.files[0] {
				return "", loopError(target, "this process has executed it already, and was led back here")
			}
		}
		now.depth, now.files = before.depth, append(before.files, now.files...)
	}
	if now.depth > maxDepth {
		return "", loopError(target, fmt.Sprintf("it calls rolechain's entrypoint, %d times nested", maxDepth))
	}
	return now.String(), nil
}

func loopError(target, why string) error {
	return exit.Because(exit.BadSetting, fmt.Errorf("the original entrypoint %q leads back to rolechain's own: %s", target, why),
		"rolechain was put into the image twice, or a script calls it again: ROLE_CHAIN_ENTRYPOINT, or the program \""+movedName+"\" beside rolechain's, must be the image's own entrypoint")
}

func (m mark) String() string {
	return fmt.Sprintf("%d %s %d %s", m.pid, m.began, m.depth, strings.Join(m.files, ","))
}

// parseMark takes what somebody else has written there for no mark.
func parseMark(value string) (mark, bool) {
	fields := strings.Split(value, " ")
	if len(fields) != 4 {
		return mark{}, false
	}
	pid, err1 := strconv.Atoi(fields[0])
	depth, err2 := strconv.Atoi(fields[2])
	return mark{pid: pid, began: fields[1], depth: depth, files: strings.Split(fields[3], ",")}, err1 == nil && err2 == nil && depth >= 0
}

// began is when this process was started, the 22nd field of proc_pid_stat(5).
func began() string {
	fd, err := unix.Open("/proc/self/stat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "-"
	}
	defer unix.Close(fd)
	var buf [1024]byte
	n, _ := unix.Read(fd, buf[:])
	// The program's name, in parentheses, may have spaces and parentheses in it.
	fields := bytes.Fields(buf[bytes.LastIndexByte(buf[:max(n, 0)], ')')+1 : max(n, 0)])
	if len(fields) < 20 {
		return "-"
	}
	return string(fields[19])
}

// identity names the file behind path, whatever name it is called by.
func identity(path string) string {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return "-"
	}
	return fmt.Sprintf("%x.%x", uint64(st.Dev), st.Ino)
}

// Follow reports as an error what NextMark would find in a start: from target on it follows copies of rolechain's
// entrypoint, and scripts that execute or call one. name is the setting for the original, own the entrypoint that starts.
func Follow(name, at, own string) error {
	first := at
	for seen := map[string]bool{}; ; {
		next := leadsTo(at, own, map[string]bool{})
		if next == "" {
			return nil
		}
		if seen[identity(at)] {
			return loopError(first, "it would execute that for ever")
		}
		seen[identity(at)] = true
		var err error
		if at, err = target(name, next); err != nil {
			return err
		}
	}
}

// leadsTo returns the entrypoint of rolechain's that path is or, as a script, executes or calls; "" for none. Between the two there may
// be more scripts, which go into seen.
func leadsTo(path, own string, seen map[string]bool) string {
	if isOurs(path, own) {
		return path
	}
	data, err := os.ReadFile(path)
	if err != nil || seen[identity(path)] || !bytes.HasPrefix(data, []byte("#!")) || bytes.Contains(data, []byte("ROLE_CHAIN_ENTRYPOINT")) {
		return "" // a script that changes the setting leads elsewhere
	}
	seen[identity(path)] = true
	for line := range strings.Lines(string(data)) {
		line, interpreter := strings.CutPrefix(line, "#!")
		words := strings.Fields(line)
		call := false
		switch {
		case len(words) == 0:
			continue
		case interpreter:
			words = words[:1]
		case words[0] == "exec":
			words = words[1:]
		default: // a call that depends on nothing
			words, call = words[:1], true
			if !strings.HasPrefix(line, words[0]) {
				continue
			}
		}
		for _, word := range words {
			called, err := exec.LookPath(strings.Trim(word, `"'`))
			if err != nil {
				continue
			}
			if isOurs(called, own) {
				return called
			}
			if !call && !interpreter {
				if next := leadsTo(called, own, seen); next != "" {
					return next
				}
			}
		}
	}
	return ""
}

// isOurs reports whether the program at path is own or another copy of rolechain's entrypoint, of any version.
func isOurs(path, own string) bool {
	if own != "" && isSame(path, own) {
		return true
	}
	data, err := os.ReadFile(path)
	return err == nil && bytes.HasPrefix(data, []byte("\x7fELF")) && bytes.Contains(data, []byte(ownEntrypoint))
}
