// Package data stands in for internal/data in a build of rolechain that links none of the SDK's service clients but STS's, with which
// bench/refresher compares. It tries nothing.
package data

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"

	"rolechain/internal/awsconfig"
	"rolechain/internal/refusal"
)

type name string

func (n name) String() string { return string(n) }

// Bucket and the others are what rolechain check can try.
type (
	Bucket struct{ name }
	Queue  struct{ name }
	Key    struct{ name }
	Table  struct{ name }
)

func ParseBucket(text string) (Bucket, error) { return Bucket{name(text)}, nil }
func ParseQueue(text string) (Queue, error)   { return Queue{name(text)}, nil }
func ParseKey(text string) (Key, error)       { return Key{name(text)}, nil }
func ParseTable(text string) (Table, error)   { return Table{name(text)}, nil }

// A Line has the fields of the real one.
type Line struct {
	Step, Target string
	Skipped      bool
	Text         string
	Err          error
	refusal.Explanation
}

// A Probe has the fields of the real one.
type Probe struct {
	Services     awsconfig.Services
	Role, Region string
	Sign         aws.CredentialsProvider
	Say          func(Line)
	SessionFrom  string
}

func (*Probe) Bucket(context.Context, Bucket, bool) {}
func (*Probe) SkipBucket(Bucket, bool)              {}
func (*Probe) Queue(context.Context, Queue)         {}
func (*Probe) Key(context.Context, Key)             {}
func (*Probe) Table(context.Context, Table)         {}
func (*Probe) Skip(string, ...string)               {}
