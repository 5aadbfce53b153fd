package durable_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
)

func TestWriteThenRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "deeper", ".aws", "config")
	if _, ok, err := durable.Read(path); ok || err != nil {
		t.Fatalf("Read of nothing = %v, %v", ok, err)
	}
	for _, content := range []string{"[default]\n", "", "longer than before\n", "short\n", strings.Repeat("x", durable.MaxSize)} {
		must(t, durable.Writable(path))
		must(t, durable.Write(path, []byte(content)))
		wantContent(t, path, content)
		wantNames(t, filepath.Dir(path), "config")
	}
}

func TestRelativePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"config", "./x/config", "a/../b/config"} {
		must(t, durable.Writable(path))
		must(t, durable.Write(path, []byte(path)))
		wantContent(t, path, path)
	}
	for _, path := range []string{"", ".", "..", "a/", "a/..", "/"} {
		if err := durable.Write(path, nil); err == nil {
			t.Errorf("Write(%q) succeeded", path)
		}
		if err := durable.Writable(path); err == nil {
			t.Errorf("Writable(%q) succeeded", path)
		}
	}
}

func TestModesWhateverTheUmask(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	must(t, os.Chown(dir, 65534, 65534))
	becomeNobody(t) // root would not notice a mode of 000
	for _, umask := range []int{0, 0o077, 0o777} {
		home := fmt.Sprintf("%s/%o", dir, umask)
		path := home + "/.aws/config"
		syscall.Umask(umask)
		err := durable.Write(path, []byte("a"))
		err2 := durable.Write(path, []byte("b"))
		private := home + "/private"
		err3 := durable.MakePrivateDir(private)
		syscall.Umask(0o022)
		must(t, err)
		must(t, err2)
		must(t, err3)
		wantContent(t, path, "b")
		wantMode(t, path, 0o600)
		wantMode(t, home+"/.aws", 0o700)
		wantMode(t, home, 0o700)
		wantMode(t, private, 0o700)
	}
	wide := put(t, dir+"/wide", "old", 0o666)
	must(t, durable.Write(wide, []byte("new")))
	wantMode(t, wide, 0o600)
}

func TestEqualContentIsNotTouched(t *testing.T) {
	path := put(t, t.TempDir()+"/config", "same", 0o644)
	before := stat(t, path)
	must(t, durable.Write(path, []byte("same")))
	if after := stat(t, path); after != before { // also atime, which relatime leaves alone here, and ctime
		after.Atim, before.Atim = unix.Timespec{}, unix.Timespec{}
		if after != before {
			t.Errorf("touched: %+v, was %+v", after, before)
		}
	}
	must(t, durable.Write(path, []byte("Same")))
	if stat(t, path).Ino == before.Ino {
		t.Error("other content of the same length was not written to a new file")
	}
	wantContent(t, path, "Same")
}

func TestModificationTimeGrows(t *testing.T) {
	now := time.Now()
	for name, old := range map[string]time.Time{
		"long ago": now.Add(-time.Hour),
		"just now": now,
		"future":   now.Add(time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			path := put(t, t.TempDir()+"/credentials", "0", 0o600)
			must(t, os.Chtimes(path, old, old))
			last := stat(t, path).Mtim
			for i := range 5 {
				must(t, durable.Write(path, fmt.Appendf(nil, "version %d", i)))
				next := stat(t, path).Mtim
				if next.Sec <= last.Sec {
					t.Fatalf("write %d: %d s after %d s", i, next.Sec, last.Sec)
				}
				if i == 0 && name == "long ago" && next.Sec < now.Unix()-1 {
					t.Errorf("a clock that had grown was changed: %d, now %d", next.Sec, now.Unix())
				}
				last = next
			}
		})
	}
}

