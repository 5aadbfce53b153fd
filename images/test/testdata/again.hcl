# The image of images/Dockerfile as the base of another.
target "again" {
  inherits = ["spark-7-14-0"]
  contexts = {
    "public.ecr.aws/emr-on-eks/spark/emr-7.14.0" = "target:spark-7-14-0"
  }
  platforms = ["linux/arm64"]
  tags      = ["again:latest"]
}
