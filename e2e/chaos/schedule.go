package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// A Schedule is all that is done to one pod. It follows from its seed alone, whatever the machine has: what a machine
// cannot do is left out when its time comes, by name.
type Schedule struct {
	Seed     uint64
	Delivery string // endpoint or file
	Life     int    // of a session, in seconds
	Disk     string // what the home is on: tmpfs or ext4
	Faults   []Fault
	Starts   []Start
	End      string // of the pod's original: term, exit or kill
}

// A Fault is in force from At to At+For. N is its size, and what that means depends on the kind.
type Fault struct {
	Kind    string
	At, For time.Duration
	N       int
}

// A Start is another container that starts meanwhile.
type Start struct {
	Kind    string
	At      time.Duration
	Timeout int // ROLE_CHAIN_START_TIMEOUT, in seconds
	N       int // the size of a limit, or when it is told to end, in milliseconds
}

// kinds are the faults by family. Of one family in serial only one is in force at a time.
var kinds = map[string][]string{
	"sts": {"throttle", "internal-failure", "service-unavailable", "reset", "hang", "slow", "truncate", "truncate-chunked",
		"huge", "wrong-xml", "access-denied", "expired-token", "short", "past-expiration", "down"},
	"token":   {"token-gone", "token-garbage", "token-expired", "token-rotated"},
	"process": {"kill-worker", "abort-worker", "stop-worker", "kill-supervisor", "abort-supervisor", "stop-supervisor"},
	"disk":    {"full", "read-only", "frozen", "removed", "link", "dangling-link"},
	"limit":   {"limit-processes", "limit-memory", "limit-files"},
	"client":  {"many-clients", "slow-clients", "silent-clients", "hostile-clients"},
	"log":     {"log-full"},
}

var (
	families = []string{"sts", "sts", "sts", "process", "process", "token", "disk", "limit", "client", "log"} // by weight
	serial   = []string{"token", "disk", "limit", "log"}

	startKinds = []string{"fresh", "fresh", "fresh", "intruder", "intruder", "twins", "terminated", "terminated", "log-full",
		"no-proc", "no-null", "few-files", "few-processes", "little-memory", "huge-environment", "restart", "restart"}
)

// familyOf returns the family of a kind of fault.
func familyOf(kind string) string {
	if kind == hungToken {
		return "token"
	}
	for family, list := range kinds {
		if slices.Contains(list, kind) {
			return family
		}
	}
	return ""
}

// cut reports whether a call that could be waiting for the answer that a fault of this kind keeps back may have ended otherwise:
// with the worker, or by a reset. Then nobody is left who could say so.
func (s *Schedule) cut(kind string) bool {
	const call = 10 * time.Second // how long the refresher waits for an answer
	for _, f := range s.Faults {
		for _, p := range s.Faults {
			if f.Kind == kind && (strings.HasSuffix(p.Kind, "-worker") || slices.Contains([]string{"limit-memory", "limit-processes", "down"}, p.Kind)) && p.At < f.At+f.For+call && f.At < p.At+p.For {
				return true
			}
		}
	}
	return false
}

// span is the time in which faults begin.
const span = 14 * time.Second

// Make returns the schedule of a seed.
func Make(seed uint64) Schedule {
	r := rand.New(rand.NewPCG(seed, 0x726f6c65636861))
	s := Schedule{Seed: seed, Delivery: "endpoint", Life: 4 + r.IntN(8), Disk: "tmpfs"}
	if r.IntN(3) == 0 {
		s.Delivery = "file"
	}
	s.End = []string{"term", "term", "exit", "kill"}[r.IntN(4)]
	chosen := slices.Clone(families)
	r.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	chosen = chosen[:1+r.IntN(5)]
	for range 3 + r.IntN(7) {
		s.add(r, chosen[r.IntN(len(chosen))])
	}
	s.part()
	for range 1 + r.IntN(3) {
		start := Start{Kind: startKinds[r.IntN(len(startKinds))], At: moment(r, span), Timeout: 2 + r.IntN(6)}
		switch start.Kind {
		case "terminated":
			start.N = r.IntN(start.Timeout*1000 + 500)
		case "few-files":
			start.N = 3 + r.IntN(16)
		case "few-processes":
			start.N = 1 + r.IntN(24)
		case "little-memory":
			start.N = 16 << r.IntN(7)
		case "intruder":
			if s.loses() {
				start.Kind = "fresh" // with its directory the pod's claim to it goes, too
			}
		}
		s.Starts = append(s.Starts, start)
	}
	s.hang(rand.New(rand.NewPCG(seed, 0x68756e67)))
	slices.SortStableFunc(s.Starts, func(a, b Start) int { return int(a.At - b.At) })
	return s
}