func TestLinks(t *testing.T) {
	for _, c := range []struct {
		name  string
		links map[string]string // link to where, in the work directory
		path  string
		real  string // where the content must end up
	}{
		{"relative", map[string]string{"config": "real"}, "config", "real"},
		{"chain", map[string]string{"config": "b", "b": "sub/c", "sub/c": "../real"}, "config", "real"},
		{"dangling", map[string]string{"config": "gone/deep/real"}, "config", "gone/deep/real"},
		{"dangling chain", map[string]string{"config": "sub/b", "sub/b": "real"}, "config", "sub/real"},
		{"directory", map[string]string{".aws": "sub"}, ".aws/config", "sub/config"},
		{"dangling directory", map[string]string{".aws": "mnt/aws"}, ".aws/config", "mnt/aws/config"},
		{"dangling directory above", map[string]string{"home": "mnt/home"}, "home/.aws/config", "mnt/home/.aws/config"},
		// "..", seen from a directory that is a link, is not what the text says.
		{"up from a link", map[string]string{".aws": "sub/deep", "sub/deep/config": "../real"}, ".aws/config", "sub/real"},
	} {
		for _, absolute := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s absolute=%v", c.name, absolute), func(t *testing.T) {
				dir := t.TempDir()
				must(t, os.MkdirAll(dir+"/sub/deep", 0o755))
				for name, to := range c.links {
					if absolute {
						to = filepath.Join(filepath.Dir(dir+"/"+name), to)
					}
					must(t, os.Symlink(to, dir+"/"+name))
				}
				path, real := dir+"/"+c.path, dir+"/"+c.real
				for _, content := range []string{"one", "two"} {
					must(t, durable.Writable(path))
					must(t, durable.Write(path, []byte(content)))
					wantContent(t, path, content)
					wantContent(t, real, content)
					if stat(t, real).Mode&unix.S_IFMT != unix.S_IFREG {
						t.Errorf("%s is no file", real)
					}
				}
				for name := range c.links {
					if stat(t, dir+"/"+name).Mode&unix.S_IFMT != unix.S_IFLNK {
						t.Errorf("%s is no link any more", name)
					}
				}
				orphan := put(t, filepath.Dir(real)+"/.rolechain-0123456789abcdef.tmp", "", 0o600)
				must(t, durable.Sweep(path))
				if _, err := os.Lstat(orphan); err == nil {
					t.Error("Sweep did not look where the link leads")
				}
			})
		}
	}
}

func TestLinkLoops(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Symlink("b", dir+"/a"))
	must(t, os.Symlink("a", dir+"/b"))
	must(t, os.Symlink("d/x", dir+"/c"))
	must(t, os.Symlink("c/y", dir+"/d"))
	for _, path := range []string{dir + "/a", dir + "/a/config", dir + "/c/config", dir + "/c"} {
		_, _, err := durable.Read(path)
		wantIs(t, err, unix.ELOOP, true)
		wantIs(t, durable.Write(path, nil), unix.ELOOP, true)
		wantIs(t, durable.Writable(path), unix.ELOOP, true)
		wantIs(t, durable.Sweep(path), unix.ELOOP, true)
	}
}

func TestNotRegular(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(dir+"/directory", 0o755))
	must(t, unix.Mkfifo(dir+"/FIFO", 0o600))
	l, err := net.Listen("unix", dir+"/socket")
	must(t, err)
	defer l.Close()
	must(t, os.Symlink("/dev/null", dir+"/device"))
	must(t, os.Symlink("FIFO", dir+"/link to FIFO"))
	for _, name := range []string{"directory", "FIFO", "socket", "device", "link to FIFO"} {
		path := dir + "/" + name
		_, ok, rerr := durable.Read(path)
		if ok {
			t.Errorf("%s: Read succeeded", name)
		}
		for _, err := range []error{rerr, durable.Write(path, []byte("x")), durable.Writable(path)} {
			wantIs(t, err, durable.ErrNotRegular, false)
			kind := name[strings.LastIndexByte(name, ' ')+1:]
			if !strings.HasSuffix(err.Error(), "not a regular file but a "+kind) {
				t.Errorf("%s: error %q", name, err)
			}
			if n := strings.Count(err.Error(), fmt.Sprintf("%q", path)); n != 1 {
				t.Errorf("%s: path is %d times in %q", name, n, err)
			}
		}
		must(t, durable.Sweep(path))
	}
}

func TestTooLarge(t *testing.T) {
	dir := t.TempDir()
	path := put(t, dir+"/big", strings.Repeat("x", durable.MaxSize+1), 0o600)
	before := stat(t, path)
	_, _, err := durable.Read(path)
	wantIs(t, err, unix.EFBIG, false)
	wantIs(t, durable.Writable(path), unix.EFBIG, false)
	wantIs(t, durable.Write(path, []byte("small")), unix.EFBIG, false)
	if stat(t, path).Ino != before.Ino || stat(t, path).Size != before.Size {
		t.Error("a file that was refused was changed")
	}
	wantIs(t, durable.Write(dir+"/new", make([]byte, durable.MaxSize+1)), unix.EFBIG, false)
	wantNames(t, dir, "big")
}

