package refusal

import (
	"fmt"
	"maps"
	"strings"

	"rolechain/internal/settings"
)

// A Call is one that AWS refused.
type Call struct {
	Role      string   // ARN of the role whose session asked
	Action    string   // IAM's name, "s3:GetObject"
	Resources []string // what a policy of the role has to name
	Service   string   // of the VPC endpoint that may stand between: "s3"

	Owner       string    // the resource's account; "" when nobody knows
	Attached    string    // the policy that the resource has, "the bucket policy of data"; "" when it can have none
	AttachedOn  []string  // what that policy has to name; nil is Resources
	If          Condition // of the statements that allow it; nil is none
	SessionFrom string    // the settings that have the session policy of Role's session; "" when nobody knows
	Via         string    // the service through which KMS is called, "s3.eu-west-1.amazonaws.com"; "" for none
}

// A Fix is a piece of a policy.
type Fix struct {
	In        string     `json:"in"`                  // the policy in which it belongs, and whose that is
	Statement *Statement `json:"statement,omitempty"` // to be added
	Condition Condition  `json:"condition,omitempty"` // to be added to the Deny that refuses
}

// A Statement is one of an IAM policy, in the order in which people write it.
type Statement struct {
	Effect    string    `json:"Effect"`
	Principal any       `json:"Principal,omitempty"`
	Action    any       `json:"Action"`
	Resource  any       `json:"Resource,omitempty"`
	Condition Condition `json:"Condition,omitempty"`
}

// A Condition maps operators to keys to values.
type Condition map[string]map[string]string

// and returns the condition with one key more.
func (c Condition) and(operator, key, value string) Condition {
	both := Condition{operator: {}}
	for o, keys := range c {
		both[o] = maps.Clone(keys)
	}
	if both[operator] == nil {
		both[operator] = map[string]string{}
	}
	both[operator][key] = value
	return both
}

// An Explanation is what is likely wrong, the likeliest first, and what would put it right.
type Explanation struct {
	Causes []string
	Fixes  []Fix
}

// Explain says why c was refused, given what AWS says itself.
func Explain(c Call, b Blame) Explanation {
	if b.Policy == "" && b.Explicit {
		return Explanation{Causes: []string{
			fmt.Sprintf("a Deny for %s; AWS does not say in which policy: look at the permissions of %s, %s, and then at permissions boundaries, session policies, the VPC endpoint's policy, service control policies and resource control policies, and %s", c.Action, c.Role, c.attached(), conditions),
		}, Fixes: []Fix{c.exempt("the Deny that refuses")}}
	}
	if b.Policy != "" {
		return c.blamed(b)
	}
	return c.unknown()
}

// conditions are those that keep calls out most often.
const conditions = "at its conditions, such as aws:SourceVpce, aws:SourceIp, aws:PrincipalOrgID and aws:RequestedRegion"

// blamed is for a policy that AWS names.
func (c Call) blamed(b Blame) Explanation {
	where := c.where(b.Policy)
	if b.Explicit {
		return Explanation{
			Causes: []string{fmt.Sprintf("a Deny for %s is in %s: look at it, and %s", c.Action, where, conditions)},
			Fixes:  []Fix{c.exempt("the Deny in " + where)},
		}
	}
	e := Explanation{Causes: []string{fmt.Sprintf("nothing in %s allows %s on %s", where, c.Action, strings.Join(c.Resources, ", "))}}
	e.Fixes = []Fix{{In: where, Statement: c.allow(b.Policy)}}
	if c.Owner != "" && c.Owner != settings.Account(c.Role) {
		other := Identity
		if b.Policy == Identity {
			other = Resource
		}
		if b.Policy == Identity || b.Policy == Resource {
			if c.Attached != "" {
				e.Causes = append(e.Causes, fmt.Sprintf("the accounts differ (%s and %s), so it has to be allowed in %s as well", settings.Account(c.Role), c.Owner, c.where(other)))
				e.Fixes = append(e.Fixes, Fix{In: c.where(other), Statement: c.allow(other)})
			}
		}
	}
	return e
}

// unknown is for a refusal in which AWS names no policy. It does so towards other accounts.
func (c Call) unknown() Explanation {
	causes := []string{fmt.Sprintf("nothing in %s allows %s on %s", c.where(Identity), c.Action, strings.Join(c.Resources, ", "))}
	fixes := []Fix{{In: c.where(Identity), Statement: c.allow(Identity)}}
	if c.Attached != "" {
		causes = append(causes, fmt.Sprintf("nothing in %s allows it, which is needed where the accounts differ, or a Deny there refuses it: look %s", c.where(Resource), conditions))
		fixes = append(fixes, Fix{In: c.where(Resource), Statement: c.allow(Resource)})
	}
	causes = append(causes,
		fmt.Sprintf("nothing in %s allows it", c.where(Endpoint)),
		"a permissions boundary, a session policy, a service control policy or a resource control policy does not allow it or denies it")
	return Explanation{Causes: causes, Fixes: fixes}
}

// where names a policy and who owns it.
func (c Call) where(p Policy) string {
	switch p {
	case Identity:
		return "the permissions of " + c.Role
	case Resource:
		return c.attached()
	case Boundary:
		return "the permissions boundary of " + c.Role
	case Session:
		if c.SessionFrom != "" {
			return fmt.Sprintf("the session policy that the session of %s was made with (%s)", c.Role, c.SessionFrom)
		}
		return "the session policy that the session of " + c.Role + " was made with"
	case SCP:
		return fmt.Sprintf("a service control policy of the organization of account %s (its management account owns it)", settings.Account(c.Role))
	case RCP:
		return "a resource control policy of the organization that owns the resource (its management account owns the policy)"
	}
	return fmt.Sprintf("the policy of the VPC endpoint for %s by which the pod calls (whoever runs the network owns it)", c.Service)
}

func (c Call) attached() string {
	if c.Attached == "" {
		return "the policy of the resource"
	}
	return c.Attached
}

func (c Call) on(p Policy) []string {
	if p == Resource && c.AttachedOn != nil {
		return c.AttachedOn
	}
	return c.Resources
}

// allow is the statement that p lacks.
func (c Call) allow(p Policy) *Statement {
	s := &Statement{Effect: "Allow", Action: c.Action, Resource: one(c.on(p)), Condition: c.If}
	switch p {
	case Resource:
		s.Principal = map[string]string{"AWS": c.Role}
	case Endpoint: // a gateway endpoint takes no other principal
		s.Principal, s.Condition = "*", s.Condition.and("ArnEquals", "aws:PrincipalArn", c.Role)
	case RCP: // every organization has RCPFullAWSAccess, so what is missing is that
		s.Principal = "*"
	}
	if c.Via != "" && (p == Identity || p == Resource) {
		s.Condition = s.Condition.and("StringEquals", "kms:ViaService", c.Via)
	}
	return s
}

// exempt keeps a role out of a Deny.
func (c Call) exempt(where string) Fix {
	return Fix{In: where, Condition: Condition{"ArnNotEquals": {"aws:PrincipalArn": c.Role}}}
}

func one(list []string) any {
	if len(list) == 1 {
		return list[0]
	}
	return list
}
