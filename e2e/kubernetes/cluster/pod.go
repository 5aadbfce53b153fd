package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// A Pod is who asks something that runs on the node.
type Pod struct{ Namespace, Name, Account string }

// podAt returns the pod that has the address of a connection's other end. A container can be faster than the status in which
// its pod's address is, so it waits for that.
func (c *Cluster) podAt(ctx context.Context, remote string) (Pod, error) {
	address, _, err := net.SplitHostPort(remote)
	if err != nil {
		return Pod{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		var list struct {
			Items []struct {
				Metadata struct{ Namespace, Name string }
				Spec     struct{ ServiceAccountName string }
				Status   struct{ Phase string }
			}
		}
		err := c.Client.Get(ctx, "/api/v1/pods?fieldSelector=status.podIP="+address, &list)
		for _, pod := range list.Items {
			if pod.Status.Phase != "Succeeded" && pod.Status.Phase != "Failed" { // they have no address any more
				return Pod{pod.Metadata.Namespace, pod.Metadata.Name, pod.Spec.ServiceAccountName}, nil
			}
		}
		select {
		case <-ctx.Done():
			return Pod{}, fmt.Errorf("looking for the pod at %s: %w", address, errors.Join(err, ctx.Err()))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// ServeByPod serves on l, until the process ends, with the pod that asks, which is looked up once for each connection.
func (c *Cluster) ServeByPod(l net.Listener, serve func(Pod, http.ResponseWriter, *http.Request)) {
	type key struct{}
	server := &http.Server{
		ErrorLog:    log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, _ net.Conn) context.Context { return context.WithValue(ctx, key{}, new(Pod)) },
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			who := r.Context().Value(key{}).(*Pod) // HTTP/1 has one request at a time on a connection
			if *who == (Pod{}) {
				var err error
				if *who, err = c.podAt(r.Context(), r.RemoteAddr); err != nil {
					http.Error(w, err.Error(), http.StatusServiceUnavailable)
					return
				}
			}
			serve(*who, w, r)
		}),
	}
	go server.Serve(l)
}
