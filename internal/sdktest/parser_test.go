package sdktest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
)

// A process that dies is an error with its last words, at once and from then on; not a hang, and no SDK's refusal.
func TestParserDies(t *testing.T) {
	p := start(t, "fake", "", "/bin/sh", "-c", "read line; echo out of breath >&2; exit 3")
	for range 2 {
		_, err := p.Parse([]byte("[default]\n"))
		var refusal *FileError
		if err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "out of breath") {
			t.Errorf("got %v", err)
		}
	}
}

// What is no answer ends the process too: the lines after it could belong to any question.
func TestParserBabbles(t *testing.T) {
	p := start(t, "fake", "", "/bin/sh", "-c", "echo hello; exec cat >/dev/null")
	if _, err := p.Parse(nil); err == nil || !strings.Contains(err.Error(), "the parser of fake is gone") {
		t.Errorf("got %v", err)
	}
}

// Answers do not mix when several goroutines ask, and a refused file in between harms no other.
func TestParserShared(t *testing.T) {
	p := Botocore(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			want := fmt.Sprintf("region-%d", i)
			for range 50 {
				if _, err := p.Parse([]byte("no header")); !errors.As(err, new(*FileError)) {
					t.Errorf("a bad file: got %v", err)
				}
				got, err := p.Profile([]byte("[default]\nregion = "+want+"\n"), "default")
				if err != nil || got["region"] != want {
					t.Errorf("got %v, %v; want region %s", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

// No file, a missing profile, and a file larger than a pipe holds.
func TestParserEdges(t *testing.T) {
	large := append([]byte("[default]\nregion = x\n"), bytes.Repeat([]byte("# a comment of some length\n"), 20_000)...)
	for _, p := range []*Parser{Botocore(t), JS(t), JavaV1(t), JavaV2(t)} {
		if got, err := p.Parse(nil); err != nil || len(got) != 0 {
			t.Errorf("%s: no content: got %v, %v", p.sdk, got, err)
		}
		if got, err := p.Profile([]byte("[default]\nregion = x\n"), "nope"); err != nil || got != nil {
			t.Errorf("%s: missing profile: got %v, %v", p.sdk, got, err)
		}
		if got, err := p.Profile(large, "default"); err != nil || got["region"] != "x" {
			t.Errorf("%s: large file: got %v, %v", p.sdk, got, err)
		}
	}
}

// Go merges the two files of which every SDK has a pair, the keys in credentials first.
func TestGoBothFiles(t *testing.T) {
	got, err := Go(t).ProfileBoth(
		[]byte("[default]\nregion = x\naws_access_key_id = A\naws_secret_access_key = S\n"),
		[]byte("[default]\naws_access_key_id = B\naws_secret_access_key = T\n"),
		"default")
	want := map[string]string{"region": "x", "aws_access_key_id": "B", "aws_secret_access_key": "T"}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}
