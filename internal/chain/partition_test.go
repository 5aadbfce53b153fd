package chain

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rolechain/internal/settings"
)

// partitions are all that the SDK knows, with their regions, and with what their hosts' names end in.
func partitions(t *testing.T) (regions map[string][]string, domains map[string]string) {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "internal/endpoints/awsrulesfn/partitions.json"))
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Partitions []struct {
			ID      string
			Regions map[string]any
			Outputs struct{ DNSSuffix string }
		}
	}
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	list, domains := map[string][]string{}, map[string]string{}
	for _, p := range table.Partitions {
		domains[p.ID] = p.Outputs.DNSSuffix
		for region := range p.Regions {
			if !strings.HasSuffix(region, "-global") {
				list[p.ID] = append(list[p.ID], region)
			}
		}
	}
	if len(list) < 8 {
		t.Fatalf("the SDK knows only %v", list)
	}
	return list, domains
}

// Every partition that the SDK knows can be named, its regions are its own alone, and without a region it has one of them,
// or, in the partition aws, the global endpoint and a warning.
func TestPartitions(t *testing.T) {
	all, domains := partitions(t)
	read := func(partition, region string) (settings.Settings, error) {
		role := func(account string) string { return "arn:" + partition + ":iam::" + account + ":role/r" }
		env := []string{"CLIENT_ROLE_ARN=" + role("444455556666"), "WEB_IDENTITY_ROLE_ARN=" + role("111122223333"), "AWS_REGION=" + region}
		s, _, _, err := settings.Read(settings.Listed(env))
		return s, err
	}
	for partition, regions := range all {
		s, err := read(partition, "")
		if err != nil {
			t.Errorf("%s: %v", partition, err)
			continue
		}
		spec := Spec{ClientRole: s.ClientRole}
		if own := spec.region(); !slices.Contains(regions, own) && (partition != "aws" || own != "aws-global") {
			t.Errorf("%s: without a region it is %q", partition, own)
		}
		if got := settings.Domain(s.ClientRole); got != domains[partition] {
			t.Errorf("%s: names of hosts end in %q, not in %q", partition, got, domains[partition])
		}
		quiet := partition == "aws-cn" || partition == "aws-us-gov"
		if w, ok := settings.NoRegion(s.ClientRole); ok == quiet || ok && !strings.Contains(w.Text, "You must specify a region") {
			t.Errorf("%s: %v %q", partition, ok, w)
		}
		for other, theirs := range all {
			for _, region := range theirs {
				_, err := read(partition, region)
				// The isolated partitions are not told apart.
				if isolated := strings.HasPrefix(other, "aws-iso") && strings.HasPrefix(partition, "aws-iso"); (err == nil) != (other == partition) && !isolated {
					t.Errorf("%s with %s: %v", partition, region, err)
				}
			}
		}
	}
}
