package jobs

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rolechain/internal/podtest"
	"rolechain/internal/s3test"
)

// judged is a world in which a job has run as it should, and the surprises at a journal.
func judged(journal []s3test.Entry, change func(*World)) []string {
	w := &World{Hold: &Hold{Times: Ends, count: Ends}}
	w.Plan = Plan{Program: "job.py", Roles: []string{ClientARN}, Check: func(context.Context, *World, []s3test.Entry, func(string, ...any)) {}}
	if change != nil {
		change(w)
	}
	var surprises []string
	w.Judge(context.Background(), journal, func(format string, args ...any) {
		surprises = append(surprises, fmt.Sprintf(format, args...))
	})
	return surprises
}

// good is the journal of a job that has done all that it should.
func good() []s3test.Entry {
	journal := []s3test.Entry{{Service: "s3", Action: "s3:GetObject", Bucket: JobBucket, Key: "job.py", Role: BaseARN, KeyID: "base", SessionName: "driver", Status: 200}}
	for i := range Ends + 1 {
		journal = append(journal, s3test.Entry{Service: "sqs", Action: "sqs:SendMessage", Queue: QueueName, Role: ClientARN, KeyID: fmt.Sprint(i), SessionName: "exec-0", Status: 200})
	}
	return journal
}

func TestJudge(t *testing.T) {
	if got := judged(good(), nil); len(got) > 0 {
		t.Fatalf("a good job: %q", got)
	}
	for _, c := range []struct {
		name   string
		spoil  func([]s3test.Entry)
		change func(*World)
		want   string
	}{
		{name: "wrong role", spoil: func(j []s3test.Entry) { j[1].Role = BaseARN }, want: "sqs:SendMessage on rows by job"},
		{name: "refused", spoil: func(j []s3test.Entry) { j[2].Refused, j[2].Reason = "ExpiredToken", "it has expired" }, want: "was refused: ExpiredToken: it has expired"},
		{name: "node", spoil: func(j []s3test.Entry) {
			j[2] = s3test.Entry{Bucket: ClientBucket, Action: "s3:PutObject", KeyID: podtest.NodeKey, Refused: "InvalidAccessKeyId"}
		}, want: "by node was refused"},
		{name: "client left", spoil: func(j []s3test.Entry) { j[1].Left = true }, want: fmt.Sprintf("saw %d sessions of", Ends)},
		{name: "backend", spoil: func(j []s3test.Entry) { j[1].Status = 500 }, want: "the backend answered 500"},
		{name: "program", spoil: func(j []s3test.Entry) { j[0].Key = "other.py" }, want: "did not fetch its program"},
		{name: "few sessions", spoil: func(j []s3test.Entry) { j[1].KeyID = j[2].KeyID }, want: fmt.Sprintf("saw %d sessions of", Ends)},
		{name: "few holds", change: func(w *World) { w.Hold.count-- }, want: "every session ended 4 times"},
	} {
		t.Run(c.name, func(t *testing.T) {
			journal := good()
			if c.spoil != nil {
				c.spoil(journal)
			}
			if got := strings.Join(judged(journal, c.change), "\n"); !strings.Contains(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestDiffer(t *testing.T) {
	told := ""
	surprise := func(format string, args ...any) { told = fmt.Sprintf(format, args...) }
	a, b := row{"id": 1, "x": "y"}, row{"id": 2, "x": "y"}
	if differ([]row{a, b}, []row{b, {"x": "y", "id": 1.0}}, "there", surprise); told != "" {
		t.Errorf("the same rows in another order: %s", told)
	}
	for _, got := range [][]row{{a}, {a, a}, {a, b, b}, {}} {
		told = ""
		if differ(got, []row{a, b}, "there", surprise); told == "" {
			t.Errorf("%v passed", got)
		}
	}
}
