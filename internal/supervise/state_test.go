package supervise_test

import (
	"bufio"
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"rolechain/internal/supervise"
)

func newState(t *testing.T) (*os.File, *supervise.State) {
	t.Helper()
	fd, err := supervise.NewState()
	must(t, err)
	f := os.NewFile(uintptr(fd), "state")
	t.Cleanup(func() { f.Close() })
	return f, supervise.OpenState(fd)
}

func TestState(t *testing.T) {
	_, s := newState(t)
	if data, err := s.Load(); data != nil || err != nil {
		t.Errorf("new: %q, %v", data, err)
	}
	for _, value := range []string{"one", "", "three, the longest", "4", strings.Repeat("5", supervise.MaxState)} {
		must(t, s.Save([]byte(value)))
		data, err := s.Load()
		if data == nil || string(data) != value || err != nil {
			t.Errorf("%.20q: %.20q, %v", value, data, err)
		}
	}
	before, _ := s.Load()
	if err := s.Save(make([]byte, supervise.MaxState+1)); err == nil {
		t.Error("too much was saved")
	}
	if data, _ := s.Load(); !bytes.Equal(data, before) {
		t.Error("and it has taken the place of what was there")
	}
}

// Damage to any byte of the newest value shows, and the one before it is there.
func TestStateDamaged(t *testing.T) {
	f, s := newState(t)
	must(t, s.Save([]byte("first")))
	slot := func(sequence int) int64 { return int64(1-sequence%2) << 20 }
	damage := func(at int64) {
		b := make([]byte, 1)
		_, err := f.ReadAt(b, at)
		must(t, err)
		b[0] ^= 0x10
		_, err = f.WriteAt(b, at)
		must(t, err)
	}
	const length = 24 + len("first")
	for i := range length {
		damage(slot(1) + int64(i))
		if data, err := s.Load(); data != nil || !errors.Is(err, supervise.ErrDamaged) {
			t.Fatalf("the only value, byte %d: %q, %v", i, data, err)
		}
		damage(slot(1) + int64(i))
	}
	must(t, s.Save([]byte("after")))
	for i := range length {
		damage(slot(2) + int64(i))
		if data, err := s.Load(); string(data) != "first" || err != nil {
			t.Fatalf("the newest value, byte %d: %q, %v", i, data, err)
		}
		damage(slot(2) + int64(i))
	}
	damage(slot(1))
	damage(slot(2))
	must(t, s.Save([]byte("new")))
	if data, err := s.Load(); string(data) != "new" || err != nil {
		t.Errorf("saved over damage: %q, %v", data, err)
	}
	if err := f.Truncate(5); !errors.Is(err, unix.EPERM) {
		t.Errorf("it can be cut: %v", err)
	}
}

// A worker killed anywhere, most often within a save, leaves what it last saved or was saving.
func TestKilledWhileSaving(t *testing.T) {
	f, s := newState(t)
	random := rand.New(rand.NewPCG(1, 2))
	kills, middle := 0, 0
	for ; kills < 30 || middle < 3 && kills < 1000; kills++ {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), programEnv+"=saver")
		cmd.ExtraFiles = []*os.File{f}
		cmd.Stderr = os.Stderr
		pipe, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		out := bufio.NewScanner(pipe)
		last := 0
		for range 1 + random.IntN(3) {
			if !out.Scan() {
				t.Fatal("the saver ended")
			}
			last += 20
		}
		for spin := random.IntN(1_000_000); spin > 0; spin-- { // somewhere in the next saves
			runtime.KeepAlive(&spin)
		}
		must(t, cmd.Process.Kill())
		for out.Scan() {
			last += 20
		}
		cmd.Wait()
		data, err := s.Load()
		must(t, err)
		n, err := strconv.Atoi(string(bytes.Fields(data)[0]))
		if err != nil || n < last || n > last+20 || !bytes.Equal(data, version(n)) {
			t.Fatalf("saved %d at least, found %d, %v", last, n, err)
		}
		for _, at := range []int64{0, 1 << 20} {
			header := make([]byte, 24)
			_, err := f.ReadAt(header, at)
			must(t, err)
			if bytes.Equal(header, make([]byte, 24)) {
				middle++
			}
		}
	}
	t.Logf("%d of %d kills came in the middle of a save", middle, kills)
	if middle == 0 {
		t.Error("no kill came in the middle of a save")
	}
}
