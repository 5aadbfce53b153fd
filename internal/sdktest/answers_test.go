package sdktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata/answers.txt from what the SDKs answer")

const answersFile = "testdata/answers.txt"

// The file opens with this; -update keeps it so.
const answersPreface = `# What each SDK reads in a file, as observed; go test -update rewrites it.
# A paragraph is: the kind of file and what is odd about it, the file, and the answer of each SDK.
# Of an error only its presence is compared: the words change with Python and with the SDK.

`

// A story is one paragraph of the file.
type story struct {
	title   string // "config: …" or "credentials: …"
	file    []byte
	answers map[string]string // SDK to JSON of profiles, or "error: text" on one line
}

var sdks = []string{"botocore", "go v2", "java v1", "java v2", "js v3"}

func TestAnswers(t *testing.T) {
	stories := readStories(t)
	for _, sdk := range sdks {
		t.Run(sdk, func(t *testing.T) {
			ask := asker(t, sdk)
			for i, s := range stories {
				got := ask(t, strings.HasPrefix(s.title, "credentials:"), s.file)
				want := s.answers[sdk]
				if *update {
					stories[i].answers[sdk] = got
				} else if got != want && !(strings.HasPrefix(got, "error: ") && strings.HasPrefix(want, "error: ")) {
					t.Errorf("%s\n%q\n got %s\nwant %s", s.title, s.file, got, want)
				}
			}
		})
	}
	if *update {
		writeStories(t, stories)
	}
}

// asker starts an SDK's parser. Its answers are as a story has them.
func asker(t *testing.T, sdk string) func(t *testing.T, credentials bool, file []byte) string {
	if sdk == "go v2" {
		g := Go(t)
		return func(t *testing.T, credentials bool, file []byte) string { return goAnswer(t, g, credentials, file) }
	}
	starts := map[string]func(testing.TB) *Parser{"botocore": Botocore, "java v1": JavaV1, "java v2": JavaV2, "js v3": JS}
	p := starts[sdk](t)
	return func(t *testing.T, credentials bool, file []byte) string {
		parse := p.Parse
		if credentials {
			parse = p.ParseCredentials
		}
		profiles, err := parse(file)
		if err != nil {
			return fileError(t, err)
		}
		return oneLine(t, profiles)
	}
}

// anyHeader finds what may be the header of a section, to one SDK or another.
var anyHeader = regexp.MustCompile(`\[([^\]\r\n]*)`)

// goAnswer asks Go for every profile that the file's headers can be about. An error about one of them is that one's answer.
func goAnswer(t *testing.T, g *GoSDK, credentials bool, file []byte) string {
	profile := g.Profile
	if credentials {
		profile = g.ProfileCredentials
	}
	names := []string{"default"}
	for _, header := range anyHeader.FindAllSubmatch(file, -1) {
		title := string(header[1])
		bare := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(title), "profile"))
		names = append(names, title, strings.TrimSpace(title), strings.TrimPrefix(title, "profile "), bare, strings.Trim(bare, `"'`))
	}
	out := map[string]any{}
	for _, name := range names {
		values, err := profile(file, name)
		if err != nil {
			out[name] = fileError(t, err)
		} else if values != nil {
			out[name] = values
		}
	}
	return oneLine(t, out)
}

func fileError(t *testing.T, err error) string {
	t.Helper()
	var refusal *FileError
	if !errors.As(err, &refusal) {
		t.Fatal(err)
	}
	return "error: " + strings.Join(strings.Fields(refusal.Text), " ")
}

func oneLine(t *testing.T, v any) string {
	t.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func readStories(t *testing.T) []story {
	t.Helper()
	raw, err := os.ReadFile(answersFile)
	if err != nil {
		t.Fatal(err)
	}
	var out []story
	for paragraph := range strings.SplitSeq(strings.TrimSpace(string(raw)), "\n\n") {
		lines := strings.Split(paragraph, "\n")
		if strings.HasPrefix(lines[0], "#") {
			continue
		}
		file, err := strconv.Unquote(lines[1])
		if err != nil {
			t.Fatalf("%s: %s: %v", answersFile, lines[0], err)
		}
		s := story{title: lines[0], file: []byte(file), answers: map[string]string{}}
		for _, line := range lines[2:] {
			sdk, answer, _ := strings.Cut(line, ": ")
			s.answers[strings.TrimSpace(sdk)] = answer
		}
		out = append(out, s)
	}
	return out
}

func writeStories(t *testing.T, stories []story) {
	t.Helper()
	var out strings.Builder
	out.WriteString(answersPreface)
	for i, s := range stories {
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(s.title + "\n" + strconv.Quote(string(s.file)) + "\n")
		for _, sdk := range sdks {
			out.WriteString("  " + sdk + ": " + s.answers[sdk] + "\n")
		}
	}
	if err := os.WriteFile(answersFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
