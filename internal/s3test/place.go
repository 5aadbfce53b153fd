package s3test

import (
	"net"
	"net/http"
	"strings"
)

// A place is where a request is addressed to: what its host and path say.
type place struct {
	service string // "s3", "sqs" or ""
	region  string // of the host, when that names one
	bucket  string
	key     string // unescaped
	virtual bool   // the bucket is in the host's name
}

// placeOf reads host and path. Under a loopback address the signature's scope tells the service.
func (g *Gate) placeOf(r *http.Request) place {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(host)
	var p place
	switch name, aws := strings.CutSuffix(host, ".amazonaws.com"); {
	case aws:
		p = awsPlace(strings.Split(name, "."))
	case host == "localhost" || net.ParseIP(host).IsLoopback():
		p.service = "s3"
		if scopeService(r) == "sqs" || strings.HasPrefix(r.Header.Get("X-Amz-Target"), sqsTarget) {
			p.service = "sqs"
		}
	}
	if p.service != "s3" {
		return p
	}
	rest := strings.TrimPrefix(r.URL.Path, "/")
	if p.virtual = p.bucket != ""; p.virtual {
		p.key = rest
	} else {
		p.bucket, p.key, _ = strings.Cut(rest, "/")
	}
	return p
}

// awsPlace reads the labels of a host before amazonaws.com. A bucket's name may have dots, and look like anything: the
// labels are read from the end.
func awsPlace(label []string) place {
	last := len(label) - 1
	before := func(n int) string { return strings.Join(label[:max(last+1-n, 0)], ".") }
	at := func(i int) string {
		if i < 0 {
			return ""
		}
		return label[i]
	}
	switch {
	case at(last) == "queue" && last <= 1: // eu-west-1.queue
		return place{service: "sqs", region: before(1)}
	case at(last-1) == "sqs" && last == 1:
		return place{service: "sqs", region: label[last]}
	case at(last) == "s3":
		return place{service: "s3", bucket: before(1)}
	case at(last-1) == "s3":
		return place{service: "s3", region: label[last], bucket: before(2)}
	case at(last-1) == "dualstack" && at(last-2) == "s3":
		return place{service: "s3", region: label[last], bucket: before(3)}
	case strings.HasPrefix(at(last), "s3-"):
		return place{service: "s3", region: strings.TrimPrefix(label[last], "s3-"), bucket: before(1)}
	}
	return place{}
}

// scopeService is the service in the credential scope, "" when there is none.
func scopeService(r *http.Request) string { return scope(r)[3] }

func scopeRegion(r *http.Request) string { return scope(r)[2] }

// scope is the credential with its scope: key id, date, region, service, "aws4_request".
func scope(r *http.Request) [5]string {
	_, credential, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok {
		credential = r.URL.Query().Get("X-Amz-Credential")
	}
	credential, _, _ = strings.Cut(credential, ",")
	if part := strings.Split(credential, "/"); len(part) == 5 {
		return [5]string(part)
	}
	return [5]string{}
}
