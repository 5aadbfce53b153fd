package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
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

// A client asks a server, on one connection that it keeps or on a new one each time.
type client struct {
	server
	keeps bool
	conn  net.Conn
	in    *bufio.Reader
}

// ask makes one request and returns its answer, which must be a success. A session is one flat JSON object, and the only
// thing with a brace: its end is that of the answer.
func (c *client) ask() ([]byte, error) {
	if c.conn == nil {
		conn, err := net.Dial("tcp4", c.address)
		if err != nil {
			return nil, err
		}
		c.conn, c.in = conn, bufio.NewReader(conn)
	}
	if !c.keeps {
		defer c.close()
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return nil, err
	}
	answer, err := c.in.ReadBytes('}')
	if err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	head, body, _ := bytes.Cut(answer, []byte("\r\n\r\n"))
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return nil, fmt.Errorf("the answer is %q", answer)
	}
	return body, nil
}

func (c *client) close() {
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}
