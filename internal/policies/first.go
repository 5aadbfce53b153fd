package policies

import (
	"errors"
	"slices"
	"strings"

	"rolechain/internal/settings"
)

// audience is EKS's for tokens that are meant for AWS; in China it ends with .cn.
const audience = "sts.amazonaws.com"

// first is the trust policy of the job execution role.
func (m maker) first() (Document, error) {
	if m.s.BaseRole == "" {
		return Document{}, errors.New("with EKS Pod Identity a pod does not know its role's ARN")
	}
	if m.s.FirstHop == settings.WebIdentity {
		return m.webIdentity(m.s.BaseRole)
	}
	return document(m.s.BaseRole, Trust, []Statement{{
		Sid: "PodIdentityAgent", Principal: map[string]string{"Service": "pods.eks.amazonaws.com"}, Action: Words{"sts:AssumeRole", "sts:TagSession"},
		Condition: conditions(
			is{"aws:RequestTag/kubernetes-namespace", m.namespace},
			is{"aws:RequestTag/kubernetes-service-account", m.account}),
	}}), nil
}

// webIdentity is the trust policy of a role that the token itself leads to.
func (m maker) webIdentity(role string) (Document, error) {
	issuer, secure := strings.CutPrefix(m.token.Issuer, "https://")
	if !secure || issuer == "" || len(m.token.Audience) == 0 {
		return Document{}, errors.New("the token has no issuer with https://, or no audience")
	}
	meant := m.token.Audience[0]
	if i := slices.IndexFunc(m.token.Audience, func(a string) bool { return strings.HasPrefix(a, audience) }); i >= 0 {
		meant = m.token.Audience[i]
	}
	return document(role, Trust, []Statement{{
		Sid:       "ServiceAccountToken",
		Principal: map[string]string{"Federated": "arn:" + settings.Partition(role) + ":iam::" + settings.Account(role) + ":oidc-provider/" + issuer},
		Action:    Words{"sts:AssumeRoleWithWebIdentity"},
		Condition: conditions(is{issuer + ":aud", meant}, is{issuer + ":sub", "system:serviceaccount:" + m.namespace + ":" + m.account}),
	}}), nil
}

// submitters allows to start job runs as the job execution role, and as no other.
func (m maker) submitters() Document {
	region := m.s.Region
	if region == "" {
		region = "*"
	}
	role := m.s.BaseRole
	return document(role, Submitters, []Statement{{
		Sid: "SubmitAsThisRole", Action: Words{"emr-containers:StartJobRun"},
		Resource:  Words{"arn:" + settings.Partition(role) + ":emr-containers:" + region + ":" + settings.Account(role) + ":/virtualclusters/*"},
		Condition: Condition{"StringEquals": {"emr-containers:ExecutionRoleArn": Words{role}}},
	}})
}

// is is a key with the value that it must have, in which * stands for anything.
type is struct{ key, value string }

// conditions asks for all of them.
func conditions(all ...is) Condition {
	c := Condition{}
	for _, one := range all {
		operator := "StringEquals"
		if strings.Contains(one.value, "*") {
			operator = "StringLike"
		}
		if c[operator] == nil {
			c[operator] = map[string]Words{}
		}
		c[operator][one.key] = Words{one.value}
	}
	return c
}
