package sigv4

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// signed is what a request says about its own signature.
type signed struct {
	keyID, date, region, service, term string // the credential, in its order
	headers                            []string
	signature                          string
	token                              string // X-Amz-Security-Token
	at                                 time.Time
	presigned                          bool
	lifetime                           time.Duration // X-Amz-Expires of a presigned request
}

func incomplete(message string) *Error {
	return &Error{http.StatusBadRequest, "IncompleteSignature", message, Malformed, ""}
}

// read takes the signature out of the Authorization header, or out of the query of a presigned request.
func read(r *http.Request) (*signed, error) {
	header := r.Header.Get("Authorization")
	query := r.URL.Query()
	switch {
	case strings.HasPrefix(header, "AWS4-"):
		return readHeader(r, header)
	case query.Has("X-Amz-Algorithm"):
		return readQuery(r)
	}
	// A bearer token or basic auth is no AWS authentication at all.
	return nil, &Error{http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token", NotSigned, ""}
}

func readHeader(r *http.Request, header string) (*signed, error) {
	name, rest, _ := strings.Cut(header, " ")
	if name != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': '" + name + "'. " + quoted(header))
	}
	fields := map[string]string{}
	for _, pair := range strings.Split(rest, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok {
			return nil, incomplete("Authorization header holds a part that is not a valid key=value pair (missing equal-sign). " + quoted(header))
		}
		fields[key] = value
	}
	var missing []string
	for _, key := range []string{"Credential", "Signature", "SignedHeaders"} {
		if fields[key] == "" {
			missing = append(missing, "Authorization header requires '"+key+"' parameter.")
		}
	}
	date := r.Header.Get("X-Amz-Date")
	if date == "" {
		date = r.Header.Get("Date")
	}
	if date == "" {
		missing = append(missing, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if missing != nil {
		return nil, incomplete(strings.Join(missing, " ") + " " + quoted(header))
	}
	s := &signed{signature: fields["Signature"], token: r.Header.Get("X-Amz-Security-Token")}
	return s, s.fill(fields["Credential"], fields["SignedHeaders"], date)
}

func readQuery(r *http.Request) (*signed, error) {
	query := r.URL.Query()
	if name := query.Get("X-Amz-Algorithm"); name != algorithm {
		return nil, incomplete("Unsupported AWS 'algorithm': '" + name + "'.")
	}
	var missing []string
	for _, key := range []string{"X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if query.Get(key) == "" {
			missing = append(missing, "AWS query-string parameters must include '"+key+"'.")
		}
	}
	if missing != nil {
		return nil, incomplete(strings.Join(missing, " "))
	}
	s := &signed{presigned: true, signature: query.Get("X-Amz-Signature"), token: query.Get("X-Amz-Security-Token")}
	if s.token == "" {
		s.token = r.Header.Get("X-Amz-Security-Token")
	}
	seconds, err := strconv.Atoi(query.Get("X-Amz-Expires"))
	if query.Has("X-Amz-Expires") && (err != nil || seconds < 0 || seconds > 7*24*3600) {
		return nil, incomplete("X-Amz-Expires must be a number of seconds of at most a week.")
	}
	s.lifetime = time.Duration(seconds) * time.Second
	return s, s.fill(query.Get("X-Amz-Credential"), query.Get("X-Amz-SignedHeaders"), query.Get("X-Amz-Date"))
}

func (s *signed) fill(credential, headers, date string) error {
	// An access key id holds no slash, so neither does any of the five parts.
	part := strings.Split(credential, "/")
	if len(part) != 5 {
		return incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + credential + "'")
	}
	s.keyID, s.date, s.region, s.service, s.term = part[0], part[1], part[2], part[3], part[4]
	s.headers = strings.Split(strings.ToLower(headers), ";")
	for _, layout := range []string{isoBasic, time.RFC3339, http.TimeFormat} {
		if at, err := time.Parse(layout, date); err == nil {
			s.at = at.UTC()
			return nil
		}
	}
	return incomplete("Date must be in ISO-8601 'basic format'. Got '" + date + "'. See http://en.wikipedia.org/wiki/ISO_8601")
}
