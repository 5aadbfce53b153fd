package durable_test

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rolechain/internal/durable"
)

func TestReadOnlyMount(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	put(t, dir+"/home/.aws/config", "old", 0o600)
	put(t, dir+"/home/.aws/.rolechain-0123456789abcdef.tmp", "", 0o600)
	bind(t, dir+"/home", dir+"/home", true)
	for _, name := range []string{"/.aws/config", "/.aws/credentials", "/other/.aws/config"} {
		path := dir + "/home" + name
		wantIs(t, durable.Writable(path), unix.EROFS, true)
		wantIs(t, durable.Write(path, []byte("new")), unix.EROFS, true)
	}
	path := dir + "/home/.aws/config"
	must(t, durable.Write(path, []byte("old"))) // nothing to do, so nothing fails
	wantContent(t, path, "old")
	if err := durable.Sweep(path); err != nil {
		wantIs(t, err, unix.EROFS, true)
	}
}

func TestFullDisk(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	small := tmpfs(t, dir+"/small")
	path := put(t, small+"/config", "old", 0o600)
	before := stat(t, path)
	fillUp(t, small)
	wantIs(t, durable.Write(path, make([]byte, 5000)), unix.ENOSPC, false)
	wantIs(t, durable.Write(small+"/fresh", make([]byte, 5000)), unix.ENOSPC, false)
	wantContent(t, path, "old")
	wantNames(t, small, "ballast", "config")
	if stat(t, path).Ino != before.Ino || stat(t, path).Mtim != before.Mtim {
		t.Error("the old file was touched")
	}
	must(t, os.Remove(small+"/ballast"))
	must(t, durable.Write(path, make([]byte, 5000)))
}

// A single file that is mounted, as with a subPath volume: no rename over it.
func TestMountedFile(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	source := put(t, tmpfs(t, dir+"/volume")+"/file", "", 0o640)
	path := put(t, dir+"/home/.aws/config", "hidden", 0o600)
	bind(t, source, path, false)
	inode := stat(t, path)
	for _, content := range []string{"first\n", "second, which is longer\n", "3rd\n", "", strings.Repeat("4th", 5000)} {
		before := stat(t, path).Mtim
		must(t, durable.Writable(path))
		must(t, durable.Write(path, []byte(content)))
		wantContent(t, path, content)
		wantContent(t, source, content)
		if after := stat(t, path); content != "" && (after.Ino != inode.Ino || after.Mtim.Sec <= before.Sec) {
			t.Errorf("after %.10q: inode %d at %d, before %d at %d", content, after.Ino, after.Mtim.Sec, inode.Ino, before.Sec)
		}
		wantMode(t, path, 0o640) // as mounted
		wantNames(t, dir+"/home/.aws", "config")
	}

	must(t, durable.Write(path, []byte("old")))
	fillUp(t, dir+"/volume")
	before := stat(t, path)
	err := durable.Write(path, make([]byte, 30000))
	wantIs(t, err, unix.ENOSPC, false)
	if !strings.Contains(err.Error(), "reserving") {
		t.Errorf("error %q", err)
	}
	wantContent(t, path, "old")
	if stat(t, path).Mtim != before.Mtim {
		t.Error("a full disk was noticed too late")
	}
	must(t, durable.Write(path, []byte("new"))) // fits in the block it has
	wantContent(t, path, "new")
	wantNames(t, dir+"/home/.aws", "config")
}

func TestMountedFileReadOnly(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	source := put(t, dir+"/source", "old", 0o644)
	path := put(t, dir+"/home/.aws/config", "hidden", 0o600)
	bind(t, source, path, true)
	wantIs(t, durable.Writable(path), unix.EROFS, true)
	wantIs(t, durable.Write(path, []byte("new")), unix.EROFS, true)
	wantContent(t, path, "old")
	wantNames(t, dir+"/home/.aws", "config")
}

// ramfs cannot reserve space; the limit on the file's size then stops a write
// half way.
func TestStopsHalfWayInPlace(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	must(t, os.Mkdir(dir+"/ram", 0o755))
	mount(t, "ramfs", dir+"/ram", "ramfs", 0, "")
	old := strings.Repeat("old content\n", 50)
	path := put(t, dir+"/ram/config", old, 0o666)
	becomeNobody(t) // who cannot make a temp file there
	signal.Ignore(syscall.SIGXFSZ)
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 4096, Max: unlimited.Max}))
	err := durable.Write(path, []byte(strings.Repeat("new", 3000)))
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unlimited))
	wantIs(t, err, unix.EFBIG, false)
	if err == nil || !strings.HasSuffix(err.Error(), "(the old content is restored)") {
		t.Errorf("error %v", err)
	}
	wantContent(t, path, old)
}

