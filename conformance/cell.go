package main

import (
	"fmt"
	"slices"
	"strings"
)

// A Verdict is who an SDK turned out to be.
type Verdict string

const (
	Client  Verdict = "CLIENT" // the chained role
	Base    Verdict = "BASE"   // the job execution role
	Node    Verdict = "NODE"   // the node's role, from the metadata service
	Image   Verdict = "IMAGE"  // the keys that the image brought along
	Stale   Verdict = "STALE"  // a session of ours that had expired when it was used
	Failure Verdict = "ERROR"  // none: the SDK said so
)

// Letter is the verdict in a table.
func (v Verdict) Letter() byte { return v[0] }

// verdictOf is the inverse of Letter.
func verdictOf(letter byte) (Verdict, bool) {
	for _, v := range []Verdict{Client, Base, Node, Image, Stale, Failure} {
		if v.Letter() == letter {
			return v, true
		}
	}
	return "", false
}

// Deliveries, in the order of the matrix. The first two are controls without rolechain.
const (
	none          = "none"           // what EKS injects
	script        = "script"         // a bash entrypoint that does what AWS's published one does
	profile       = "profile"        // ROLE_CHAIN_DELIVERY=profile
	profileRemove = "profile-remove" // the same with ROLE_CHAIN_IRSA_ENV=remove
	file          = "file"           // ROLE_CHAIN_DELIVERY=file
	endpoint      = "endpoint"       // ROLE_CHAIN_DELIVERY=endpoint
)

var deliveries = []string{none, script, profile, profileRemove, file, endpoint}

// Situations are what a pod finds before the start. Each is looked at when the job starts, with rolechain only.
const (
	plain      = ""            // nothing, as in EMR's
	ownKeys    = "own-keys"    // ~/.aws/credentials has keys in [default]
	awsProfile = "aws-profile" // AWS_PROFILE names a profile of the image's, with keys of its own
	proxied    = "proxy"       // every proxy variable names a company's proxy, and NO_PROXY is not set; endpoint delivery only
	direct     = "direct"      // ROLE_CHAIN_DIRECT=true: the client role's account trusts the token, and not the job execution role
)

var situations = []string{ownKeys, awsProfile}

// Moments, in the order in which one long-lived client lives through them.
const (
	atStart    = "start"      // the first use
	expired    = "expired"    // every session that there was at the first use has expired
	outage     = "outage"     // STS has been down for longer than a refresh interval, and still is
	recovered  = "recovered"  // STS is back
	worker     = "worker"     // the refresher was killed, with -9; for script its loop, and the session that it left has expired
	supervisor = "supervisor" // the refresher's supervisor was killed; at once, and again when the session held then has expired
	alone      = "alone"      // of a connector: both were killed at once, and nobody keeps a session any more
	realLife   = "real"       // sessions of 3600 s under a faked clock: the first has expired, and so has the second
)

var moments = []string{atStart, expired, outage, recovered, worker, supervisor, alone, realLife}

// A Cell is one pod with one SDK in it.
type Cell struct {
	SDK       string // folder/variant
	Delivery  string
	Situation string
	Real      bool // real lifetimes under a faked clock
	Connector bool // the SDK is one of connectors.txt
}

// Moments lists those of which the cell has a verdict: all that it lives through, but for the outage where the SDK goes by
// the base profile. Its session is got on demand, so that an outage may well find it at its end.
func (c Cell) Moments() []string {
	if !strings.HasSuffix(c.SDK, "/base") {
		return c.all()
	}
	return slices.DeleteFunc(slices.Clone(c.all()), func(moment string) bool { return moment == outage })
}

// all lists the moments that the cell lives through.
func (c Cell) all() []string {
	switch {
	case c.Real:
		return []string{realLife}
	case c.Situation != plain:
		return []string{atStart}
	case c.Connector && c.Delivery == endpoint:
		return moments[:7]
	}
	return moments[:map[string]int{none: 2, script: 5, profile: 4, profileRemove: 4, file: 6, endpoint: 6}[c.Delivery]]
}

// Column names the cell's column in the tables.
func (c Cell) Column() string {
	switch {
	case c.Real:
		return c.Delivery + "@real"
	case c.Situation != plain:
		return c.Delivery + "+" + c.Situation
	}
	return c.Delivery
}

func (c Cell) String() string { return c.SDK + " " + c.Column() }

// columns are the columns of the tables, as cells without an SDK.
func columns() []Cell {
	var all []Cell
	for _, d := range deliveries {
		all = append(all, Cell{Delivery: d})
	}
	for _, d := range []string{profile, file, endpoint} {
		for _, s := range situations {
			all = append(all, Cell{Delivery: d, Situation: s})
		}
	}
	all = append(all, Cell{Delivery: endpoint, Situation: proxied})
	for _, d := range []string{profile, file, endpoint} {
		all = append(all, Cell{Delivery: d, Situation: direct})
	}
	for _, d := range []string{profile, file, endpoint} {
		all = append(all, Cell{Delivery: d, Real: true})
	}
	return all
}

// An Observation is what an SDK did at one moment.
type Observation struct {
	Moment  string  `json:"moment"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail,omitempty"` // the SDK's own error, or what is odd about the key
}

// word is a cell as it stands in a table: a letter when every moment has the same verdict, else a letter a moment.
func word(observed []Observation) string {
	var letters []byte
	for _, o := range observed {
		letters = append(letters, o.Verdict.Letter())
	}
	if same := slices.Compact(slices.Clone(letters)); len(same) == 1 {
		letters = same
	}
	return string(letters)
}

// expand is the inverse of word: the verdicts of n moments.
func expand(word string, n int) ([]Verdict, error) {
	if len(word) == 1 {
		word = strings.Repeat(word, n)
	}
	if len(word) != n {
		return nil, fmt.Errorf("%q has %d letters for %d moments", word, len(word), n)
	}
	var verdicts []Verdict
	for i := range n {
		v, ok := verdictOf(word[i])
		if !ok {
			return nil, fmt.Errorf("%q: %q is no verdict", word, word[i])
		}
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}
