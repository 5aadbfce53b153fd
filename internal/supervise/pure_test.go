package supervise

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	var b backoff
	const long = time.Second
	var got []string
	for _, lived := range []time.Duration{0, 5, 0, 0, long - 1, 0, 0, 0, long, 0, 0, 2 * long, long, 0} {
		got = append(got, b.next(lived, false).String())
	}
	if got, want := strings.Join(got, " "), "0s 100ms 200ms 400ms 800ms 800ms 800ms 800ms 0s 0s 100ms 0s 0s 0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	b, got = backoff{}, nil
	for range 6 {
		got = append(got, b.next(long-1, true).String())
	}
	if got, want := strings.Join(got, " "), "0s 100ms 100ms 100ms 100ms 100ms"; got != want {
		t.Errorf("of workers that served: got %s, want %s", got, want)
	}
}

func TestParseStat(t *testing.T) {
	const rest = " 1 17 17 0 -1 4194560 98 0 0 0 0 0 0 0 20 0 3 0 5213 2"
	for _, test := range []struct {
		line string
		want stat
		ok   bool
	}{
		{"17 (cat) R" + rest, stat{17, 3, 'R', 5213}, true},
		{"17 (a) Z 1 (b) ()) Z" + rest, stat{17, 3, 'Z', 5213}, true},
		{"17 (a\nb) S" + rest + " 7 8 9\n", stat{17, 3, 'S', 5213}, true},
		{"17 () S" + rest, stat{17, 3, 'S', 5213}, true},
		{"", stat{}, false},
		{")(", stat{}, false},
		{"17 (cat) R 1 17 17 0 -1 4194560 98 0 0 0 0 0 0 0 20 0 3 0", stat{}, false},
		{"17 (cat) R" + strings.Replace(rest, "5213", "-", 1), stat{}, false},
		{"x (cat) R" + rest, stat{}, false},
	} {
		got, err := parseStat([]byte(test.line))
		if got != test.want || (err == nil) != test.ok {
			t.Errorf("%q: %+v, %v", test.line, got, err)
		}
	}
}

func TestInProc(t *testing.T) {
	o, err := calling()
	if err != nil {
		t.Fatal(err)
	}
	closeIf(o.pidfd)
	if st, err := readStat(fmt.Sprintf("/proc/%d/stat", os.Getpid())); err != nil || st.pid != os.Getpid() || st.start != o.start {
		t.Fatalf("%+v, %v", st, err)
	}
	reused := o
	reused.start--
	if !o.inProc() || reused.inProc() {
		t.Errorf("alive %v, as another process of that id %v", o.inProc(), reused.inProc())
	}
	if (original{pid: 1 << 30}).inProc() {
		t.Error("a process that is not there lives")
	}
}

func TestParsePlace(t *testing.T) {
	name, value, _ := strings.Cut(place("worker", original{pid: 17, start: 5213}), "=")
	role, o, err := parsePlace(value)
	if name != placeEnv || role != "worker" || o.pid != 17 || o.start != 5213 || err != nil {
		t.Errorf("%s=%s: %s %+v %v", name, value, role, o, err)
	}
	for _, value := range []string{"worker", "worker 17", "worker 17 x", "worker -1 2", "worker 1 2 3", "worker 1 -2"} {
		if _, _, err := parsePlace(value); err == nil {
			t.Errorf("%q is taken", value)
		}
	}
	if _, _, err := Enter(); err != ErrNotSpawned {
		t.Errorf("in a process of its own: %v", err)
	}
}
