package cluster

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func TestReply(t *testing.T) {
	c := &Cluster{Names: []string{"sts.amazonaws.com"}}
	for _, test := range []struct {
		name string
		kind dnsmessage.Type
		code dnsmessage.RCode
		want [4]byte
	}{
		{"sts.amazonaws.com.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, [4]byte{10, 200, 0, 1}},
		{"STS.amazonaws.com.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, [4]byte{10, 200, 0, 1}},
		{"sts.amazonaws.com.", dnsmessage.TypeAAAA, dnsmessage.RCodeSuccess, [4]byte{}}, // exists, without an address of this kind
		{"kubernetes.default.svc.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, [4]byte{10, 96, 0, 1}},
		{"kubernetes.default.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeSuccess, [4]byte{10, 96, 0, 1}},
		{"sts.amazonaws.com.emr.svc.cluster.local.", dnsmessage.TypeA, dnsmessage.RCodeNameError, [4]byte{}}, // as resolvers search
		{"example.com.", dnsmessage.TypeA, dnsmessage.RCodeNameError, [4]byte{}},
	} {
		query := dnsmessage.Message{Header: dnsmessage.Header{ID: 7}, Questions: []dnsmessage.Question{{
			Name: dnsmessage.MustNewName(test.name), Type: test.kind, Class: dnsmessage.ClassINET}}}
		packed, err := query.Pack()
		if err != nil {
			t.Fatal(err)
		}
		answer, err := c.reply(packed)
		var m dnsmessage.Message
		if err == nil {
			err = m.Unpack(answer)
		}
		var got [4]byte
		if len(m.Answers) == 1 {
			got = m.Answers[0].Body.(*dnsmessage.AResource).A
		}
		if err != nil || m.ID != 7 || !m.Response || m.RCode != test.code || got != test.want {
			t.Errorf("%s %v: %v, %v, %v", test.name, test.kind, m.RCode, got, err)
		}
	}
}
