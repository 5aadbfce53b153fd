package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rolechain/internal/ststest/sigv4"
)

// presigned reads a token that a connector hands to a service which asks STS about it: a presigned request in one of the forms
// of MSK's AWS_MSK_IAM (JSON), MSK's OAUTHBEARER (base64) and RDS's IAM authentication (a URL without a scheme).
func presigned(token string) (*http.Request, error) {
	text := token
	if decoded, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(token, "=")); err == nil {
		text = string(decoded)
	}
	if strings.HasPrefix(text, "{") {
		var err error
		if text, err = ofJSON(text); err != nil {
			return nil, err
		}
	}
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	r, err := http.NewRequest(http.MethodGet, text, nil)
	if err != nil {
		return nil, errors.New("no presigned request in the token") // the error would quote it
	}
	// aws-msk-iam-auth adds its name after it has signed.
	query := r.URL.Query()
	query.Del("User-Agent")
	r.URL.RawQuery = query.Encode()
	return r, nil
}

// ofJSON turns the payload of AWS_MSK_IAM into the URL that was signed. Its names are in lower case, and it has fields that are
// not signed.
func ofJSON(text string) (string, error) {
	var fields map[string]string
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return "", errors.New("the token is no JSON object of strings")
	}
	query := url.Values{}
	for _, name := range []string{"Action", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-Security-Token", "X-Amz-SignedHeaders", "X-Amz-Signature"} {
		value, there := fields[strings.ToLower(name)]
		if !there {
			return "", fmt.Errorf("the token has no %s", strings.ToLower(name))
		}
		query.Set(name, value)
	}
	return "https://" + fields["host"] + "/?" + query.Encode(), nil
}

// signer checks a token as its service does and returns the key that signed it. That the session has expired is no error here:
// the verdict says so.
func (p *pod) signer(token string) (string, error) {
	r, err := presigned(token)
	if err != nil {
		return "", err
	}
	service := ""
	if scope := strings.Split(r.URL.Query().Get("X-Amz-Credential"), "/"); len(scope) == 5 {
		service = scope[3]
	}
	verifier := sigv4.Verifier{Service: service, Region: region, Now: p.clock.now, Key: p.sts.Key}
	key, err := verifier.Verify(r, nil)
	var refused *sigv4.Error
	if errors.As(err, &refused) && refused.Cause == sigv4.Expired {
		return key, nil
	}
	return key, err
}
