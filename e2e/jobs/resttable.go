package jobs

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// A table is what a REST catalog knows of one: its metadata, by the names of Iceberg's specification (version 2).
type table struct {
	metadata map[string]any
	versions int
	location string // of the newest metadata
}

func newTable(location string, schema map[string]any, properties map[string]string) (*table, error) {
	fields, _ := schema["fields"].([]any)
	for i, f := range fields {
		field, _ := f.(map[string]any)
		if _, flat := field["type"].(string); !flat {
			return nil, unknown(fmt.Sprintf("a column that is no simple value: %v", f))
		}
		field["id"] = i + 1 // a catalog gives ids of its own
	}
	if len(fields) == 0 {
		return nil, unknown("a table without columns")
	}
	schema["schema-id"] = 0
	id := make([]byte, 16)
	rand.Read(id)
	return &table{metadata: map[string]any{
		"format-version": 2, "table-uuid": fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]), "location": location,
		"last-sequence-number": 0, "last-updated-ms": time.Now().UnixMilli(), "last-column-id": len(fields),
		"schemas": []any{schema}, "current-schema-id": 0,
		"partition-specs": []any{map[string]any{"spec-id": 0, "fields": []any{}}}, "default-spec-id": 0, "last-partition-id": 999,
		"sort-orders": []any{map[string]any{"order-id": 0, "fields": []any{}}}, "default-sort-order-id": 0,
		"properties": properties, "snapshots": []any{}, "refs": map[string]any{}, "snapshot-log": []any{},
	}}, nil
}

// commit changes the metadata if all that is required is so.
func (t *table) commit(requirements, updates []map[string]any) error {
	refs := t.metadata["refs"].(map[string]any)
	for _, r := range requirements {
		var is, want any
		switch r["type"] {
		case "assert-table-uuid":
			is, want = t.metadata["table-uuid"], r["uuid"]
		case "assert-ref-snapshot-id":
			if ref, found := refs[fmt.Sprint(r["ref"])].(map[string]any); found {
				is = ref["snapshot-id"]
			}
			want = r["snapshot-id"]
		default:
			return unknown(fmt.Sprintf("the requirement %v", r["type"]))
		}
		if fmt.Sprint(is) != fmt.Sprint(want) {
			return &restError{Code: http.StatusConflict, Type: "CommitFailedException", Message: fmt.Sprintf("%v: it is %v, not %v", r["type"], is, want)}
		}
	}
	known := []string{"add-snapshot", "set-snapshot-ref"}
	for _, u := range updates {
		if !slices.Contains(known, fmt.Sprint(u["action"])) {
			return unknown(fmt.Sprintf("the update %v", u["action"]))
		}
	}
	for _, u := range updates {
		if u["action"] == "add-snapshot" {
			snapshot, _ := u["snapshot"].(map[string]any)
			t.metadata["snapshots"] = append(t.metadata["snapshots"].([]any), snapshot)
			t.metadata["last-sequence-number"], t.metadata["last-updated-ms"] = snapshot["sequence-number"], snapshot["timestamp-ms"]
			continue
		}
		refs[fmt.Sprint(u["ref-name"])] = map[string]any{"type": u["type"], "snapshot-id": u["snapshot-id"]}
		t.metadata["current-snapshot-id"] = u["snapshot-id"]
		t.metadata["snapshot-log"] = append(t.metadata["snapshot-log"].([]any),
			map[string]any{"snapshot-id": u["snapshot-id"], "timestamp-ms": t.metadata["last-updated-ms"]})
	}
	return nil
}

// publish writes the metadata to where its readers look for it.
func (t *table) publish(ctx context.Context, put func(context.Context, string, []byte) error) (any, error) {
	text, err := json.Marshal(t.metadata)
	if err != nil {
		return nil, err
	}
	t.location = fmt.Sprintf("%s/metadata/%05d-%s.metadata.json", t.metadata["location"], t.versions, t.metadata["table-uuid"])
	t.versions++
	return t.result(), put(ctx, strings.TrimPrefix(t.location, "s3://"+ClientBucket+"/"), text)
}

// result is what a catalog answers about a table.
func (t *table) result() any {
	return map[string]any{"metadata-location": t.location, "metadata": t.metadata, "config": map[string]string{}}
}
