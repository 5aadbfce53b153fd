// Bare is the least that a net/http server can do, for bench/refresher to measure the endpoint by: it answers every
// request with the bytes that it has read from stdin's first line, without a question asked. It prints its address on
// stdout and ends with stdin. GOMAXPROCS and GOGC are the runtime's own.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "bare: %v\n", err)
		os.Exit(1)
	}
}

func serve(stdin io.Reader, stdout io.Writer) error {
	in := bufio.NewReader(stdin)
	line, err := in.ReadString('\n')
	if err != nil {
		return fmt.Errorf("reading the body: %w", err)
	}
	body := []byte(strings.TrimSuffix(line, "\n"))
	length := strconv.Itoa(len(body))
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, listener.Addr())
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	}))
	_, err = io.Copy(io.Discard, in)
	return err
}
