package data

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rolechain/internal/exit"
	"rolechain/internal/refusal"
	"rolechain/internal/settings"
)

// A Key is a key of KMS.
type Key struct{ ID, Region string }

func (k Key) String() string { return "key " + k.ID }

// ParseKey reads the ARN of a key or of an alias, or its id or alias alone, which is one of the role's account.
func ParseKey(text string) (Key, error) {
	part := strings.SplitN(text, ":", 6)
	switch {
	case len(part) == 6 && part[0] == "arn" && part[2] == "kms" && part[3] != "" && isAccount(part[4]) && (strings.HasPrefix(part[5], "key/") || strings.HasPrefix(part[5], "alias/")):
		return Key{text, part[3]}, nil
	case text != "" && strings.Trim(strings.TrimPrefix(text, "alias/"), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/") == "":
		return Key{text, ""}, nil
	}
	return Key{}, fmt.Errorf("%q is not a key: give its ARN, arn:aws:kms:REGION:ACCOUNT:key/ID, or its id or alias", text)
}

// keyCall describes a call on a key.
func keyCall(role, action, arn string) refusal.Call {
	name := arn
	if name == "" {
		name = "the key"
	}
	c := refusal.Call{Role: role, Action: action, Resources: []string{arn}, Service: "kms", Owner: settings.Account(arn), Attached: "the key policy of " + name, AttachedOn: []string{"*"}}
	if arn == "" {
		c.Resources = []string{"*"}
	}
	return c
}

// Key describes a key, and encrypts and decrypts with it, which leaves nothing behind.
func (p *Probe) Key(ctx context.Context, k Key) {
	if k.Region == "" {
		k.Region = p.region()
	}
	arn := k.ID
	if !strings.HasPrefix(arn, "arn:") {
		name := "key/" + arn
		if strings.HasPrefix(arn, "alias/") {
			name = arn
		}
		arn = strings.Join([]string{"arn", partition(p.Role), "kms", k.Region, settings.Account(p.Role), name}, ":")
	}
	arn, ok := p.describe(ctx, k, arn)
	if !ok {
		p.Skip(k.String(), "encrypt", "decrypt")
		return
	}
	var made struct{ CiphertextBlob []byte }
	l := Line{Step: "encrypt", Target: k.String(), Text: "it makes data keys"}
	if err := p.ask(ctx, "kms", k.Region, "TrentService.GenerateDataKey", map[string]string{"KeyId": k.ID, "KeySpec": "AES_256"}, &made); err != nil {
		p.fail(l, err, keyCall(p.Role, "kms:GenerateDataKey", arn), keyHint(err, k))
		p.Skip(k.String(), "decrypt")
		return
	}
	p.Say(l)
	l = Line{Step: "decrypt", Target: k.String(), Text: "it decrypts them"}
	if err := p.ask(ctx, "kms", k.Region, "TrentService.Decrypt", map[string]any{"KeyId": k.ID, "CiphertextBlob": made.CiphertextBlob}, &struct{}{}); err != nil {
		p.fail(l, err, keyCall(p.Role, "kms:Decrypt", arn), keyHint(err, k))
		return
	}
	p.Say(l)
}

// describe asks what the key is. A job does not need that permission: when it is refused, the step is skipped.
func (p *Probe) describe(ctx context.Context, k Key, arn string) (string, bool) {
	l := Line{Step: "key", Target: k.String()}
	var out struct {
		KeyMetadata struct{ Arn, KeyState, KeyManager, KeySpec, KeyUsage, Description string }
	}
	err := p.ask(ctx, "kms", k.Region, "TrentService.DescribeKey", map[string]string{"KeyId": k.ID}, &out)
	a, m := answerOf(err), out.KeyMetadata
	switch {
	case a.refused():
		l.Skipped, l.Text = true, "a job does not need to describe it: "+a.words()
		p.Say(l)
		return arn, true
	case err != nil:
		p.fail(l, err, keyCall(p.Role, "kms:DescribeKey", arn), keyHint(err, k))
		return "", false
	case m.KeyState != "Enabled":
		p.wrong(l, "its state is "+m.KeyState, "no data can be read that was encrypted with it: enable it, or cancel its deletion, in the account that owns it")
		return "", false
	case m.KeyUsage != "ENCRYPT_DECRYPT" || m.KeySpec != "SYMMETRIC_DEFAULT" && m.KeySpec != "":
		p.wrong(l, fmt.Sprintf("it is for %s (%s)", m.KeyUsage, m.KeySpec), "S3 and SQS encrypt with symmetric keys alone")
		return "", false
	}
	if l.Text = "it is enabled"; m.Arn != k.ID {
		l.Text += ", " + m.Arn
	}
	if m.KeyManager == "AWS" {
		l.Text += "; it is a default key of account " + settings.Account(m.Arn) + ": no other account can use it, and this one only through the service that it is of"
	}
	p.Say(l)
	return m.Arn, true
}

func keyHint(err error, k Key) string {
	if a := answerOf(err); strings.HasPrefix(a.code, "NotFound") {
		return fmt.Sprintf("there is no such key in %s: look at its region and account; a key of another account is named by its ARN", k.Region)
	}
	return ""
}

// wrong ends a step about something that no call was refused for yet.
func (p *Probe) wrong(l Line, text, cause string) {
	l.Err = exit.Because(exit.Denied, errors.New(l.Target+": "+text), "")
	l.Causes = []string{cause}
	p.Say(l)
}
