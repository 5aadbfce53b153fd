package cluster

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

const domain = "cluster.local"

// serveDNS answers the pods' questions by UDP: names of services, by the endpoints that the cluster has, and Names. Any
// other name does not exist.
func (c *Cluster) serveDNS() error {
	socket, err := net.ListenPacket("udp4", dnsAddress+":53")
	if err != nil {
		return err
	}
	go func() {
		for {
			message := make([]byte, 1500)
			n, from, err := socket.ReadFrom(message)
			if err != nil {
				return
			}
			go func() {
				if answer, err := c.reply(message[:n]); err == nil {
					socket.WriteTo(answer, from)
				}
			}()
		}
	}()
	return nil
}

func (c *Cluster) reply(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	m.Response, m.Authoritative, m.RecursionAvailable = true, true, true
	m.Answers, m.Authorities, m.Additionals = nil, nil, nil
	if len(m.Questions) != 1 {
		m.RCode = dnsmessage.RCodeFormatError
		return m.Pack()
	}
	q := m.Questions[0]
	found, err := c.resolve(strings.ToLower(strings.TrimSuffix(q.Name.String(), ".")))
	switch {
	case err != nil:
		m.RCode = dnsmessage.RCodeServerFailure
	case found == nil:
		m.RCode = dnsmessage.RCodeNameError
	case q.Type == dnsmessage.TypeA:
		for _, address := range found {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, // TTL 0: executors come and go
				Body:   &dnsmessage.AResource{A: address.As4()},
			})
		}
	}
	return m.Pack()
}

// resolve returns the addresses of a name, nil for one that does not exist.
func (c *Cluster) resolve(name string) ([]netip.Addr, error) {
	if slices.Contains(c.Names, name) {
		return []netip.Addr{netip.MustParseAddr(NodeAddress)}, nil
	}
	service, ok := strings.CutSuffix(name, ".svc."+domain)
	if !ok {
		service, ok = strings.CutSuffix(name, ".svc")
	}
	labels := strings.Split(service, ".")
	if !ok || len(labels) != 2 {
		return nil, nil
	}
	if service == "kubernetes.default" {
		return []netip.Addr{netip.MustParseAddr(serviceAddress)}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var list struct {
		Items []struct {
			Endpoints []struct{ Addresses []netip.Addr }
		}
	}
	err := c.Client.Get(ctx, "/apis/discovery.k8s.io/v1/namespaces/"+labels[1]+"/endpointslices?labelSelector=kubernetes.io/service-name="+labels[0], &list)
	if err != nil {
		return nil, err
	}
	var found []netip.Addr
	for _, item := range list.Items {
		for _, endpoint := range item.Endpoints {
			found = append(found, endpoint.Addresses...)
		}
	}
	return found, nil
}