// Two writers in place do not mix, and neither waits for ever for a stranger.
func TestMountedFileConcurrent(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	source := put(t, tmpfs(t, dir+"/volume")+"/file", "", 0o600)
	path := put(t, dir+"/config", "", 0o600)
	bind(t, source, path, false)
	var writers sync.WaitGroup
	for w := range 4 {
		writers.Go(func() {
			for i := range 100 {
				if err := durable.Write(path, version(w*100+i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	data, _, err := durable.Read(path)
	if err != nil || !wholeVersion(data) {
		t.Errorf("ended with %.60q, %v", data, err)
	}

	stranger, err := os.Open(source)
	must(t, err)
	must(t, unix.Flock(int(stranger.Fd()), unix.LOCK_EX))
	wantIs(t, durable.Write(path, []byte("new")), unix.EWOULDBLOCK, false)
}

func TestOtherUsersPlaces(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	other := func(name, content string, mode, dirMode os.FileMode) string {
		path := put(t, dir+name, content, mode)
		must(t, os.Chmod(dir+name[:strings.LastIndexByte(name, '/')], dirMode))
		return path
	}
	closedFile := other("/closed/config", "old", 0o644, 0o755)
	openFile := other("/half/config", "old", 0o666, 0o755)
	blindFile := other("/blind/config", "old", 0o222, 0o755)
	stickyFile := other("/sticky/config", "old", 0o644, 0o777|os.ModeSticky)
	stickyOpen := other("/stickyopen/config", "old", 0o666, 0o777|os.ModeSticky)
	group := other("/group/config", "old", 0o600, 0o770)
	dropbox := other("/dropbox/config", "old", 0o644, 0o730)
	must(t, os.Chown(dir+"/group", 0, 4242))
	must(t, os.Chown(dir+"/dropbox", 0, 4242))
	hidden := other("/hidden/.aws/config", "old", 0o666, 0o755)
	must(t, os.Chmod(dir+"/hidden", 0o700))
	immutable := other("/immutable/config", "old", 0o666, 0o777)
	canImmutable := setImmutable(t, immutable)
	mounted := other("/mounted/config", "old", 0o644, 0o777)
	bind(t, put(t, dir+"/source", "old", 0o644), mounted, false)
	other("/setgid/placeholder", "", 0o600, 0o777|os.ModeSetgid)

	must(t, os.Symlink(dir+"/closed/mnt/aws", dir+"/setgid/.aws"))

	become(t, 31337, 65534, 4242) // a uid that no passwd file has

	for _, c := range []struct {
		name, path string
		want       error
	}{
		{"file and directory closed", closedFile, unix.EACCES},
		{"new file, directory closed", dir + "/closed/new", unix.EACCES},
		{"new directory, parent closed", dir + "/closed/a/b/config", unix.EACCES},
		{"other's file in sticky directory", stickyFile, unix.EPERM},
		{"home of another user", hidden, unix.EACCES},
		{"new file in home of another user", dir + "/hidden/x/config", unix.EACCES},
		{"directory that a dangling link names", dir + "/setgid/.aws/config", unix.EACCES},
		{"immutable file", immutable, unix.EPERM},
		{"other's mounted file", mounted, unix.EACCES},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.path == immutable && !canImmutable {
				cannot(t, "no immutable files here")
			}
			wantIs(t, durable.Writable(c.path), c.want, true)
			err := durable.Write(c.path, []byte("new"))
			if c.want == unix.EPERM && c.path == stickyFile { // ends with the file's own EACCES
				c.want = unix.EACCES
			}
			wantIs(t, err, c.want, true)
		})
	}
	for _, path := range []string{closedFile, stickyFile, mounted} {
		wantContent(t, path, "old")
	}

	for _, path := range []string{openFile, stickyOpen} { // in place
		before := stat(t, path)
		must(t, durable.Writable(path))
		must(t, durable.Write(path, []byte("n")))
		wantContent(t, path, "n")
		if stat(t, path).Ino != before.Ino {
			t.Errorf("%s is another file", path)
		}
	}
	must(t, durable.Writable(blindFile))
	must(t, durable.Write(blindFile, []byte("a new one")))
	if size := stat(t, blindFile).Size; size != int64(len("a new one")) {
		t.Errorf("size %d", size)
	}

	for _, path := range []string{group, dropbox, dir + "/dropbox/new", dir + "/group/sub/new"} { // replaced
		must(t, durable.Writable(path))
		must(t, durable.Write(path, []byte("new")))
		wantContent(t, path, "new")
		if uid := stat(t, path).Uid; uid != 31337 {
			t.Errorf("%s belongs to %d", path, uid)
		}
		wantMode(t, path, 0o600)
	}
	wantNames(t, dir+"/group", "config", "sub")
	must(t, durable.MakePrivateDir(dir+"/setgid/private"))
	must(t, durable.MakePrivateDir(dir+"/setgid/private"))
}

func setImmutable(t *testing.T, path string) bool {
	f, err := os.Open(path)
	must(t, err)
	const immutable = 0x10 // FS_IMMUTABLE_FL
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, immutable); err != nil {
		f.Close()
		return false
	}
	t.Cleanup(func() {
		must(t, unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0))
		f.Close()
	})
	return true
}

// Root prepares the home of the user that the job runs as.
func TestRootKeepsOwners(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	home := dir + "/home"
	must(t, os.Mkdir(home, 0o755))
	must(t, os.Chown(home, 999, 1000))
	owner := func(path string, uid, gid uint32) {
		t.Helper()
		if st := stat(t, path); st.Uid != uid || st.Gid != gid {
			t.Errorf("%s belongs to %d:%d, want %d:%d", path, st.Uid, st.Gid, uid, gid)
		}
	}
	path := home + "/.aws/sub/config"
	must(t, durable.Write(path, []byte("a")))
	owner(home+"/.aws", 999, 1000)
	owner(home+"/.aws/sub", 999, 1000)
	owner(path, 999, 1000)
	must(t, os.Chown(path, 1234, 77))
	must(t, durable.Write(path, []byte("b")))
	owner(path, 1234, 77)
	must(t, durable.Write(dir+"/own/config", []byte("c")))
	owner(dir+"/own", 0, 0)
	owner(dir+"/own/config", 0, 0)
}

func TestPrivateDir(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	must(t, os.Chmod(dir, 0o777|os.ModeSticky))
	const uid = 31337
	name := dir + "/rolechain-31337"
	mine := func(path string) { must(t, os.Chown(path, uid, uid)) }
	empty := func(t *testing.T) {
		left, _ := filepath.Glob(name + "*")
		for _, path := range left {
			must(t, os.RemoveAll(path))
		}
		must(t, os.RemoveAll(dir+"/elsewhere"))
	}
	cases := []struct {
		name  string
		found func()
		taken bool
	}{
		{"absent", func() {}, false},
		{"ours", func() { must(t, os.Mkdir(name, 0o700)); mine(name) }, false},
		{"ours, opened up", func() { must(t, os.Mkdir(name, 0)); mine(name); must(t, os.Chmod(name, 0o777)) }, false},
		{"ours, mode 000", func() { must(t, os.Mkdir(name, 0)); mine(name) }, false},
		{"somebody else's", func() { must(t, os.Mkdir(name, 0o777)); must(t, os.Chmod(name, 0o777)) }, true},
		{"a file", func() { put(t, name, "", 0o600); mine(name) }, true},
		{"a link to ours", func() {
			must(t, os.Mkdir(dir+"/elsewhere", 0o700))
			mine(dir + "/elsewhere")
			must(t, os.Symlink("elsewhere", name))
		}, true},
		{"a dangling link", func() { must(t, os.Symlink("gone", name)) }, true},
	}
	// One effective uid for this thread and root for the rest does not exist in
	// Go, so the whole process changes it back and forth.
	as := func(uid int) { must(t, syscall.Setresuid(uid, uid, 0)) }
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			empty(t)
			c.found()
			as(uid)
			defer as(0)
			path := durable.PrivateDir(dir)
			if random := strings.HasPrefix(path, name+"-"); random != c.taken || !c.taken && path != name {
				t.Fatalf("PrivateDir = %q", path)
			}
			if c.taken {
				if again := durable.PrivateDir(dir); again == path {
					t.Errorf("twice %q", path)
				}
				// The start that had planned with the usual name finds it taken.
				wantIs(t, durable.MakePrivateDir(name), unix.EEXIST, false)
			}
			if _, err := os.Lstat(path); c.taken && err == nil {
				t.Error("PrivateDir made it")
			}
			must(t, durable.MakePrivateDir(path))
			must(t, durable.MakePrivateDir(path)) // as the next start does
			if again := durable.PrivateDir(dir); again != path {
				t.Errorf("the next start takes %q, not %q", again, path)
			}
			wantMode(t, path, 0o700)
			if st := stat(t, path); st.Uid != uid || st.Mode&unix.S_IFMT != unix.S_IFDIR {
				t.Errorf("made %o of %d", st.Mode, st.Uid)
			}
			must(t, durable.Write(path+"/config", []byte("x")))
		})
	}
	as(uid)
	defer as(0)
	wantIs(t, durable.MakePrivateDir(dir+"/gone/private"), unix.ENOENT, true)
}

func TestMountedFileInTheFuture(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	path := put(t, dir+"/config", "hidden", 0o600)
	bind(t, put(t, dir+"/source", "old", 0o600), path, false)
	future := time.Now().Add(time.Hour).Truncate(time.Second)
	must(t, os.Chtimes(path, future, future))
	must(t, durable.Write(path, []byte("new")))
	if got := stat(t, path).Mtim.Sec; got != future.Unix()+1 {
		t.Errorf("time %d, old one %d", got, future.Unix())
	}
}