func moment(r *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(r.Int64N(int64(d))).Truncate(10 * time.Millisecond)
}

// add adds a fault of a family.
func (s *Schedule) add(r *rand.Rand, family string) {
	list := kinds[family]
	f := Fault{Kind: list[r.IntN(len(list))], At: moment(r, span), For: time.Second + moment(r, 5*time.Second)}
	switch f.Kind {
	case "kill-supervisor", "abort-supervisor":
		// After that a killed worker ends the endpoint, and with it most of what there is to see.
		if s.has("kill-supervisor", "abort-supervisor") || r.IntN(2) == 0 {
			f.Kind = "kill-worker"
		}
	case "slow":
		f.N = 100 + r.IntN(4000)
	case "short":
		f.N = 1 + r.IntN(3)
	case "frozen":
		s.Disk = "ext4"
	case "hang", "down":
		f.For *= 2
	case "stop-worker":
		f.For += 5 * time.Second // it has to be replaced meanwhile
	case "many-clients":
		f.N = 16 << r.IntN(4)
	case "slow-clients", "hostile-clients":
		f.N = 8 << r.IntN(4)
	case "silent-clients":
		f.N = 100 << r.IntN(3)
	case "limit-files":
		f.N = r.IntN(4)
	case "limit-memory":
		f.N = r.IntN(4)
	}
	if outage := s.outage(r); family == "process" && outage != nil && r.IntN(2) == 0 {
		f.At = outage.At + moment(r, outage.For) // a session that is lost now cannot be had again
	}
	if strings.HasPrefix(f.Kind, "kill-") || strings.HasPrefix(f.Kind, "abort-") || f.Kind == "token-rotated" {
		f.For = 0
	}
	s.Faults = append(s.Faults, f)
}

// outage picks one of the faults of STS; nil when there is none.
func (s *Schedule) outage(r *rand.Rand) *Fault {
	var all []*Fault
	for i := range s.Faults {
		if familyOf(s.Faults[i].Kind) == "sts" {
			all = append(all, &s.Faults[i])
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[r.IntN(len(all))]
}

// part keeps faults that use the same thing from overlapping, and sorts all of them.
func (s *Schedule) part() {
	byTime := func(a, b Fault) int { return int(a.At - b.At) }
	slices.SortStableFunc(s.Faults, byTime)
	for _, family := range serial {
		free := time.Duration(0)
		for i := range s.Faults {
			if f := &s.Faults[i]; familyOf(f.Kind) == family {
				f.At = max(f.At, free)
				free = f.At + f.For + time.Second/2
			}
		}
	}
	slices.SortStableFunc(s.Faults, byTime)
}

func (s *Schedule) has(kinds ...string) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return slices.Contains(kinds, f.Kind) })
}

func (s *Schedule) hasFamily(families ...string) bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return slices.Contains(families, familyOf(f.Kind)) })
}

func (s *Schedule) starts(kind string) bool {
	return slices.ContainsFunc(s.Starts, func(start Start) bool { return start.Kind == kind })
}

// loses reports whether the pod loses its directory.
func (s *Schedule) loses() bool { return s.has("removed", "link", "dangling-link") }

// Over is when all is healed.
func (s *Schedule) Over() time.Duration {
	over := span
	for _, f := range s.Faults {
		over = max(over, f.At+f.For)
	}
	return over
}

func (s Schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s delivery, sessions of %d s, home on %s, ends by %s\n", s.Delivery, s.Life, s.Disk, s.End)
	for _, f := range s.Faults {
		fmt.Fprintf(&b, "  %7s  %s\n", clock(f.At), f)
	}
	for _, start := range s.Starts {
		fmt.Fprintf(&b, "  %7s  start: %s\n", clock(start.At), start)
	}
	return b.String()
}

func clock(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func (f Fault) String() string {
	text := f.Kind
	if f.N != 0 {
		text += fmt.Sprintf(" (%d)", f.N)
	}
	if f.For > 0 {
		text += " for " + clock(f.For)
	}
	return text
}

func (s Start) String() string {
	text := fmt.Sprintf("%s, with %d s", s.Kind, s.Timeout)
	if s.N != 0 {
		text += fmt.Sprintf(" (%d)", s.N)
	}
	return text
}
