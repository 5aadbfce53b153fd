# Beside ../docker-bake.hcl: builds the image of EMR 7.14.0 where there is no registry. Everything that would come from
# one is made by "make images" and lies in build/images.

target "standin" {
  context = "images/build/standin"
  contexts = {
    debian = "oci-layout://build/images/debian:latest"
    spark  = "build/images/spark"
    boto3  = "build/images/boto3"
  }
  platforms = ["linux/amd64", "linux/arm64"]
}

target "rolechain" {
  contexts = {
    "golang:1.26.8-bookworm"       = "oci-layout://build/images/golang:latest"
    "maven:3.9-eclipse-temurin-17" = "oci-layout://build/images/maven:latest"
  }
}

target "spark-7-14-0" {
  contexts = {
    # Without its tag "latest", under which BuildKit does not look for it.
    "public.ecr.aws/emr-on-eks/spark/emr-7.14.0" = "target:standin"
  }
}

# An archive for each platform that "docker load" takes.
target "archive" {
  name = "archive-${arch}"
  matrix = {
    arch = ["amd64", "arm64"]
  }
  inherits  = ["spark-7-14-0"]
  platforms = ["linux/${arch}"]
  tags      = ["rolechain-standin:${arch}"]
  output    = ["type=docker,dest=build/images/standin-${arch}.tar"]
}

# The log shipper of EMR's pods.
target "sidecar" {
  inherits  = ["standin"]
  target    = "sidecar"
  platforms = ["linux/amd64"]
  tags      = ["rolechain-sidecar"]
  output    = ["type=docker,dest=build/images/sidecar.tar"]
}
