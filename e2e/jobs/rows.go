package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A row is one of a table: its values by column, as JSON has them.
type row map[string]any

func (w *World) parquet(ctx context.Context, in []byte, args ...string) ([]byte, error) {
	script := filepath.Join(w.Root, "e2e", "jobs", "parquet.py")
	cmd := exec.CommandContext(ctx, filepath.Join(w.Build, "aws", "venv", "bin", "python"), append([]string{script, w.Moto.URL}, args...)...)
	said := &strings.Builder{}
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("parquet.py %s: %w\n%s", strings.Join(args, " "), err, said)
	}
	return out, nil
}

// writeRows makes a Parquet file.
func (w *World) writeRows(ctx context.Context, bucket, key string, rows []row) error {
	data, err := json.Marshal(rows)
	if err == nil {
		_, err = w.parquet(ctx, data, "write", bucket, key)
	}
	return err
}

// readRows reads all Parquet files below a prefix.
func (w *World) readRows(ctx context.Context, bucket, prefix string) ([]row, error) {
	keys, err := w.Moto.Keys(ctx, bucket, prefix)
	if err != nil {
		return nil, err
	}
	return w.readFiles(ctx, bucket, slices.DeleteFunc(keys, func(k string) bool { return !strings.HasSuffix(k, ".parquet") })...)
}

// readFiles reads Parquet files.
func (w *World) readFiles(ctx context.Context, bucket string, keys ...string) ([]row, error) {
	data, err := w.parquet(ctx, nil, append([]string{"read", bucket}, keys...)...)
	if err != nil {
		return nil, err
	}
	var rows []row
	err = json.Unmarshal(data, &rows)
	return rows, err
}

// differ compares rows in any order.
func differ(got, want []row, where string, surprise func(string, ...any)) {
	text := func(rows []row) []string {
		lines := make([]string, len(rows))
		for i, r := range rows {
			line, _ := json.Marshal(r) // the columns in order
			lines[i] = string(line)
		}
		slices.Sort(lines)
		return lines
	}
	a, b := text(got), text(want)
	if slices.Equal(a, b) {
		return
	}
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			surprise("%s has %d rows, and should have %d; the first that differs is %s, not %s", where, len(a), len(b), a[i], b[i])
			return
		}
	}
	surprise("%s has %d rows, and should have %d", where, len(a), len(b))
}

// The tables that jobs read: regions, and orders in files of their own. One order has a region that is not there.
func regions() []row {
	return []row{{"region": "north", "manager": "Ada"}, {"region": "south", "manager": "Grace"}}
}

func orders() (rows []row) {
	for i := range 4 * rounds {
		rows = append(rows, row{"id": i, "region": []string{"north", "south"}[i%2], "amount": i * i})
	}
	return append(rows, row{"id": -1, "region": "nowhere", "amount": 0})
}

const orderFiles = 4

func (w *World) writeOrders(ctx context.Context) error {
	all := orders()
	size := (len(all) + orderFiles - 1) / orderFiles
	n := 0
	for part := range slices.Chunk(all, size) {
		if err := w.writeRows(ctx, ClientBucket, fmt.Sprintf("orders/part-%d.parquet", n), part); err != nil {
			return err
		}
		n++
	}
	return nil
}

// joined is what case 2 makes of them.
func joined() (rows []row) {
	managers := map[any]any{}
	for _, r := range regions() {
		managers[r["region"]] = r["manager"]
	}
	for _, o := range orders() {
		if manager, ok := managers[o["region"]]; ok {
			r := maps.Clone(o)
			r["manager"] = manager
			rows = append(rows, r)
		}
	}
	return rows
}
