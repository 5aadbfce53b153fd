package profile

import (
	"bytes"
	"slices"
	"strings"
)

// Withdraw takes the credential processes for which ours is true out of a credentials file, with the sections that have
// nothing else in them. A file without any, or that cannot be edited safely, is returned as it is.
func Withdraw(credentials []byte, ours func(process string) bool) []byte {
	f, err := parse(bytes.TrimPrefix(credentials, byteOrderMark))
	if err != nil {
		return credentials
	}
	withdrawn := false
	var kept []*section
	for _, s := range f.sections {
		had := len(s.entries)
		s.entries = slices.DeleteFunc(s.entries, func(e *entry) bool {
			return e.key == "credential_process" && len(e.lines) == 1 && ours(e.value())
		})
		withdrawn = withdrawn || len(s.entries) < had
		blank := !slices.ContainsFunc(s.entries, func(e *entry) bool { return strings.TrimSpace(strings.Join(e.lines, "")) != "" })
		if s.header == "" || len(s.entries) == had || !blank {
			kept = append(kept, s)
		}
	}
	if !withdrawn {
		return credentials
	}
	f.sections = kept
	return f.bytes()
}
