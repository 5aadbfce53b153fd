// Bare is the least that a net/http server can do, for bench/refresher to measure the endpoint by: it answers every
// request with its argument, without a question asked. It prints its address on stdout and ends with stdin. GOMAXPROCS and
// GOGC are the runtime's own.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
)

func main() {
	body := []byte(os.Args[1])
	length := strconv.Itoa(len(body))
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", length)
		_, _ = w.Write(body)
	}))
	_, _ = io.Copy(io.Discard, os.Stdin)
}
