# The images, for linux/amd64 and linux/arm64. In the repository's root:
#
#   docker buildx bake -f images/docker-bake.hcl spark-7-14-0 --push
#
# Without a name it builds all of them; --print shows what that is. README.md beside this file is the manual.

# Where the images go, with a slash at the end: "111111111111.dkr.ecr.us-west-2.amazonaws.com/".
variable "REGISTRY" {
  default = ""
}

# Where EMR's images are: the public gallery, or ECR-registry-account.dkr.ecr.Region.amazonaws.com.
variable "BASE_REGISTRY" {
  default = "public.ecr.aws/emr-on-eks"
}

# Tag of EMR's images: "latest", or a date such as "20250801" for one that never changes.
variable "BASE_TAG" {
  default = "latest"
}

# Of rolechain; VERSION is the tag of the images, too. COMMIT is the output of "git rev-parse HEAD".
variable "VERSION" {
  default = ""
}

variable "COMMIT" {
  default = ""
}

# A version of Go's FIPS 140-3 module to build with: "v1.0.0".
variable "GOFIPS140" {
  default = "off"
}

# Seconds since 1970, the output of "git log -1 --format=%ct": with the same one, two builds have the same digest.
variable "SOURCE_DATE_EPOCH" {
  default = "0"
}

# Releases emr-6.x and emr-7.x:
# https://docs.aws.amazon.com/emr/latest/EMR-on-EKS-DevelopmentGuide/emr-eks-releases.html, as of November 2026.
variable "RELEASES" {
  type = list(string)
  default = [
    "6.15.0",
    "7.0.0", "7.1.0", "7.2.0", "7.3.0", "7.4.0", "7.5.0", "7.6.0", "7.7.0", "7.8.0", "7.9.0",
    "7.10.0", "7.11.0", "7.12.0", "7.13.0", "7.14.0",
  ]
}

# Releases emr-spark-8.x, which have Spark 4.
variable "SPARK_RELEASES" {
  type    = list(string)
  default = ["8.0.0", "8.1.0"]
}

group "default" {
  targets = ["emr", "emr-spark"]
}

target "_common" {
  platforms = ["linux/amd64", "linux/arm64"]
  args = {
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
  # A provenance attestation has the times of the build in it, so no two are the same. "--provenance=true" brings it back.
  attest = ["type=provenance,disabled=true"]
  output = ["type=image,rewrite-timestamp=true"]
}

# Nothing but the two programs and the jar, for COPY --from in other images.
target "rolechain" {
  inherits = ["_common"]
  context  = "."
  target   = "rolechain"
  tags     = ["${REGISTRY}rolechain:${VERSION == "" ? "latest" : VERSION}"]
  args = {
    VERSION   = VERSION
    COMMIT    = COMMIT
    GOFIPS140 = GOFIPS140
  }
}

# What is in them, as files: build/sbom/<platform>/rolechain.spdx.json.
target "sbom" {
  inherits = ["rolechain"]
  target   = "sbom"
  tags     = []
  output   = ["build/sbom"]
}

# EMR's images with rolechain: spark-6-15-0 … notebook-spark-7-14-0.
target "emr" {
  name = "${kind}-${replace(release, ".", "-")}"
  matrix = {
    kind    = ["spark", "notebook-spark"]
    release = RELEASES
  }
  inherits = ["_common"]
  context  = "images"
  contexts = {
    rolechain = "target:rolechain"
  }
  args = {
    BASE = "${BASE_REGISTRY}/${kind}/emr-${release}:${BASE_TAG}"
  }
  tags = ["${REGISTRY}${kind}/emr-${release}:${VERSION == "" ? "latest" : VERSION}"]
}

# The same for emr-spark-8.x: spark-8-0-0, spark-8-1-0. AWS lists no notebook images for these.
target "emr-spark" {
  name = "spark-${replace(release, ".", "-")}"
  matrix = {
    release = SPARK_RELEASES
  }
  inherits = ["_common"]
  context  = "images"
  contexts = {
    rolechain = "target:rolechain"
  }
  args = {
    BASE = "${BASE_REGISTRY}/spark/emr-spark-${release}:${BASE_TAG}"
  }
  tags = ["${REGISTRY}spark/emr-spark-${release}:${VERSION == "" ? "latest" : VERSION}"]
}
