package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
)

// A server is something that answers a GET with a session.
type server struct {
	address string // host:port
	request []byte
}

// serverAt asks for path with a token, in the words of botocore.
func serverAt(address, path, token string) server {
	return server{address, []byte("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nUser-Agent: Botocore/1.43\r\nAccept: application/json\r\nAuthorization: " + token + "\r\n\r\n")}
}

// A client is a connection to a server.
type client struct {
	server
	conn net.Conn
	in   *bufio.Reader
}

func (s server) dial() (*client, error) {
	conn, err := net.Dial("tcp4", s.address)
	if err != nil {
		return nil, err
	}
	return &client{s, conn, bufio.NewReader(conn)}, nil
}

func (c *client) close() { c.conn.Close() }

// ask makes one request and reads past its answer.
func (c *client) ask() error {
	length, err := c.head()
	if err != nil {
		return err
	}
	_, err = c.in.Discard(length)
	return err
}

// body makes one request and returns its answer.
func (c *client) body() ([]byte, error) {
	length, err := c.head()
	if err != nil {
		return nil, err
	}
	body := make([]byte, length)
	_, err = io.ReadFull(c.in, body)
	return body, err
}

// head makes a request and reads its answer's header; what follows has the length.
func (c *client) head() (length int, err error) {
	if _, err := c.conn.Write(c.request); err != nil {
		return 0, err
	}
	length = -1
	for n := 0; ; n++ {
		line, err := c.in.ReadSlice('\n')
		switch {
		case err != nil:
			return 0, fmt.Errorf("reading an answer: %w", err)
		case n == 0 && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")):
			return 0, fmt.Errorf("the answer is %q", line)
		case len(line) <= 2 && length > 0:
			return length, nil
		case len(line) <= 2:
			return 0, fmt.Errorf("an answer without a Content-Length")
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(string(value))); err != nil {
				return 0, fmt.Errorf("reading an answer's length: %w", err)
			}
		}
	}
}

// endpoint is the server that the pod's SDKs ask.
func (p *pod) endpoint() (server, error) {
	uri := p.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
	address, path, found := strings.Cut(strings.TrimPrefix(uri, "http://"), "/")
	if !found {
		return server{}, fmt.Errorf("the job's endpoint is %q", uri)
	}
	return serverAt(address, "/"+path, p.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]), nil
}
