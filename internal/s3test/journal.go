package s3test

import (
	"slices"
	"time"
)

// An Entry is one request in the journal. It holds no secret.
type Entry struct {
	Time    time.Time // when its head had arrived; the session is measured against it
	Service string    // "s3", "sqs"; "" under another host
	Action  string    // IAM's name for the operation, such as "s3:PutObject"; "" when it is not known
	Bucket  string
	Key     string // of the object, unescaped
	Queue   string // its name

	KeyID       string    // access key id; "" when there was none to be read
	Role        string    // ARN of the session's role, or of the user; "" where the key is nobody's
	SessionName string    // "" for a user
	Expires     time.Time // of the session; zero for a user

	Left    bool   // the client had gone before the backend answered; Refused and Status are empty
	Refused string // code of the refusal, "" when it passed
	Reason  string // the refusal's words
	Status  int    // HTTP status of the answer, the gate's or the backend's
	Agent   string // User-Agent
}

// Journal returns copies of all entries, passed and refused, in the order in which they were answered.
func (g *Gate) Journal() []Entry {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.journal)
}

func (g *Gate) record(e Entry) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.journal = append(g.journal, e)
}
