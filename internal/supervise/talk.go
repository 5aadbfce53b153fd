package supervise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"rolechain/internal/eintr"
	"rolechain/internal/exit"
)

// What supervisor and worker say to each other on a SOCK_SEQPACKET pair: packets, with their kind as the first byte.
const (
	kindClosed = 'c' // worker: it has closed itself to other processes
	kindState  = 's' // either: the state; from the supervisor with the descriptors, and only after kindClosed
	kindKeep   = 'k' // worker: a descriptor to keep, in the place of the last
	kindAlive  = 'a' // worker: it leaves connections in the backlog, and knows
	kindLine   = 'l' // worker: what Spawn reads, a line of JSON
)

// MaxState is the most that a worker's state may have, in bytes. A packet has to fit into a socket: with SO_SNDBUF that takes
// 416 KiB (twice net.core.wmem_max, by default).
const MaxState = 400 << 10

// newTalk makes a pair of sockets.
func newTalk() (pair [2]int, err error) {
	if pair, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0); err == nil {
		for _, fd := range pair {
			_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, MaxState+1<<10)
		}
	}
	return pair, err
}

func send(talk int, kind byte, data []byte, fds ...int) error {
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	return eintr.Retry(func() error {
		_, err := unix.SendmsgBuffers(talk, [][]byte{{kind}, data}, rights, nil, unix.MSG_NOSIGNAL)
		return err
	})
}

// receive returns the next packet, which is a part of buf. The error is io.EOF when the other end was closed, which happens
// only when its process ends.
func receive(talk int, buf []byte) (kind byte, data []byte, fds []int, err error) {
	oob := make([]byte, unix.CmsgSpace(3*4))
	var n, oobn int
	err = eintr.Retry(func() (err error) {
		n, oobn, _, _, err = unix.Recvmsg(talk, buf, oob, unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err == nil && n == 0 {
		err = io.EOF
	}
	if err != nil {
		return 0, nil, nil, err
	}
	controls, err := unix.ParseSocketControlMessage(oob[:oobn])
	if err == nil && len(controls) > 0 {
		fds, err = unix.ParseUnixRights(&controls[0])
	}
	return buf[0], buf[1:n], fds, err
}

// maxLine bounds what Spawn reads, in bytes with its newline: half of what a pipe holds, so that nobody waits for the reader.
const maxLine = 32 << 10

// A message is what Spawn reads: either that the worker serves, or why it does not.
type message struct {
	Ready json.RawMessage `json:"ready,omitempty"`
	Error *failure        `json:"error,omitempty"`
}

type failure struct {
	Code    exit.Code `json:"code"`
	Message string    `json:"message"`
	Hint    string    `json:"hint,omitempty"`
}

func failed(err error) message {
	text, hint := err.Error(), exit.HintOf(err)
	const limit = maxLine / 16 // a byte takes six in JSON at worst
	return message{Error: &failure{exit.CodeOf(err), text[:min(len(text), limit)], hint[:min(len(hint), limit)]}}
}

func (m message) encode() ([]byte, error) {
	line, err := json.Marshal(m)
	if err == nil && len(line) >= maxLine {
		err = fmt.Errorf("%d bytes, more than %d", len(line), maxLine-1)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding what Spawn is told: %w", err)
	}
	return append(line, '\n'), nil
}

var errUnexpected = errors.New("it did not say what was expected of it")

// decode returns what a line says: that the worker serves, or the error with the code and hint that it had in the child.
func decode(line []byte) (json.RawMessage, error) {
	var m message
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	// Not the JSON error, which quotes, and not the line: it may be anything.
	if d.Decode(&m) != nil || (m.Ready == nil) == (m.Error == nil) {
		return nil, errUnexpected
	}
	if m.Ready != nil {
		return m.Ready, nil
	}
	if m.Error.Code < 1 || m.Error.Code > 255 {
		m.Error.Code = exit.Internal
	}
	return nil, exit.Because(m.Error.Code, errors.New(m.Error.Message), m.Error.Hint)
}
