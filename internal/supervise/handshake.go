package supervise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"rolechain/internal/exit"
)

// maxMessage bounds a handshake, in bytes with its newline. It is half of what a pipe holds, so that the supervisor never
// waits for Spawn to read.
const maxMessage = 32 << 10

// A message is what a worker says once, and what Spawn reads, as one line of JSON: either of the two.
type message struct {
	Ready json.RawMessage `json:"ready,omitempty"`
	Error *failure        `json:"error,omitempty"`
}

type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func failed(err error) message {
	text, hint := err.Error(), exit.HintOf(err)
	const most = maxMessage / 16 // a byte takes six in JSON at worst
	return message{Error: &failure{Code: int(exit.CodeOf(err)), Message: text[:min(len(text), most)], Hint: hint[:min(len(hint), most)]}}
}

func (m message) encode() ([]byte, error) {
	line, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding the handshake: %w", err)
	}
	if len(line) >= maxMessage {
		return nil, fmt.Errorf("the handshake has %d bytes, more than %d", len(line), maxMessage-1)
	}
	return append(line, '\n'), nil
}

var errHandshake = errors.New("it did not say what was expected of it")

// decode returns what a line says: the ready message, or the error with the code and hint that it had in the child.
func decode(line []byte) (json.RawMessage, error) {
	var m message
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	err := d.Decode(&m)
	switch {
	case err != nil:
		// Not the JSON error, which quotes, and not the line: it may be anything.
		return nil, errHandshake
	case m.Error != nil && m.Ready == nil && m.Error.Message != "":
		code := exit.Code(m.Error.Code)
		if code < 1 || code > 255 {
			code = exit.Internal
		}
		return nil, exit.Because(code, errors.New(m.Error.Message), m.Error.Hint)
	case m.Error == nil && m.Ready != nil:
		return m.Ready, nil
	}
	return nil, errHandshake
}