func TestNothingAtAll(t *testing.T) {
	for _, path := range []string{t.TempDir() + "/gone/config", "/dev/null/.aws/config", ""} {
		if _, ok, err := durable.Read(path); ok || err != nil {
			t.Errorf("Read(%q) = %v, %v", path, ok, err)
		}
		must(t, durable.Sweep(path))
	}
}

func TestImpossiblePlaces(t *testing.T) {
	file := put(t, t.TempDir()+"/file", "", 0o600)
	for path, want := range map[string]error{
		"/dev/null/.aws/config":               unix.ENOTDIR, // HOME=/dev/null
		file + "/.aws/config":                 unix.ENOTDIR,
		file + strings.Repeat("x", 256):       unix.ENAMETOOLONG,
		"/proc/self/nothing/.aws/credentials": unix.ENOENT,
	} {
		wantIs(t, durable.Write(path, []byte("x")), want, true)
		if want != unix.ENOENT { // access(2) says yes to root on /proc
			wantIs(t, durable.Writable(path), want, true)
		}
	}
}

// The longest name a file can have leaves room for its temp file.
func TestLongestName(t *testing.T) {
	path := t.TempDir() + "/" + strings.Repeat("n", 255)
	must(t, durable.Writable(path))
	must(t, durable.Write(path, []byte("x")))
	must(t, durable.Write(path, []byte("y")))
	wantContent(t, path, "y")
}

// Writers, readers and sweepers at once: every reader sees a whole version.
func TestConcurrent(t *testing.T) {
	dir := t.TempDir()
	path := dir + "/credentials"
	must(t, durable.Write(path, version(0)))
	done := make(chan struct{})
	var writers, others sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 25 {
				if err := durable.Write(path, version(w*100+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for reader := range 2 {
		others.Go(func() {
			var last []byte
			for {
				select {
				case <-done:
					return
				default:
				}
				data, ok, err := durable.Read(path)
				if err != nil || !ok || !wholeVersion(data) {
					t.Errorf("a reader saw %.60q, %v, %v", data, ok, err)
					return
				}
				// A writer gives up after its file was swept 100 times in a row. One sweeper, once for each version that
				// it sees, sweeps at most 77 times during one write: the other three writers have 75 versions.
				if reader == 1 || bytes.Equal(data, last) {
					continue
				}
				last = data
				if err := durable.Sweep(path); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	close(done)
	others.Wait()
	wantNames(t, dir, "credentials")
}

// version n is text of a length of its own that says where it ends.
func version(n int) []byte {
	return fmt.Appendf(nil, "%d %s %d\n", n, strings.Repeat("#", (n*7919)%20000), n)
}

func wholeVersion(data []byte) bool {
	var n int
	fmt.Sscanf(string(data), "%d", &n)
	return string(data) == string(version(n))
}

func TestDescriptorsDoNotLeak(t *testing.T) {
	dir := t.TempDir()
	must(t, unix.Mkfifo(dir+"/fifo", 0o600))
	put(t, dir+"/big", strings.Repeat("x", durable.MaxSize+1), 0o600)
	put(t, dir+"/file", "", 0o600)
	must(t, os.Symlink("loop", dir+"/loop"))
	all := func(round int) {
		put(t, dir+"/.rolechain-0123456789abcdef.tmp", "", 0o600)
		for _, name := range []string{"file", "fifo", "big", "loop", "file/x", "sub/config", "."} {
			path := dir + "/" + name
			durable.Read(path)
			durable.Writable(path)
			durable.Write(path, version(round))
			durable.Write(path, version(round))
			durable.Sweep(path)
			durable.MakePrivateDir(path)
		}
		durable.MakePrivateDir(durable.PrivateDir(dir))
	}
	all(0)
	before, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	for round := range 3 {
		all(round + 1)
	}
	after, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	if len(after) != len(before) {
		t.Errorf("%d descriptors, before %d", len(after), len(before))
	}
}
