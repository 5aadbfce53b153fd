package main

import (
	"fmt"
	"slices"
)

// minSessions is how many a connector lives through in endpoint delivery.
const minSessions = 5

// principals returns what is wrong with the names of the client role's sessions. The role and the session name are the principal
// that services see: MSK closes a connection that re-authenticates as another one. So there must be one name, whoever did the
// chain and whatever was killed. In endpoint delivery every session is rolechain's. In the others, SDKs that do the chain
// themselves take the name from the profile, which is checked for connectors only.
func (p *pod) principals() error {
	if p.Cell.Delivery != endpoint && (!p.Cell.Connector || p.Cell.Delivery == none || p.Cell.Delivery == script) {
		return nil
	}
	var names []string
	sessions := 0
	for _, e := range p.sts.Journal() {
		if e.IssuedKeyID == "" || e.Role != clientARN {
			continue
		}
		sessions++
		if !slices.Contains(names, e.SessionName) {
			names = append(names, e.SessionName)
		}
	}
	if p.Cell.Connector && p.Cell.Delivery == endpoint && sessions < minSessions {
		return fmt.Errorf("the client role had %d sessions, of at least %d that a connector has to live through", sessions, minSessions)
	}
	if len(names) > 1 {
		return fmt.Errorf("the client role's sessions have the names %q, and must have one", names)
	}
	return nil
}
