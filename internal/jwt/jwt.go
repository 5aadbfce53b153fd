// Package jwt reads a token without believing it: its signature is STS's to check.
package jwt

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// Claims are what a token says of itself and a message may repeat: none of it is secret.
type Claims struct {
	Issuer   string   `json:"iss"`
	Subject  string   `json:"sub"`
	Audience Audience `json:"aud"`
	Expires  int64    `json:"exp"` // in seconds since 1970
}

// Audience is a string or a list of them (RFC 7519, 4.1.3).
type Audience []string

// UnmarshalJSON reads both forms.
func (a *Audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = Audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

// Read returns the claims of a token. The errors say nothing of its content.
func Read(token string) (Claims, error) {
	var c Claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, errors.New("a JWT has three parts")
	}
	for i, part := range parts {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || len(raw) == 0 {
			return c, errors.New("a JWT is base64url")
		}
		if i == 1 && json.Unmarshal(raw, &c) != nil {
			return c, errors.New("its claims are not JSON")
		}
	}
	return c, nil
}

// ServiceAccount returns the namespace and the name of the Kubernetes service account that a token is for,
// system:serviceaccount:NAMESPACE:NAME; "" when it is for something else.
func (c Claims) ServiceAccount() (namespace, name string) {
	words := strings.Split(c.Subject, ":")
	if len(words) != 4 || words[0] != "system" || words[1] != "serviceaccount" {
		return "", ""
	}
	return words[2], words[3]
}
