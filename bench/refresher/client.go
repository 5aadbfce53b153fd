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

// endpoint returns the server that the pod's SDKs ask.
func (p *pod) endpoint() (server, error) {
	uri := p.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
	address, path, found := strings.Cut(strings.TrimPrefix(uri, "http://"), "/")
	if !found {
		return server{}, fmt.Errorf("the job's endpoint is %q", uri)
	}
	return serverAt(address, "/"+path, p.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"]), nil
}

// A client is a connection to a server.
type client struct {
	server
	net.Conn
	in *bufio.Reader
}

func (s server) dial() (*client, error) {
	conn, err := net.Dial("tcp4", s.address)
	if err != nil {
		return nil, err
	}
	return &client{s, conn, bufio.NewReader(conn)}, nil
}

// once makes a request on a connection of its own and returns its answer.
func (s server) once() ([]byte, error) {
	c, err := s.dial()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.ask()
}

// ask makes one request and returns its answer, which must be a success.
func (c *client) ask() ([]byte, error) {
	if _, err := c.Write(c.request); err != nil {
		return nil, err
	}
	length := 0
	for n := 0; ; n++ {
		line, err := c.in.ReadSlice('\n')
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading an answer: %w", err)
		case n == 0 && !bytes.HasPrefix(line, []byte("HTTP/1.1 200 ")):
			return nil, fmt.Errorf("the answer is %q", line)
		case len(line) <= 2 && length <= 0:
			return nil, fmt.Errorf("an answer without a Content-Length")
		case len(line) <= 2:
			body := make([]byte, length)
			_, err := io.ReadFull(c.in, body)
			return body, err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(string(value)))
		}
	}
}
