// Package datatest is a stand-in for KMS and Glue, with the keys of an ststest.Server: it checks each request's signature and
// session, and answers what `rolechain check` asks, in AWS's words. S3 and SQS are those of s3test.
package datatest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"rolechain/internal/ststest"
	"rolechain/internal/ststest/sigv4"
)

// A Server is an http.Handler. Its fields are not changed while it serves.
type Server struct {
	STS    *ststest.Server
	Region string
	Keys   map[string]Key    // by id, ARN or alias
	Tables map[string]string // location by "database.table"

	Refuse map[string]string // what AWS says of an action, "kms:Decrypt", instead of doing it; USER is put in

	mu    sync.Mutex
	asked []string
}

// A Key is what DescribeKey says of a key.
type Key struct {
	ARN     string
	State   string // "" is Enabled
	Manager string // "" is CUSTOMER
	Usage   string // "" is ENCRYPT_DECRYPT
}

// Asked lists the actions that were asked for, in order.
func (s *Server) Asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// operations has IAM's action by X-Amz-Target.
var operations = map[string]string{
	"TrentService.DescribeKey":     "kms:DescribeKey",
	"TrentService.GenerateDataKey": "kms:GenerateDataKey",
	"TrentService.Decrypt":         "kms:Decrypt",
	"AWSGlue.GetTable":             "glue:GetTable",
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	action := operations[r.Header.Get("X-Amz-Target")]
	service, _, _ := strings.Cut(action, ":")
	v := &sigv4.Verifier{Service: service, Region: s.Region, Key: s.STS.Key, Now: time.Now}
	id, err := v.Verify(r, body)
	if err != nil {
		refuse(w, "UnrecognizedClientException", err.Error())
		return
	}
	s.mu.Lock()
	s.asked = append(s.asked, action)
	s.mu.Unlock()
	if words := s.Refuse[action]; words != "" {
		session, _ := s.STS.Lookup(id)
		code, message, found := strings.Cut(words, ": ")
		if !found || strings.Contains(code, " ") {
			code, message = "AccessDeniedException", words
		}
		refuse(w, code, strings.ReplaceAll(message, "USER", "User: "+session.ARN))
		return
	}
	if service == "glue" {
		s.table(w, body)
		return
	}
	s.key(w, action, body)
}

func (s *Server) key(w http.ResponseWriter, action string, body []byte) {
	var in struct {
		KeyId          string
		CiphertextBlob []byte
	}
	_ = json.Unmarshal(body, &in)
	key, there := s.Keys[in.KeyId]
	switch {
	case !there:
		refuse(w, "NotFoundException", "Key '"+in.KeyId+"' does not exist")
	case action == "kms:DescribeKey":
		answer(w, map[string]any{"KeyMetadata": map[string]string{
			"Arn": key.ARN, "KeyState": cmp.Or(key.State, "Enabled"), "KeyManager": cmp.Or(key.Manager, "CUSTOMER"),
			"KeyUsage": cmp.Or(key.Usage, "ENCRYPT_DECRYPT"), "KeySpec": "SYMMETRIC_DEFAULT",
		}})
	case action == "kms:GenerateDataKey":
		answer(w, map[string]any{"KeyId": key.ARN, "CiphertextBlob": []byte("sealed by " + key.ARN), "Plaintext": []byte("0123456789abcdef")})
	case string(in.CiphertextBlob) != "sealed by "+key.ARN:
		refuse(w, "InvalidCiphertextException", "")
	default:
		answer(w, map[string]any{"KeyId": key.ARN, "Plaintext": []byte("0123456789abcdef")})
	}
}

func (s *Server) table(w http.ResponseWriter, body []byte) {
	var in struct{ CatalogId, DatabaseName, Name string }
	_ = json.Unmarshal(body, &in)
	location, there := s.Tables[in.DatabaseName+"."+in.Name]
	if !there {
		refuse(w, "EntityNotFoundException", fmt.Sprintf("Table %s not found.", in.Name))
		return
	}
	answer(w, map[string]any{"Table": map[string]any{"Name": in.Name, "StorageDescriptor": map[string]string{"Location": location}}})
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	json.NewEncoder(w).Encode(v)
}

func refuse(w http.ResponseWriter, code, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": message})
}
