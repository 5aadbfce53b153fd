package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"

	"rolechain/internal/s3test"
)

// restCatalog is what case 5 does, with a table that a REST catalog of AWS's keeps: each request to it is signed, by Iceberg's
// own AWS SDK, for the service whose catalog it is.
func restCatalog(service, kind string, deliveries ...string) Plan {
	p := icebergAppend
	p.Deliveries = deliveries
	p.Sparks = []string{"3.5"}
	p.Nightly = true
	p.Chain = []string{"-iceberg-catalog", "client=" + kind}
	if service == "s3tables" {
		p.Chain = append(p.Chain, "-property", "spark.sql.catalog.client.warehouse="+tableBucket)
	}
	p.Control = maps.Clone(p.Control)
	maps.Copy(p.Control, map[string]string{
		"spark.sql.catalog.client":                     "org.apache.iceberg.spark.SparkCatalog",
		"spark.sql.catalog.client.type":                "rest",
		"spark.sql.catalog.client.uri":                 "https://" + service + "." + Region + ".amazonaws.com/iceberg",
		"spark.sql.catalog.client.rest.sigv4-enabled":  "true",
		"spark.sql.catalog.client.rest.signing-name":   service,
		"spark.sql.catalog.client.rest.signing-region": Region,
	})
	p.Arguments = func() []string {
		return []string{"--table", "demo.events", "--appends", fmt.Sprint(rounds), "--rows", fmt.Sprint(rowsInRound)}
	}
	p.Holds = func(e s3test.Entry) string {
		if e.Action != operations[service].commit || e.Status != http.StatusOK {
			return ""
		}
		return fmt.Sprint(messages.Add(1))
	}
	p.Check = func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		icebergAppend.Check(ctx, w, journal, surprise)
		commits, keys := 0, map[string]bool{}
		for _, e := range journal {
			if e.Service != service || !Served(e) {
				continue
			}
			keys[e.KeyID] = true
			if e.Action == operations[service].commit && e.Status == http.StatusOK {
				commits++
			}
		}
		if commits != rounds {
			surprise("the table was updated %d times through the REST catalog, and should have been %d times", commits, rounds)
		}
		if len(keys) <= Ends {
			surprise("the REST catalog saw %d sessions, not more than %d", len(keys), Ends)
		}
	}
	return p
}

const tableBucket = "arn:aws:s3tables:" + Region + ":222222222222:bucket/tables"

// operations are what IAM calls the requests to a REST catalog, by service.
var operations = map[string]struct{ config, getNamespace, makeNamespace, getTable, makeTable, commit string }{
	"glue": {"glue:GetCatalog", "glue:GetDatabase", "glue:CreateDatabase", "glue:GetTable", "glue:CreateTable", "glue:UpdateTable"},
	"s3tables": {"s3tables:GetTableBucket", "s3tables:GetNamespace", "s3tables:CreateNamespace", "s3tables:GetTableMetadataLocation",
		"s3tables:CreateTable", "s3tables:UpdateTableMetadataLocation"},
}

// A rest is the REST catalog of Glue or of S3 Tables: as much of its protocol as is needed to make a flat table in a namespace,
// append to it and read it. What it does not know it refuses by name. Each new version of a table lies in the client's bucket,
// too, as a catalog writes it.
type rest struct {
	put func(ctx context.Context, key string, body []byte) error

	mu     sync.Mutex
	spaces map[string]map[string]*table // by namespace and name
}

// prefix is what a catalog wants before its paths; that of S3 Tables is the ARN, escaped.
func prefix(warehouse string) string {
	return strings.NewReplacer(":", "%3A", "/", "%2F").Replace(warehouse)
}

// restAction is what IAM calls a request; "" when it is not known.
func restAction(service string, r *http.Request) string {
	names := operations[service]
	after, found := strings.CutPrefix(r.URL.EscapedPath(), "/iceberg/v1/")
	if !found {
		return ""
	}
	if after == "config" {
		return names.config
	}
	words := strings.Split(after, "/")[1:] // behind the prefix
	action := map[string]string{
		"GET namespaces/*":           names.getNamespace,
		"POST namespaces":            names.makeNamespace,
		"POST namespaces/*/tables":   names.makeTable,
		"GET namespaces/*/tables/*":  names.getTable,
		"POST namespaces/*/tables/*": names.commit,
	}
	for i := 1; i < len(words); i += 2 {
		words[i] = "*"
	}
	return action[r.Method+" "+strings.Join(words, "/")]
}

