package ststest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// problems are constraints that a request breaks. AWS reports all of them at once.
type problems []string

func (p *problems) add(value, name, constraint string, args ...any) {
	*p = append(*p, fmt.Sprintf("Value %s at '%s' failed to satisfy constraint: %s", value, name, fmt.Sprintf(constraint, args...)))
}

func (p problems) err() error {
	switch len(p) {
	case 0:
		return nil
	case 1:
		return refuse(http.StatusBadRequest, "ValidationError", "1 validation error detected: %s", p[0])
	}
	return refuse(http.StatusBadRequest, "ValidationError", "%d validation errors detected: %s", len(p), strings.Join(p, "; "))
}

// text checks a text's length in characters and its pattern; words is how AWS writes the pattern.
func (p *problems) text(value, name string, least, most int, pattern *regexp.Regexp, words string) {
	length := len([]rune(value))
	if pattern != nil && !pattern.MatchString(value) {
		p.add("'"+value+"'", name, "Member must satisfy regular expression pattern: %s", words)
	}
	if length < least {
		p.add("'"+value+"'", name, "Member must have length greater than or equal to %d", least)
	}
	if length > most {
		p.add("'"+value+"'", name, "Member must have length less than or equal to %d", most)
	}
}

var (
	nameChars     = regexp.MustCompile(`^[\w+=,.@-]*$`)
	externalChars = regexp.MustCompile(`^[\w+=,.@:/-]*$`)
	tagChars      = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
)

const (
	nameWords     = `[\w+=,.@-]*`
	externalWords = `[\w+=,.@:\/-]*`
	tagKeyWords   = `[\p{L}\p{Z}\p{N}_.:/=+\-@]+`
	tagValueWords = `[\p{L}\p{Z}\p{N}_.:/=+\-@]*`
)

// An assumption is what both AssumeRole calls ask for.
type assumption struct {
	role     string
	name     string
	duration time.Duration
}

// assumption checks the parameters that both calls have. The limits are those of the STS API Reference.
func (q *request) assumption() (assumption, error) {
	var p problems
	in := assumption{role: q.params["RoleArn"], name: q.params["RoleSessionName"], duration: time.Hour}
	if value, sent := q.params["RoleArn"]; sent {
		p.text(value, "roleArn", 20, 2048, nil, "")
	} else {
		p.add("null", "roleArn", "Member must not be null")
	}
	if value, sent := q.params["RoleSessionName"]; sent {
		p.text(value, "roleSessionName", 2, 64, nameChars, nameWords)
	} else {
		p.add("null", "roleSessionName", "Member must not be null")
	}
	if value, sent := q.params["DurationSeconds"]; sent {
		seconds, err := strconv.Atoi(value)
		switch {
		case err != nil:
			p.add("'"+value+"'", "durationSeconds", "Member must be an integer") // our words
		case seconds < 900:
			p.add("'"+value+"'", "durationSeconds", "Member must have value greater than or equal to 900")
		case seconds > 43200:
			p.add("'"+value+"'", "durationSeconds", "Member must have value less than or equal to 43200")
		}
		in.duration = time.Duration(seconds) * time.Second
	}
	if value, sent := q.params["SourceIdentity"]; sent {
		p.text(value, "sourceIdentity", 2, 64, nameChars, nameWords)
	}
	if value, sent := q.params["ExternalId"]; sent && (len(value) < 2 || len(value) > 1224 || !externalChars.MatchString(value)) {
		// Not quoted: an external id is confidential to its two parties.
		p.add("at length "+strconv.Itoa(len(value)), "externalId", "Member must have length between 2 and 1224 and satisfy regular expression pattern: %s", externalWords)
	}
	if value, sent := q.params["Policy"]; sent {
		p.text(value, "policy", 1, 2048, nil, "")
	}
	if arns := q.policyARNs(); len(arns) > 10 {
		p.add("'"+strings.Join(arns, ", ")+"'", "policyArns", "Member must have length less than or equal to 10")
	}
	q.checkTags(&p)
	if err := p.err(); err != nil {
		return in, err
	}
	if !roleARN.MatchString(in.role) {
		return in, refuse(http.StatusBadRequest, "ValidationError", "Request ARN is invalid")
	}
	if policy := q.params["Policy"]; policy != "" && !json.Valid([]byte(policy)) {
		return in, refuse(http.StatusBadRequest, "MalformedPolicyDocument", "This policy contains invalid Json")
	}
	return in, nil
}

func (q *request) checkTags(p *problems) {
	tags := q.tags()
	if len(tags) > 50 {
		p.add(fmt.Sprintf("of %d members", len(tags)), "tags", "Member must have length less than or equal to 50")
	}
	for i, tag := range tags {
		at := fmt.Sprintf("tags.%d.member.", i+1)
		p.text(tag.key, at+"key", 1, 128, tagChars, tagKeyWords)
		p.text(tag.value, at+"value", 0, 256, tagChars, tagValueWords)
	}
	if keys := q.transitive(); len(keys) > 50 {
		p.add(fmt.Sprintf("of %d members", len(keys)), "transitiveTagKeys", "Member must have length less than or equal to 50")
	}
}

func (q *request) policyARNs() []string {
	return members(q.params, "PolicyArns", func(prefix string) string { return q.params[prefix+".arn"] })
}
