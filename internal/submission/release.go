package submission

import (
	"fmt"
	"strconv"
	"strings"
)

// A Runtime says what a release runs a job with: which AWS SDK for Java reads S3, and by which file system.
type Runtime struct {
	EMR   bool
	Label string // of EMR: emr-7.14.0-latest; "" for Apache's Spark
	Spark string // version of Spark: 3.5 or, where it was asked for so, 3.5.9
	EMRFS bool   // EMR's own file system has s3:// paths; otherwise Hadoop's S3A has s3a:// and, on EMR, s3:// too
	SDK   int    // major version of the AWS SDK for Java that the file system's credential providers are of

	// NamesProfiles: Hadoop is 3.4.2 or later, whose S3A takes a profile's name for a bucket. Nobody says which changes EMR's
	// Hadoop has, so this is for Apache's releases.
	NamesProfiles bool
}

const releaseHint = "emr-7.14.0, emr-spark-8.1.0, emr-6.15.0, spark-3.5, spark-4.0"

// A train is a line of releases that differ in the minor version.
type train struct {
	prefix        string
	major         int
	first, newest int  // minor versions
	open          bool // releases after newest are treated like it
	runtime       Runtime
}

// trains has what is known of releases:
// EMR 7.10 made S3A the file system for s3:// (Amazon EMR release guide, "Migration Guide: EMRFS to S3A Filesystem").
// EMRFS takes providers of SDK v1 (the same guide, "Authorizing access to EMRFS data in Amazon S3").
// emr-spark-8 is a train of its own, with Spark 4 and S3A.
// Apache's Spark 3 is built with Hadoop 3.3, whose S3A is of SDK v1, and Spark 4 with Hadoop 3.4, whose S3A is of SDK v2;
// Spark 4.0 with Hadoop 3.4.1, and 4.1 with 3.4.2.
var trains = []train{
	{"emr-spark-", 8, 0, 1, true, Runtime{EMR: true, Spark: "4.0", SDK: 2}},
	{"emr-", 6, 15, 15, false, Runtime{EMR: true, Spark: "3.4", EMRFS: true, SDK: 1}},
	{"emr-", 7, 0, 9, false, Runtime{EMR: true, Spark: "3.5", EMRFS: true, SDK: 1}},
	{"emr-", 7, 10, 14, true, Runtime{EMR: true, Spark: "3.5", SDK: 2}},
	{"spark-", 3, 3, 5, true, Runtime{SDK: 1}},
	{"spark-", 4, 0, 0, false, Runtime{SDK: 2}},
	{"spark-", 4, 1, 1, true, Runtime{SDK: 2, NamesProfiles: true}},
}

// runtimeOf reads emr-X.Y[.Z][-SUFFIX], emr-spark-X.Y[.Z][-SUFFIX] or spark-X.Y[.Z]. like is the newest release known of the same
// train if name is newer, and otherwise "".
func runtimeOf(name string) (r Runtime, like, problem string) {
	prefix := name[:strings.IndexAny(name+"0", digits)]
	version, suffix, hasSuffix := strings.Cut(name[len(prefix):], "-")
	major, minor, patch, ok := parseVersion(version)
	if !ok || prefix != "spark-" && prefix != "emr-" && prefix != "emr-spark-" ||
		hasSuffix && (prefix == "spark-" || suffix == "" || !only(suffix, lower+digits+"-")) {
		return r, "", "is not a release"
	}
	for _, t := range trains {
		if t.prefix != prefix || t.major != major || minor < t.first || minor > t.newest && !t.open {
			continue
		}
		r = t.runtime
		if minor > t.newest {
			like = fmt.Sprintf("%s%d.%d", prefix, major, t.newest)
		}
		if !r.EMR {
			r.Spark = version
			return r, like, ""
		}
		if !hasSuffix {
			suffix = "latest"
		}
		r.Label = fmt.Sprintf("%s%d.%d.%s-%s", prefix, major, minor, patch, suffix)
		return r, like, ""
	}
	return r, "", "is a release that spark-conf has no settings for"
}

// parseVersion reads X.Y or X.Y.Z; patch is "0" when it is not there.
func parseVersion(version string) (major, minor int, patch string, ok bool) {
	parts := strings.Split(version, ".")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, 0, "", false
	}
	for _, p := range parts {
		if p == "" || len(p) > 3 || !only(p, digits) {
			return 0, 0, "", false
		}
	}
	major, _ = strconv.Atoi(parts[0])
	minor, _ = strconv.Atoi(parts[1])
	patch = "0"
	if len(parts) == 3 {
		patch = parts[2]
	}
	return major, minor, patch, true
}

// Scheme returns how the paths of this release's file system begin.
func (r Runtime) Scheme() string {
	if r.EMR {
		return "s3"
	}
	return "s3a"
}