// answer does what a request asks that may be done.
func (c *rest) answer(r *http.Request, body []byte, service, action string) (*http.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out, err := c.do(r, body, service, action)
	status := http.StatusOK
	if wrong := (*restError)(nil); errors.As(err, &wrong) {
		status, out, err = wrong.Code, map[string]any{"error": wrong}, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(out)
	return &http.Response{StatusCode: status, Body: io.NopCloser(bytes.NewReader(text)), Header: http.Header{"Content-Type": {"application/json"}}}, err
}

func (c *rest) do(r *http.Request, body []byte, service, action string) (any, error) {
	names := operations[service]
	if action == names.config {
		return map[string]any{"defaults": map[string]string{}, "overrides": map[string]string{"prefix": prefix(r.URL.Query().Get("warehouse"))},
			"endpoints": []string{"GET /v1/{prefix}/namespaces/{namespace}", "POST /v1/{prefix}/namespaces", "POST /v1/{prefix}/namespaces/{namespace}/tables",
				"GET /v1/{prefix}/namespaces/{namespace}/tables/{table}", "POST /v1/{prefix}/namespaces/{namespace}/tables/{table}"}}, nil
	}
	var in struct {
		Namespace     []string
		Name          string
		Schema        map[string]any
		PartitionSpec struct{ Fields []any } `json:"partition-spec"`
		WriteOrder    struct{ Fields []any } `json:"write-order"`
		StageCreate   bool                   `json:"stage-create"`
		Location      string
		Properties    map[string]string
		Requirements  []map[string]any
		Updates       []map[string]any
	}
	if len(body) > 0 {
		if err := decode(body, &in); err != nil {
			return nil, &restError{Code: http.StatusBadRequest, Type: "BadRequestException", Message: err.Error()}
		}
	}
	words := append(strings.Split(r.URL.Path[strings.Index(r.URL.Path, "/namespaces"):], "/")[2:], "", "", "")
	if action == names.makeNamespace {
		name := strings.Join(in.Namespace, ".")
		c.spaces[name] = map[string]*table{}
		return map[string]any{"namespace": in.Namespace, "properties": map[string]string{}}, nil
	}
	space, found := c.spaces[words[0]]
	if !found && action != names.getTable { // where a table is looked for, it is the table that is not there
		return nil, &restError{Code: http.StatusNotFound, Type: "NoSuchNamespaceException", Message: "there is no namespace " + words[0]}
	}
	if action == names.getNamespace {
		return map[string]any{"namespace": strings.Split(words[0], "."), "properties": map[string]string{}}, nil
	}
	if action == names.makeTable {
		if in.StageCreate || in.Location != "" || len(in.PartitionSpec.Fields)+len(in.WriteOrder.Fields) > 0 {
			return nil, unknown("a table with a place, partitions or an order of its own, or one made in stages")
		}
		t, err := newTable("s3://"+ClientBucket+"/"+"warehouse/"+words[0]+"/"+in.Name, in.Schema, in.Properties)
		if err != nil {
			return nil, err
		}
		space[in.Name] = t
		return t.publish(r.Context(), c.put)
	}
	t, found := space[words[2]]
	if !found {
		return nil, &restError{Code: http.StatusNotFound, Type: "NoSuchTableException", Message: "there is no table " + words[2] + " in " + words[0]}
	}
	if action == names.getTable {
		return t.result(), nil
	}
	if err := t.commit(in.Requirements, in.Updates); err != nil {
		return nil, err
	}
	return t.publish(r.Context(), c.put)
}

// decode keeps numbers as they are: an id of a snapshot does not fit into a float.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}

// A restError is one of the protocol's.
type restError struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Code    int    `json:"code"`
}

func (e *restError) Error() string { return e.Type + ": " + e.Message }

func unknown(what string) error {
	return &restError{Code: http.StatusBadRequest, Type: "UnsupportedOperationException", Message: "the stand-in does not know " + what}
}
