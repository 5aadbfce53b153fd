package report

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// full is a pipe that takes nothing more, and what is in it.
func full(t *testing.T) (read, write *os.File, content []byte) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { read.Close(); write.Close() })
	fd := int(write.Fd()) // which makes it blocking, as a container's stderr is
	for takes(fd, 0) {
		n, err := unix.Write(fd, bytes.Repeat([]byte("x"), maxPiece-1)) // a page of the pipe each, with a byte left
		if err != nil {
			t.Fatal(err)
		}
		content = append(content, bytes.Repeat([]byte("x"), n)...)
	}
	return read, write, content
}

// drain reads what is in the pipe now.
func drain(t *testing.T, read *os.File, n int) string {
	t.Helper()
	got := make([]byte, n)
	if _, err := io.ReadFull(read, got); err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// A full pipe holds up nobody; what could not be written is counted, and the next line that can be says so.
func TestFullPipe(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		for name, writer := range map[string]func(fd int) io.Writer{
			"Stderr": func(fd int) io.Writer { return &Stderr{fd: fd, Keep: true} },
			"Now":    func(fd int) io.Writer { return &Now{FD: fd} },
		} {
			t.Run(name+"/"+format, func(t *testing.T) {
				read, write, content := full(t)
				out := writer(int(write.Fd()))
				log := New(out, slog.LevelInfo, format)
				for n := range 20 {
					log.Info(fmt.Sprintf("lost %d", n))
				}
				drain(t, read, len(content))
				log.Info("heard")
				log.Info("again")
				if flags, err := unix.FcntlInt(write.Fd(), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
					t.Errorf("flags %x, %v", flags, err)
				}
				write.Close()
				said, err := io.ReadAll(read)
				if err != nil {
					t.Fatal(err)
				}
				lines := strings.Split(strings.TrimSuffix(string(said), "\n"), "\n")
				if len(lines) != 3 || !strings.Contains(lines[0], "20 messages before this one were dropped") || !strings.Contains(lines[1], "heard") || !strings.Contains(lines[2], "again") {
					t.Errorf("said:\n%s", said)
				}
				for _, line := range lines {
					if (line[0] == '{') != (format == "json") {
						t.Errorf("%s: %s", format, line)
					}
				}
				if s, ok := out.(*Stderr); ok && strings.Count(string(s.Kept()), "lost") != 20 {
					t.Errorf("kept is\n%s", s.Kept())
				}
			})
		}
	}
}

// A write that blocks although poll(2) said that it would not is given up, and so is everything until it has come back.
func TestStuckWrite(t *testing.T) {
	fd, err := unix.Eventfd(1, 0) // takes less than is asked for below, but poll says that it takes something
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	s := &Stderr{fd: fd}
	one := func(b byte) []byte { return []byte{b, 0, 0, 0, 0, 0, 0, 0} }
	most := []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	_, _ = s.Write(most)
	if s.dropped != 1 || s.stuck == nil {
		t.Fatalf("%d dropped", s.dropped)
	}
	_, _ = s.Write(one(1))
	if s.dropped != 2 {
		t.Errorf("%d dropped", s.dropped)
	}
	value := make([]byte, 8)
	if _, err := unix.Read(fd, value); err != nil || !bytes.Equal(value, one(1)) { // which lets the write go on
		t.Fatalf("%v, %v", value, err)
	}
	if err := <-s.stuck; err != nil {
		t.Error(err)
	}
	if _, err := unix.Read(fd, value); err != nil || !bytes.Equal(value, most) {
		t.Errorf("%x, %v: want %x", value, err, uint64(math.MaxUint64-1))
	}
}
