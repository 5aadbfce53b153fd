package jobs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
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

// A request to a REST catalog counts only if the client role has signed it for the service whose catalog it is.
func TestRESTCatalog(t *testing.T) {
	sts, err := ststest.New(ststest.Options{Config: ststest.Config{Roles: []ststest.Role{{ARN: BaseARN}, {ARN: ClientARN}}}})
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	moto := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { written[r.URL.Path] = true }))
	defer moto.Close()
	services, err := newServices(filepath.Join("..", ".."), moto.URL, sts, func(s3test.Entry) time.Time { return time.Time{} })
	if err != nil {
		t.Fatal(err)
	}
	ask := func(role, host, signed, method, path, body string) (string, s3test.Entry) {
		t.Helper()
		key := sts.PodIdentity(role, "exec-0", nil)
		request := httptest.NewRequest(method, "https://"+host+"."+Region+".amazonaws.com/iceberg/v1/"+path, strings.NewReader(body))
		hash := sha256.Sum256([]byte(body))
		if body != "" {
			request.Header.Set("X-Amz-Content-Sha256", base64.StdEncoding.EncodeToString(hash[:])) // as Iceberg's signer writes it
		}
		credentials := aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey, SessionToken: key.SessionToken}
		if err := v4.NewSigner().SignHTTP(context.Background(), credentials, request, hex.EncodeToString(hash[:]), signed, Region, time.Now()); err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		services.ServeHTTP(w, request)
		journal := services.Journal()
		e := journal[len(journal)-1]
		if e.Status != w.Code {
			t.Errorf("answered %d, noted %d", w.Code, e.Status)
		}
		return w.Body.String(), e
	}
	const schema = `{"name": "events", "schema": {"type": "struct", "fields": [{"id": 0, "name": "id", "required": false, "type": "long"}]}}`
	snapshot := func(id, parent string) string {
		return `{"requirements": [{"type": "assert-ref-snapshot-id", "ref": "main", "snapshot-id": ` + parent + `}], "updates": [` +
			`{"action": "add-snapshot", "snapshot": {"snapshot-id": ` + id + `, "sequence-number": 1, "timestamp-ms": 2}}, ` +
			`{"action": "set-snapshot-ref", "ref-name": "main", "type": "branch", "snapshot-id": ` + id + `}]}`
	}
	const first, second = "8823187512348761234", "8823187512348761235" // one, for a float
	for _, c := range []struct {
		name, role, host, signed, method, path, body string
		action                                       string
		status                                       int
		says                                         string
	}{
		{name: "config", path: "config?warehouse=222222222222", action: "glue:GetCatalog", status: 200, says: `"prefix":"222222222222"`},
		{name: "no namespace", path: "p/namespaces/demo", action: "glue:GetDatabase", status: 404, says: "NoSuchNamespaceException"},
		{name: "a table's own tables", path: "p/namespaces/demo%1Fevents/tables/snapshots", action: "glue:GetTable", status: 404, says: "NoSuchTableException"},
		{name: "the job's role", role: BaseARN, path: "p/namespaces/demo", action: "glue:GetDatabase", status: 403, says: "AccessDeniedException"},
		{name: "another service's signature", signed: "s3tables", path: "p/namespaces/demo", action: "glue:GetDatabase", status: 403, says: "UnrecognizedClientException"},
		{name: "not in the policy", method: "DELETE", path: "p/namespaces/demo", status: 403, says: "AccessDeniedException"},
		{name: "namespace", method: "POST", path: "p/namespaces", body: `{"namespace": ["demo"]}`, action: "glue:CreateDatabase", status: 200, says: "demo"},
		{name: "no table", path: "p/namespaces/demo/tables/events", action: "glue:GetTable", status: 404, says: "NoSuchTableException"},
		{name: "partitions", method: "POST", path: "p/namespaces/demo/tables", body: `{"name": "events", "partition-spec": {"fields": [1]}}`, action: "glue:CreateTable", status: 400, says: "partitions"},
		{name: "table", method: "POST", path: "p/namespaces/demo/tables", body: schema, action: "glue:CreateTable", status: 200, says: "00000-"},
		{name: "commit", method: "POST", path: "p/namespaces/demo/tables/events", body: snapshot(first, "null"), action: "glue:UpdateTable", status: 200, says: `"current-snapshot-id":` + first},
		{name: "behind another's", method: "POST", path: "p/namespaces/demo/tables/events", body: snapshot(second, "null"), action: "glue:UpdateTable", status: 409, says: "CommitFailedException"},
		{name: "an id that is nearly it", method: "POST", path: "p/namespaces/demo/tables/events", body: snapshot(second, second), action: "glue:UpdateTable", status: 409, says: "CommitFailedException"},
		{name: "unknown", method: "POST", path: "p/namespaces/demo/tables/events", body: `{"updates": [{"action": "remove-snapshots"}]}`, action: "glue:UpdateTable", status: 400, says: "remove-snapshots"},
		{name: "read", path: "p/namespaces/demo/tables/events", action: "glue:GetTable", status: 200, says: "00001-"},
		{name: "S3 Tables", host: "s3tables", signed: "s3tables", path: "config?warehouse=" + strings.ReplaceAll(tableBucket, "/", "%2F"), action: "s3tables:GetTableBucket", status: 200, says: "bucket%2Ftables"},
		{name: "below an ARN", host: "s3tables", signed: "s3tables", path: prefix(tableBucket) + "/namespaces/demo/tables/events", action: "s3tables:GetTableMetadataLocation", status: 200, says: first},
	} {
		t.Run(c.name, func(t *testing.T) {
			role := cmp.Or(c.role, ClientARN)
			answer, e := ask(role, cmp.Or(c.host, "glue"), cmp.Or(c.signed, "glue"), cmp.Or(c.method, "GET"), c.path, c.body)
			if e.Action != c.action || e.Status != c.status || e.Role != role {
				t.Errorf("%+v", e)
			}
			if !strings.Contains(answer, c.says) {
				t.Errorf("%s without %q", answer, c.says)
			}
		})
	}
	if len(written) != 2 {
		t.Errorf("written: %v", written)
	}
}
