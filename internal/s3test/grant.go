package s3test

import (
	"fmt"
	"strings"
)

// A Grant lets a role do some actions on a bucket or a queue.
type Grant struct {
	Role    string   // ARN of the role, or of a user
	Bucket  string   // its name, or "*" for all of them and for s3:ListAllMyBuckets; this or Queue
	Queue   string   // its name
	Actions []string // "s3:GetObject", "s3:*", "sqs:SendMessage": IAM's names, in any case, a * at the end allowed
}

// check finds what would make a grant allow nothing, unseen.
func (a Grant) check() error {
	service := "s3:"
	if a.Queue != "" {
		service = "sqs:"
	}
	if !strings.HasPrefix(a.Role, "arn:") || (a.Bucket == "") == (a.Queue == "") || len(a.Actions) == 0 {
		return fmt.Errorf("a grant needs a role's ARN, a bucket or a queue, and actions: %+v", a)
	}
	for _, action := range a.Actions {
		if star := strings.IndexByte(action, '*'); !strings.HasPrefix(action, service) || star >= 0 && star != len(action)-1 {
			return fmt.Errorf("the grant of %s to %s is for no %s action, or has a * before its end", action, a.Role, service)
		}
	}
	return nil
}

// A need is an action on a bucket or a queue that a request takes.
type need struct {
	action        string
	bucket, queue string // one of both; neither for what concerns all buckets
	resource      string // ARN
}

func (a Grant) allows(role string, n need) bool {
	bucket := a.Bucket == n.bucket && n.bucket != "" || a.Bucket == "*" && n.queue == ""
	if a.Role != role || !bucket && (n.queue == "" || a.Queue != n.queue) {
		return false
	}
	for _, action := range a.Actions {
		if start, open := strings.CutSuffix(action, "*"); open {
			if len(n.action) >= len(start) && strings.EqualFold(start, n.action[:len(start)]) {
				return true
			}
		} else if strings.EqualFold(action, n.action) {
			return true
		}
	}
	return false
}

// permit refuses a request whose role lacks one of its needs.
func (g *Gate) permit(q *request, needs ...need) error {
	for _, n := range needs {
		if err := g.refusedBy(q, n); err != nil {
			return err
		}
		if !g.allowed(q.entry.Role, n) {
			return g.denied(q, n, NoPolicy("identity-based policy"))
		}
	}
	return nil
}

func (g *Gate) allowed(role string, n need) bool {
	for _, grant := range g.options.Grants {
		if grant.allows(role, n) {
			return true
		}
	}
	return false
}

// caller is the ARN that AWS names: of the session, or of the user.
func (g *Gate) caller(q *request) string {
	if session, ok := g.options.STS.Lookup(q.entry.KeyID); ok {
		return session.ARN
	}
	return q.entry.Role
}
