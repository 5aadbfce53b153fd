package jobs

import (
	"slices"
	"testing"
)

// Of a file that was written anew the newest one counts, and what is not of the table's rows does not.
func TestLatestFiles(t *testing.T) {
	got := latestFiles([]string{
		hudiTable + "a-0_0-1-2_20261127070000000.parquet",
		hudiTable + "a-0_0-9-9_20261127070500000.parquet",
		hudiTable + "b-0_1-1-2_20261127070000000.parquet",
		hudiTable + ".hoodie/metadata/files/files-0000-0_0-1-2_20261127070000000.parquet",
		hudiTable + ".hoodie/timeline/20261127070000000_20261127070001000.commit",
		"other/a-0_0-1-2_20261127090000000.parquet",
	})
	slices.Sort(got)
	want := []string{hudiTable + "a-0_0-9-9_20261127070500000.parquet", hudiTable + "b-0_1-1-2_20261127070000000.parquet"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
