package ststest_test

import (
	"testing"
	"time"

	"rolechain/internal/ststest"
	"rolechain/internal/ststest/sigv4"
)

// TestKey: what another service needs to check a signature, for a user, for a session, and for one that is over.
func TestKey(t *testing.T) {
	const user = "arn:aws:iam::111122223333:user/alice"
	late := time.Duration(0)
	server, err := ststest.New(ststest.Options{
		Config: ststest.Config{
			Roles: []ststest.Role{{ARN: jobRole}},
			Users: []ststest.User{{ARN: user, AccessKeyID: "AKIAALICE", SecretAccessKey: "secret-of-alice"}},
		},
		Now: func() time.Time { return time.Now().Add(late) },
	})
	if err != nil {
		t.Fatal(err)
	}
	session := server.PodIdentity(jobRole, "pod", nil)
	want := sigv4.Key{Secret: session.SecretAccessKey, Token: session.SessionToken, Expires: session.Expires}
	for range 2 {
		if key, ok := server.Key(session.AccessKeyID); !ok || key != want {
			t.Errorf("%v late: Key = %v, %v", late, ok, key == want)
		}
		late = 24 * time.Hour
	}
	if key, ok := server.Key("AKIAALICE"); !ok || key != (sigv4.Key{Secret: "secret-of-alice"}) {
		t.Errorf("user: Key = %v, %v", ok, key)
	}
	if _, ok := server.Key("ASIANOBODY"); ok {
		t.Error("there is a key that nobody has")
	}
	for id, arn := range map[string]string{"AKIAALICE": user, session.AccessKeyID: "", "ASIANOBODY": ""} {
		if got, ok := server.UserARN(id); got != arn || ok != (arn != "") {
			t.Errorf("UserARN(%s) = %q, %v", id, got, ok)
		}
	}
}
