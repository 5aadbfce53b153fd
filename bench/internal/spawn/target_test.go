package spawn

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The expected bytes are what GNU and LLVM assemblers make of the listings in target.go.
func TestTargetCode(t *testing.T) {
	for arch, want := range map[string]string{
		"amd64": "b8e4000000" + "bf01000000" + "488d7424f0" + "0f05" +
			"b801000000" + "bf01000000" + "488d7424f0" + "ba10000000" + "0f05" +
			"b83c000000" + "31ff" + "0f05",
		"arm64": "200080d2" + "e14300d1" + "280e80d2" + "010000d4" +
			"200080d2" + "e14300d1" + "020280d2" + "080880d2" + "010000d4" +
			"000080d2" + "a80b80d2" + "010000d4",
	} {
		if got := hex.EncodeToString(machines[arch].code); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", arch, got, want)
		}
	}
}

func TestTargetFile(t *testing.T) {
	for arch, m := range machines {
		image, err := Target(arch)
		if err != nil {
			t.Fatal(err)
		}
		file, err := elf.NewFile(bytes.NewReader(image))
		if err != nil {
			t.Fatalf("%s: %v", arch, err)
		}
		if file.Type != elf.ET_EXEC || file.Machine != m.machine {
			t.Errorf("%s: %v for %v", arch, file.Type, file.Machine)
		}
		var code []byte
		for _, p := range file.Progs {
			switch {
			case p.Type == elf.PT_INTERP:
				t.Errorf("%s: needs a loader", arch)
			case p.Flags&(elf.PF_W|elf.PF_X) == elf.PF_W|elf.PF_X:
				t.Errorf("%s: %v is writable and executable", arch, p.ProgHeader)
			case p.Type == elf.PT_LOAD && (p.Off != 0 || p.Vaddr%p.Align != 0 || p.Align%0x10000 != 0):
				t.Errorf("%s: %v cannot be mapped with pages of 64 KiB", arch, p.ProgHeader)
			case p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0:
				code = make([]byte, p.Vaddr+p.Filesz-file.Entry)
				if _, err := p.ReadAt(code, int64(file.Entry-p.Vaddr)); err != nil {
					t.Errorf("%s: %v", arch, err)
				}
			}
		}
		if !bytes.Equal(code, m.code) {
			t.Errorf("%s: at the entry is %x", arch, code)
		}
	}
	if _, err := Target("riscv64"); err == nil || !strings.Contains(err.Error(), "riscv64") {
		t.Errorf("an architecture without a program gives %v", err)
	}
}

func TestTargetRuns(t *testing.T) {
	image, err := Target(runtime.GOARCH)
	if err != nil {
		t.Skip("SKIPPED: ", err) // an architecture that the benchmark does not know either
	}
	path := filepath.Join(t.TempDir(), "target")
	if err := os.WriteFile(path, image, 0o755); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	now := func() int64 {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			t.Fatal(err)
		}
		return ts.Nano()
	}
	before := now()
	p, err := os.StartProcess(path, []string{path}, &os.ProcAttr{Files: []*os.File{nil, w, nil}})
	if err != nil {
		t.Fatal(err)
	}
	state, err := p.Wait()
	after := now()
	w.Close()
	if err != nil || !state.Success() {
		t.Fatalf("%v, %v", state, err)
	}
	written, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	at, err := stamp(written)
	if err != nil {
		t.Fatal(err)
	}
	if at < before || at > after {
		t.Errorf("started at %d, not between %d and %d", at, before, after)
	}
}

func TestStamp(t *testing.T) {
	got, err := stamp([]byte{2, 1, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0})
	if err != nil || got != 258_000_000_007 {
		t.Errorf("stamp = %d, %v", got, err)
	}
	for _, written := range []string{"", "a job's output, longer than sixteen"} {
		if _, err := stamp([]byte(written)); err == nil || !strings.Contains(err.Error(), written) {
			t.Errorf("stamp(%q) gives %v", written, err)
		}
	}
}
