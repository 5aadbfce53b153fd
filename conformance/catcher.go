package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// A catcher is an S3 that answers every question with next to nothing, and remembers the access key ids that the
// requests were signed with. That is the evidence for SDKs that show nobody their credentials. An expired session is
// refused as S3 does it: some SDKs then look for new credentials, and that counts for them.
type catcher struct {
	expired func(key string) bool

	mu       sync.Mutex
	accepted []string
	refused  []string
}

var signedBy = regexp.MustCompile(`Credential=([A-Za-z0-9]+)/`)

func (c *catcher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found := signedBy.FindStringSubmatch(r.Header.Get("Authorization"))
	if found == nil {
		// As S3 does with whoever is nobody.
		answer(w, r, http.StatusForbidden, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
		return
	}
	c.mu.Lock()
	old := c.expired(found[1])
	if old {
		c.refused = append(c.refused, found[1])
	} else {
		c.accepted = append(c.accepted, found[1])
	}
	c.mu.Unlock()
	if ofConnectors(r) {
		refuse(w, r, old)
		return
	}
	if old {
		answer(w, r, http.StatusBadRequest, "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>")
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if strings.HasPrefix(r.Host, "conformance.") {
		bucket, key = "conformance", strings.TrimPrefix(r.URL.Path, "/")
	}
	switch {
	case bucket == "":
		answer(w, r, http.StatusOK, "<ListAllMyBucketsResult><Owner><ID>1</ID></Owner><Buckets></Buckets></ListAllMyBucketsResult>")
	case key != "":
		answer(w, r, http.StatusNotFound, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
	default:
		answer(w, r, http.StatusOK, fmt.Sprintf("<ListBucketResult><Name>%s</Name><Prefix></Prefix><KeyCount>0</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>", bucket))
	}
}

func answer(w http.ResponseWriter, r *http.Request, status int, body string) {
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("X-Amz-Bucket-Region", region)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n"+body)
	}
}

// take returns the access key ids that came since the last call. Those that were refused count where nothing else came.
func (c *catcher) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	keys := c.accepted
	if len(keys) == 0 {
		keys = c.refused
	}
	c.accepted, c.refused = nil, nil
	return keys
}
