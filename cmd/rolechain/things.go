package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"rolechain/internal/awsconfig"
	"rolechain/internal/chain"
	"rolechain/internal/data"
	"rolechain/internal/exit"
	"rolechain/internal/settings"
)

// things are what check is to try behind the chain.
type things struct {
	buckets []data.Bucket
	queues  []data.Queue
	keys    []data.Key
	tables  []data.Table
	as      string
	write   bool
}

func (t *things) flags(flags *flag.FlagSet) {
	add(flags, "bucket", "try `s3://BUCKET/PREFIX`: its region, a list, one object; may be given again", data.ParseBucket, &t.buckets)
	add(flags, "queue", "try the queue of this `URL` or ARN: its attributes; may be given again", data.ParseQueue, &t.queues)
	add(flags, "kms-key", "try the key of this `ARN` (or id, or alias): encrypt and decrypt a data key; may be given again", data.ParseKey, &t.keys)
	add(flags, "glue", "try the table `DATABASE.TABLE` of the Glue catalog (ACCOUNT:DATABASE.TABLE for another account's); may be given again", data.ParseTable, &t.tables)
	flags.StringVar(&t.as, "as", "default", "try them as this `PROFILE`: default, the base profile, or one of ROLE_CHAIN_PROFILES")
	flags.BoolVar(&t.write, "write", false, "with -bucket: write one object below PREFIX/rolechain-check/, read it back and delete it")
}

// add defines a flag that may be given several times.
func add[T any](flags *flag.FlagSet, name, usage string, parse func(string) (T, error), to *[]T) {
	flags.Func(name, usage, func(text string) error {
		v, err := parse(text)
		if err == nil {
			*to = append(*to, v)
		}
		return err
	})
}

// check finds what cannot be tried, before anything is.
func (t *things) check(s settings.Settings) error {
	if t.write && len(t.buckets) == 0 {
		return misused("check", errors.New("-write is for a bucket: give -bucket s3://BUCKET/PREFIX"))
	}
	known := []string{"default", s.BaseProfile}
	for _, named := range s.Profiles {
		known = append(known, named.Name)
	}
	if s.BaseProfile != "" && !slices.Contains(known, t.as) {
		return misused("check", fmt.Errorf("-as %q: there is no such profile: %s are", t.as, strings.Join(known, ", ")))
	}
	return nil
}

// things tries what is behind the chain. Each goes on although another failed.
func (w *walk) things(t things, s settings.Settings, env settings.Environment, spec chain.Spec, sessions map[string]reached) {
	if len(t.buckets)+len(t.queues)+len(t.keys)+len(t.tables) == 0 {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	p := &data.Probe{Say: w.say, Region: spec.STSRegion()}
	at, there := sessions[t.as]
	if there {
		var err error
		p.Role, p.Sign, p.SessionFrom = at.role, at.Static(), spec.SessionPolicy(t.as, s.BaseProfile)
		if p.Services, err = awsconfig.ForServices(ctx, s, env); err != nil {
			c := checked{Step: "services"}
			c.fail(err)
			w.print(c)
			w.errs = append(w.errs, err)
			there = false
		}
	}
	each(there, t.buckets, func(b data.Bucket) { p.Bucket(ctx, b, t.write) }, func(b data.Bucket) { p.SkipBucket(b, t.write) })
	each(there, t.queues, func(q data.Queue) { p.Queue(ctx, q) }, func(q data.Queue) { p.Skip(q.String(), "queue") })
	each(there, t.keys, func(k data.Key) { p.Key(ctx, k) }, func(k data.Key) { p.Skip(k.String(), "key", "encrypt", "decrypt") })
	each(there, t.tables, func(table data.Table) { p.Table(ctx, table) }, func(table data.Table) { p.Skip(table.String(), "table") })
}

func each[T any](there bool, list []T, try, skip func(T)) {
	for _, v := range list {
		if there {
			try(v)
		} else {
			skip(v)
		}
	}
}

// say prints how a step with a thing went.
func (w *walk) say(l data.Line) {
	c := checked{Step: l.Step, Outcome: "pass", Target: l.Target, Text: l.Text, Causes: l.Causes, Fixes: l.Fixes}
	switch {
	case l.Err != nil:
		c.Outcome, c.Hint = "fail", exit.HintOf(l.Err)
		if c.Text = l.Err.Error(); l.Text != "" {
			c.Text += "; " + l.Text
		}
		w.errs = append(w.errs, l.Err)
	case l.Skipped:
		c.Outcome = "skipped"
	}
	w.print(c)
}
