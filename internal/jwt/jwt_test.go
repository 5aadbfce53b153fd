package jwt

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	part := base64.RawURLEncoding.EncodeToString
	token := func(claims string) string {
		return part([]byte("{}")) + "." + part([]byte(claims)) + "." + part([]byte("sig"))
	}
	for text, want := range map[string]string{
		token(`{"sub":"system:serviceaccount:emr:spark","aud":["a","b"],"iss":"i","exp":7}`): "emr/spark",
		token(`{"sub":"alice","aud":"a"}`):                                                   "/",
		token(`{}`):                                                                          "/",
	} {
		c, err := Read(text)
		if namespace, name := c.ServiceAccount(); err != nil || namespace+"/"+name != want {
			t.Errorf("%+v, %v: %s/%s", c, err, namespace, name)
		}
		if want != "/" && (!slices.Equal(c.Audience, []string{"a", "b"}) || c.Issuer != "i" || c.Expires != 7) {
			t.Errorf("%+v", c)
		}
	}
	for _, text := range []string{"", "secret", "e30.e30", "e30.!.c2ln", "e30.c2VjcmV0.c2ln", "..", "e30.e30.c2ln.c2ln"} {
		if c, err := Read(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}
