package submission

import (
	"fmt"
	"strconv"
	"strings"
)

// A Runtime says what a release runs a job with: which AWS SDK for Java a job's Spark reads S3 with, and by which file system.
type Runtime struct {
	EMR   bool
	Label string // of EMR: emr-7.10.0-latest; "" for Apache's Spark
	Spark string // version of Spark: 3.5 or, where it was asked for so, 3.5.9
	EMRFS bool   // EMR's own file system has s3:// paths; otherwise Hadoop's S3A has s3a:// and, on EMR, s3:// too
	SDK   int    // major version of the AWS SDK for Java that the file system's credential providers are of
}

const releaseHint = "emr-7.10.0, emr-6.15.0, spark-3.5, spark-4.0"

// runtimeOf reads emr-X.Y[.Z][-SUFFIX] or spark-X.Y[.Z]. What it knows of them:
// EMR 7.10 made S3A the file system for s3:// (Amazon EMR release guide, "Migration Guide: EMRFS to S3A Filesystem").
// EMRFS takes providers of SDK v1 (the same guide, "Authorizing access to EMRFS data in Amazon S3").
// Apache's Spark 3 is built with Hadoop 3.3, whose S3A is of SDK v1, and Spark 4 with Hadoop 3.4, whose S3A is of SDK v2.
func runtimeOf(name string) (r Runtime, problem string) {
	kind, version, _ := strings.Cut(name, "-")
	version, suffix, hasSuffix := strings.Cut(version, "-")
	major, minor, patch, ok := parseVersion(version)
	suffixOK := !hasSuffix || kind == "emr" && suffix != "" && only(suffix, lower+digits+"-")
	switch {
	case !ok || !suffixOK || kind != "emr" && kind != "spark":
		return r, "is not a release"
	case kind == "emr" && major == 6 && minor == 15:
		r = Runtime{EMR: true, Spark: "3.4", EMRFS: true, SDK: 1}
	case kind == "emr" && major == 7 && minor < 10:
		r = Runtime{EMR: true, Spark: "3.5", EMRFS: true, SDK: 1}
	case kind == "emr" && major == 7:
		r = Runtime{EMR: true, Spark: "3.5", SDK: 2}
	case kind == "spark" && major == 3 && minor >= 3:
		return Runtime{Spark: version, SDK: 1}, ""
	case kind == "spark" && major == 4:
		return Runtime{Spark: version, SDK: 2}, ""
	default:
		return r, "is a release that spark-conf has no settings for"
	}
	if !hasSuffix {
		suffix = "latest"
	}
	r.Label = fmt.Sprintf("emr-%d.%d.%s-%s", major, minor, patch, suffix)
	return r, ""
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

// Scheme is how the paths of this release's file system begin.
func (r Runtime) Scheme() string {
	if r.EMR {
		return "s3"
	}
	return "s3a"
}
