package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"rolechain/internal/s3test"
	"rolechain/internal/ststest"
)

// Only what the client role signs with a live session, and may do, reaches moto; the journal says who asked.
func TestServices(t *testing.T) {
	past := false
	sts, err := ststest.New(ststest.Options{
		Config: ststest.Config{Roles: []ststest.Role{{ARN: BaseARN}, {ARN: ClientARN}}},
		Now: func() time.Time {
			if past {
				return time.Now().Add(-24 * time.Hour)
			}
			return time.Now()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	moto := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "from moto") }))
	defer moto.Close()
	for _, c := range []struct {
		name, role, operation string
		past, forged          bool
		refused               string
	}{
		{name: "client", role: ClientARN, operation: "UpdateTable"},
		{name: "job", role: BaseARN, operation: "UpdateTable", refused: "AccessDeniedException"},
		{name: "more than the policy", role: ClientARN, operation: "DeleteDatabase", refused: "AccessDeniedException"},
		{name: "expired", role: ClientARN, operation: "UpdateTable", past: true, refused: "ExpiredTokenException"},
		{name: "forged", role: ClientARN, operation: "UpdateTable", forged: true, refused: "UnrecognizedClientException"},
	} {
		t.Run(c.name, func(t *testing.T) {
			services, err := newServices(filepath.Join("..", ".."), moto.URL, sts, func(s3test.Entry) time.Time { return time.Time{} })
			if err != nil {
				t.Fatal(err)
			}
			past = c.past
			key := sts.PodIdentity(c.role, "exec-0", nil)
			past = false
			if c.forged {
				key.SecretAccessKey += "x"
			}
			request := httptest.NewRequest(http.MethodPost, "https://glue."+Region+".amazonaws.com/", strings.NewReader("{}"))
			request.Header.Set("X-Amz-Target", "AWSGlue."+c.operation)
			hash := sha256.Sum256([]byte("{}"))
			credentials := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken}
			if err := v4.NewSigner().SignHTTP(context.Background(), credentials, request, hex.EncodeToString(hash[:]), "glue", Region, time.Now()); err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			services.ServeHTTP(w, request)
			journal := services.Journal()
			if len(journal) != 1 {
				t.Fatalf("%d entries", len(journal))
			}
			e := journal[0]
			if e.Refused != c.refused || e.Role != c.role || e.Action != "glue:"+c.operation || e.SessionName != "exec-0" {
				t.Errorf("%+v", e)
			}
			if fromMoto := w.Body.String() == "from moto"; fromMoto != (c.refused == "") || c.refused != "" && !strings.Contains(w.Body.String(), c.refused) {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
}
