package durable_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

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

// A single file that is mounted, as with a subPath volume, cannot be renamed over.
func TestMountedFile(t *testing.T) {
	dir := isolated(t)
	if dir == "" {
		return
	}
	source := put(t, tmpfs(t, dir+"/volume")+"/file", "old", 0o640)
	path := put(t, dir+"/home/.aws/config", "hidden", 0o600)
	bind(t, source, path, false)
	wantIs(t, durable.Writable(path), unix.EBUSY, true)
	wantIs(t, durable.Write(path, []byte("new")), unix.EBUSY, true)
	must(t, durable.Write(path, []byte("old"))) // nothing to do, so nothing fails
	wantContent(t, path, "old")
	wantMode(t, path, 0o640)
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
	wantIs(t, durable.Write(path, []byte("new")), unix.EBUSY, true)
	wantContent(t, path, "old")
	wantNames(t, dir+"/home/.aws", "config")
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
		{"other's mounted file", mounted, unix.EBUSY},
		{"open file, directory closed", openFile, unix.EACCES},
		{"write-only file, directory closed", blindFile, unix.EACCES},
		{"open file in sticky directory", stickyOpen, unix.EPERM},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.path == immutable && !canImmutable {
				cannot(t, "no immutable files here")
			}
			wantIs(t, durable.Writable(c.path), c.want, true)
			wantIs(t, durable.Write(c.path, []byte("new")), c.want, true)
		})
	}
	for _, path := range []string{closedFile, openFile, stickyFile, stickyOpen, mounted} {
		wantContent(t, path, "old")
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
