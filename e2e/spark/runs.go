package main

import (
	"errors"
	"fmt"
	"slices"

	"rolechain/e2e/jobs"
	"rolechain/internal/suitetest"
)

// A Run is one job.
type Run struct {
	Case     int
	Spark    string // one of sparkVersions
	Delivery string // of rolechain, or a control
	Node     bool   // a node's role is in reach
	Plain    bool   // S3A works without TLS
	Life     int    // of a session, in seconds
}

var sparkVersions = []string{"3.5", "4.0", jobs.NamesProfiles}

func (r Run) String() string {
	return fmt.Sprintf("case %d, Spark %s, %s", r.Case, r.Spark, r.Delivery)
}

// Name is for a folder.
func (r Run) Name() string { return fmt.Sprintf("case-%d-spark-%s-%s", r.Case, r.Spark, r.Delivery) }

// control tells a run that has to fail.
func (r Run) control() bool { return r.Delivery == jobs.None }

// allRuns is every run that there is.
func allRuns() (runs []Run) {
	for n, c := range jobs.Cases {
		for _, spark := range sparkVersions {
			for _, delivery := range c.Deliveries {
				if c.Sparks != nil && !slices.Contains(c.Sparks, spark) {
					continue
				}
				if spark == jobs.NamesProfiles && (n+1 != 4 || delivery != jobs.Endpoint) {
					continue // only what is different there: three roles, by the names of their profiles
				}
				r := Run{Case: n + 1, Spark: spark, Delivery: delivery, Life: life}
				r.Node = delivery == jobs.Endpoint || r.control()
				r.Plain = delivery == jobs.Endpoint && c.Plain
				if delivery == jobs.File && c.Reads {
					// Java reads the keys in the file once in minutes: what Spark does must be over before the first end.
					r.Life = longLife
				}
				if c.Life > 0 {
					r.Life = c.Life
				}
				runs = append(runs, r)
			}
		}
	}
	return runs
}

// fixed reports whether a run is of the part that every change is measured by: endpoint delivery everywhere but on
// NamesProfiles, each other delivery and each control somewhere, of all cases but the nightly ones.
func (r Run) fixed() bool {
	if jobs.Cases[r.Case-1].Nightly {
		return false
	}
	switch r.Delivery {
	case jobs.Endpoint:
		return r.Spark != jobs.NamesProfiles
	case jobs.Profile:
		return r.Case == 2
	case jobs.File:
		return r.Case == 1 && r.Spark == "3.5"
	default:
		return (r.Spark == "3.5") == (r.Case <= 3)
	}
}

// filter keeps the runs that were asked for.
func filter(runs []Run, fixed bool, kases, sparks, deliveries suitetest.Names) ([]Run, error) {
	chosen, err := suitetest.Choose(runs,
		suitetest.Filter[Run]{Names: kases, Has: func(r Run, name string) bool { return fmt.Sprint(r.Case) == name }},
		suitetest.Filter[Run]{Names: sparks, Has: func(r Run, name string) bool { return r.Spark == name }},
		suitetest.Filter[Run]{Names: deliveries, Has: func(r Run, name string) bool { return r.Delivery == name }})
	if err != nil || !fixed {
		return chosen, err
	}
	chosen = slices.DeleteFunc(chosen, func(r Run) bool { return !r.fixed() })
	if len(chosen) == 0 {
		return nil, errors.New("nothing is left to run")
	}
	return chosen, nil
}
