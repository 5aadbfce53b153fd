package settings

import (
	"fmt"
	"strconv"
	"strings"

	"rolechain/internal/exit"
)

// A validator collects everything that is wrong with an environment.
type validator struct {
	problems []error
	warnings []Warning

	mapped   bool   // there is a role map
	grant    *Grant // what it allows; nil before it was asked
	delivery Delivery
	direct   bool
	given    given

	baseVariable, regionVariable string // the names by which these came
}

func (v *validator) fail(name, value, problem, hint string) {
	switch {
	case strings.TrimSpace(value) != value:
		hint = "the value begins or ends with white space, perhaps a line break from a file"
	case strings.Trim(value, "\"'") != value:
		hint = "the quotes are part of the value; leave them out"
	}
	if len(value) > 200 {
		value = value[:200] + "…"
	}
	v.problems = append(v.problems, exit.Because(exit.BadSetting, fmt.Errorf("%s: %q %s", name, value, problem), hint))
}

func (v *validator) warn(text, hint string) {
	v.warnings = append(v.warnings, Warning{Text: text, Hint: hint})
}

// A check returns what is wrong with a value, and what to do; problem is "" for a good one.
type check func(value string) (problem, hint string)

// get returns a variable of this project's: "" when unset, and a problem when it is set but empty or fails check.
// An empty one is never taken for unset: a template that was filled in with nothing would run the job as the wrong role.
func (v *validator) get(name string, value *string, c check) string {
	if value == nil {
		return ""
	}
	if *value == "" {
		v.fail(name, "", "is empty", "give it a value, or leave the variable out")
		return ""
	}
	if problem, hint := c(*value); problem != "" {
		v.fail(name, *value, problem, hint)
		return ""
	}
	return *value
}

// ambient returns a variable that others set as well; there, empty counts as unset, as it does for most SDKs.
func ambient(value *string) string {
	if value == nil {
		return ""
	}
	return *value
}

// alias reads a variable that has two names. Both may be set when they agree.
func (v *validator) alias(name string, value *string, other string, otherValue *string, c check) string {
	main, second := v.get(name, value, c), v.get(other, otherValue, c)
	if main != "" && second != "" && main != second {
		v.fail(other, second, fmt.Sprintf("differs from %s, %q, for which it is another name", name, main), "set one of the two")
	}
	if main == "" {
		return second
	}
	return main
}

func oneOf(allowed ...string) check {
	return func(value string) (string, string) {
		for _, a := range allowed {
			if value == a {
				return "", ""
			}
		}
		return "is none of " + strings.Join(allowed, ", "), "write one of these, or leave the variable out"
	}
}

func anything(string) (string, string) { return "", "" }

func (v *validator) boolean(name string, value *string) bool {
	yes, _ := strconv.ParseBool(v.get(name, value, func(value string) (string, string) {
		if _, err := strconv.ParseBool(value); err != nil {
			return "is neither true nor false", "write true or false"
		}
		return "", ""
	}))
	return yes
}
