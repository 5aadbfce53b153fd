package refresher

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"rolechain/internal/chain"
	"rolechain/internal/settings"
)

// Limits of STS in characters (API reference, AssumeRole).
const (
	minIdentity, maxIdentity = 2, 64
	maxTag                   = 256
)

// fill puts what pod says into the templates of the options for a role. The error is settings.Fill's.
func fill(to *chain.Hop, pod settings.Pod) error {
	o := &to.Options
	if o.SourceIdentity != "" {
		text, err := settings.Fill("the source identity for "+to.Role, o.SourceIdentity, pod)
		if err != nil {
			return err
		}
		o.SourceIdentity = SourceIdentity(text)
	}
	tags := make(map[string]string, len(o.Tags))
	for _, key := range slices.Sorted(maps.Keys(o.Tags)) {
		text, err := settings.Fill(fmt.Sprintf("the session tag %q for %s", key, to.Role), o.Tags[key], pod)
		if err != nil {
			return err
		}
		tags[key] = Tag(text)
	}
	if o.Tags != nil {
		o.Tags = tags
	}
	return nil
}

// SourceIdentity returns text as a source identity.
func SourceIdentity(text string) string {
	id := fit(text, maxIdentity, settings.InSourceIdentity)
	if len(id) < minIdentity {
		id += "=" // which no name in Kubernetes has
	}
	return id
}

// Tag returns text as the value of a session tag.
func Tag(text string) string { return fit(text, maxTag, settings.InTag) }

// KeptOfSourceIdentity and KeptOfTag are how many characters of the beginning are kept of any text.
const KeptOfSourceIdentity, KeptOfTag = maxIdentity - shortened, maxTag - shortened

// shortened is how long the hash and the end are that come behind.
const shortened = 1 + 16 + 1 + 16

// fit returns text if STS takes it. Otherwise other characters become -, and a hash of the text goes before its end, so that two
// texts that differ stay apart, whoever has chosen them: policies go by what comes out. The beginning stays, for conditions such
// as team-*.
func fit(text string, most int, takes func(rune) bool) string {
	clean := strings.Map(func(r rune) rune {
		if takes(r) && r != utf8.RuneError {
			return r
		}
		return '-'
	}, text)
	if clean == text && utf8.RuneCountInString(text) <= most {
		return text
	}
	const kept = 16 // at the end, such as -exec-12
	sum := sha256.Sum256([]byte(text))
	hash := "-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10])) + "-"
	runes := []rune(clean)
	end := runes[max(0, len(runes)-kept):]
	return string(runes[:min(len(runes)-len(end), most-len(hash)-len(end))]) + hash + string(end)
}
