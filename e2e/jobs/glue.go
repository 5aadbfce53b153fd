package jobs

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"rolechain/internal/s3test"
)

// glueCatalog is case 10: what case 5 does, with a table that Glue's Data Catalog keeps, by Iceberg's own client of Glue.
func glueCatalog() Plan {
	p := icebergAppend
	p.Deliveries = []string{Profile, Endpoint, None}
	p.Sparks = []string{"3.5"}
	p.Nightly = true
	p.Chain = []string{"-iceberg-catalog", "client=glue"}
	p.Control = maps.Clone(p.Control)
	p.Control["spark.sql.catalog.client"] = "org.apache.iceberg.spark.SparkCatalog"
	p.Control["spark.sql.catalog.client.type"] = "glue"
	p.Arguments = func() []string {
		return slices.DeleteFunc(icebergAppend.Arguments(), func(word string) bool { return strings.HasPrefix(word, "--catalog-file") || word == "catalog.db" })
	}
	p.Check = func(ctx context.Context, w *World, journal []s3test.Entry, surprise func(string, ...any)) {
		icebergAppend.Check(ctx, w, journal, surprise)
		updates, keys := 0, map[string]bool{}
		for _, e := range journal {
			if e.Service != "glue" || !Served(e) || e.Status != http.StatusOK || e.Role != ClientARN {
				continue
			}
			keys[e.KeyID] = true
			if e.Action == "glue:UpdateTable" {
				updates++
			}
		}
		if updates != rounds {
			surprise("Glue's table was updated %d times by the client role, and should have been %d times", updates, rounds)
		}
		if len(keys) <= Ends {
			surprise("Glue saw %d sessions of the client role, not more than %d", len(keys), Ends)
		}
		w.judgeGlue(ctx, surprise)
	}
	return p
}

// judgeGlue wants Glue's table to lead to the newest metadata in the bucket.
func (w *World) judgeGlue(ctx context.Context, surprise func(string, ...any)) {
	header := http.Header{"X-Amz-Target": {"AWSGlue.GetTable"}, "Content-Type": {"application/x-amz-json-1.1"}}
	answer, err := w.Moto.call(ctx, http.MethodPost, "glue", "/", header, []byte(`{"DatabaseName": "demo", "Name": "events"}`))
	var got struct {
		Table struct{ Parameters map[string]string }
	}
	if err == nil {
		err = json.Unmarshal(answer, &got)
	}
	if err != nil {
		surprise("asking Glue for the table: %v", err)
		return
	}
	keys, err := w.Moto.Keys(ctx, ClientBucket, w.icebergTable()+"metadata/")
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasSuffix(k, ".metadata.json") })
	if err != nil || len(keys) == 0 {
		surprise("the table has no metadata (%v)", err)
		return
	}
	if at, want := got.Table.Parameters["metadata_location"], "s3://"+ClientBucket+"/"+slices.Max(keys); at != want {
		surprise("Glue's table is at %q, and should be at %q", at, want)
	}
}
