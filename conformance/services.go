package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
)

// otherNames are the names of what connectors ask.
var otherNames = []string{"kinesis." + region + ".amazonaws.com", "dynamodb." + region + ".amazonaws.com", "redshift." + region + ".amazonaws.com",
	"secretsmanager." + region + ".amazonaws.com", "search-demo." + region + ".es.amazonaws.com"}

// listenForConnectors serves the catcher to connectors, with TLS.
func listenForConnectors(catcher *catcher, config *tls.Config) error {
	listener, err := net.Listen("tcp4", otherAddress)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: catcher, ErrorLog: log.New(log.Writer(), "connectors: ", 0), Protocols: &http.Protocols{}}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	go server.Serve(untold{tls.NewListener(listener, config)})
	return nil
}

// untold hides from the server that connections have TLS: Kinesis's client speaks HTTP/2 without having asked for it in the
// handshake, which the server takes on plain connections only.
type untold struct{ net.Listener }

func (l untold) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return struct{ net.Conn }{c}, err
}

// ofConnectors reports whether a request is a connector's.
func ofConnectors(r *http.Request) bool {
	return slices.Contains(otherNames, strings.TrimSuffix(r.Host, ":443"))
}

// refuse answers for a service that a connector asks, in that service's own form: that the session has expired, or with an error
// that no client retries.
func refuse(w http.ResponseWriter, r *http.Request, old bool) {
	code, message := "ResourceNotFoundException", "There is no such thing."
	if old {
		code, message = "ExpiredTokenException", "The security token included in the request is expired"
	}
	if strings.HasPrefix(r.Host, "redshift.") {
		answer(w, r, http.StatusBadRequest, fmt.Sprintf("<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error></ErrorResponse>", code, message))
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprintf(w, `{"__type": "%s", "message": "%s"}`, code, message)
}
