package submission

import (
	"slices"
	"strings"

	"rolechain/internal/jobconf"
	"rolechain/internal/settings"
)

// stores are properties whose values are places in S3, by their names or the ends of these, and who goes there.
var stores = []struct {
	names []string
	who   string
	other string // the role of a reader that is not the job; "" for the job
}{
	{names: []string{"entryPoint", "mainApplicationFile"}, who: "the driver fetches"},
	{names: []string{"spark.jars", "spark.files", "spark.submit.pyFiles", "spark.archives"}, who: "driver and executors fetch"},
	{names: []string{"spark.eventLog.dir"}, who: "the driver writes"},
	{names: []string{"spark.sql.streaming.checkpointLocation", "spark.checkpoint.dir"}, who: "driver and executors use"},
	{names: []string{"spark.storage.decommission.fallbackStorage.path", "spark.shuffle.s3.rootDir", "spark.shuffle.storage.path"}, who: "executors use"},
	{names: []string{"warehouse.dir", ".warehouse"}, who: "driver and executors use"},
	{names: []string{"spark.kubernetes.file.upload.path"}, who: "the driver fetches what spark-submit, where it runs, puts into"},
	{names: []string{"spark.history.fs.logDirectory"}, who: "the History Server reads", other: "with credentials of its own, outside the chain"},
	{names: []string{"spark.kubernetes.driver.podTemplateFile", "spark.kubernetes.executor.podTemplateFile"}, who: "before there is a driver, a template is read from"},
}

// stores names the role that goes to each place in S3.
func (j *judge) stores(p jobconf.Property) {
	if _, set := j.ours[p.Name]; set || j.flag == "-property" {
		return
	}
	for _, store := range stores {
		if !slices.ContainsFunc(store.names, func(name string) bool {
			return p.Name == name || strings.HasPrefix(p.Name, "spark.") && strings.HasSuffix(p.Name, name) && !strings.HasPrefix(name, "spark.")
		}) {
			continue
		}
		for _, bucket := range buckets(p.Value) {
			j.store(p, bucket, store.who, store.other)
		}
		return
	}
}

func (j *judge) store(p jobconf.Property, bucket, who, other string) {
	hint := "that role needs the permission to read it"
	if strings.HasSuffix(p.Name, "podTemplateFile") {
		hint += "; give the template to -conf as well, for its variables"
		other = "by spark-submit, with the credentials where it runs"
		if j.Runtime.EMR {
			other = "by EMR, as the job execution role"
		}
	}
	if other != "" {
		j.say(Remark, p, hint, "is in the bucket %s: %s it %s", bucket, who, other)
		return
	}
	arn, named := j.roleOn(bucket)
	weight := Remark
	hint = "its policies have to allow it"
	if !named {
		weight = Doubt
		hint = "if it should be the job execution role: -job-bucket " + bucket + "; if not, its policies have to allow it"
		if j.Settings.Delivery == settings.Profile {
			hint = "if it should be the client role: -client-bucket " + bucket + "; if not, its policies have to allow it"
		}
	}
	j.say(weight, p, hint, "is in the bucket %s: %s it as %s", bucket, who, j.role(arn))
}

// buckets returns the buckets of the places in S3 in a list of URIs.
func buckets(value string) []string {
	var list []string
	for _, uri := range strings.Split(value, ",") {
		scheme, rest, found := strings.Cut(strings.TrimSpace(uri), "://")
		bucket, _, _ := strings.Cut(rest, "/")
		bucket, _, _ = strings.Cut(bucket, "#")
		if found && slices.Contains([]string{"s3", "s3a", "s3n"}, scheme) && bucket != "" && !slices.Contains(list, bucket) {
			list = append(list, bucket)
		}
	}
	return list
}

// roleOn returns the role by which Spark goes to a bucket, and whether a flag names the bucket.
func (s Submission) roleOn(bucket string) (arn string, named bool) {
	if slices.Contains(s.JobBuckets, bucket) {
		return s.JobRole, true
	}
	for _, item := range s.ClientBuckets {
		name, profile, other := strings.Cut(item, "=")
		if name == bucket && other {
			return s.roleOf(profile), true
		}
		if name == bucket {
			return s.Settings.ClientRole, true
		}
	}
	if s.Settings.Delivery == settings.Profile {
		return s.JobRole, false
	}
	return s.Settings.ClientRole, false
}
