package supervise

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestBackoff(t *testing.T) {
	var b backoff
	const long = time.Second
	var got []string
	for _, lived := range []time.Duration{0, 5, 0, 0, long - 1, 0, 0, 0, long, 0, 0, 2 * long, long, 0} {
		got = append(got, b.next(lived).String())
	}
	if got, want := strings.Join(got, " "), "0s 100ms 200ms 400ms 800ms 800ms 800ms 800ms 0s 0s 100ms 0s 0s 0s"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A day of deaths each second is some 300 lines; another reason, and a death after a while, is told soon.
func TestRemarks(t *testing.T) {
	var r remarks
	now := time.Unix(1_700_000_000, 0)
	said, unsaid := 0, 0
	for range 24 * 60 * 60 {
		now = now.Add(time.Second)
		if n, speak := r.next("killed", now, 0); speak {
			said, unsaid = said+1, unsaid+n
		}
	}
	if said < 24*12 || said > 24*12+10 || said+unsaid < 24*60*60-300 {
		t.Errorf("%d lines, which speak of %d", said, said+unsaid)
	}
	now = now.Add(time.Second)
	if _, speak := r.next("no process", now, 0); !speak {
		t.Error("another reason is not told")
	}
	if _, speak := r.next("killed", now.Add(time.Millisecond), 0); speak {
		t.Error("two lines in a millisecond")
	}
	if _, speak := r.next("no process", now.Add(2*time.Minute), 2*time.Minute); !speak {
		t.Error("the death of one that has lived is not told")
	}
}

func TestParseStat(t *testing.T) {
	const rest = " 1 17 17 0 -1 4194560 98 0 0 0 0 0 0 0 20 0 3 0 5213 2"
	one := strings.Replace(rest, "20 0 3", "20 0 1", 1)
	for _, test := range []struct {
		line       string
		pid, start string
		dead       bool
	}{
		{"17 (cat) R" + rest, "17", "5213", false},
		{"17 (a) Z 1 (b) ()) Z" + rest, "17", "5213", false}, // other threads go on
		{"17 (a) Z" + one, "17", "5213", true},
		{"17 (a\nb) S" + rest + " 7 8 9\n", "17", "5213", false},
		{"17 () S" + one, "17", "5213", false},
		{"", "", "", false},
		{")(", "", "", false},
		{"17 (cat) R 1 17 17 0 -1 4194560 98 0 0 0 0 0 0 0 20 0 3 0", "", "", false},
	} {
		pid, start, dead, err := parseStat([]byte(test.line))
		if pid != test.pid || start != test.start || dead != test.dead || (err == nil) != (test.pid != "") {
			t.Errorf("%q: %q %q %v, %v", test.line, pid, start, dead, err)
		}
	}
}

func TestInProc(t *testing.T) {
	o, err := calling()
	if err != nil {
		t.Fatal(err)
	}
	closeIf(o.pidfd)
	if o.pid != strconv.Itoa(os.Getpid()) {
		t.Fatalf("%+v", o)
	}
	reused := o
	reused.start += "0"
	if !o.inProc() || reused.inProc() {
		t.Errorf("alive %v, as another process of that id %v", o.inProc(), reused.inProc())
	}
	if (original{pid: "999999999"}).inProc() {
		t.Error("a process that is not there lives")
	}
}

func TestParsePlace(t *testing.T) {
	name, value, _ := strings.Cut(place("worker", original{pid: "17", start: "5213"}), "=")
	role, o, err := parsePlace(value)
	if name != placeEnv || role != "worker" || o.pid != "17" || o.start != "5213" || err != nil {
		t.Errorf("%s=%s: %s %+v %v", name, value, role, o, err)
	}
	for _, value := range []string{"worker", "worker 17", "worker 1 2 3"} {
		if _, _, err := parsePlace(value); err == nil {
			t.Errorf("%q is taken", value)
		}
	}
	if _, _, err := Enter(); err != ErrNotSpawned {
		t.Errorf("in a process of its own: %v", err)
	}
}
