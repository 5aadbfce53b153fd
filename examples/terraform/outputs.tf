output "job_role_arn" {
  description = "ARN of the job execution role."
  value       = aws_iam_role.job.arn
}

output "client_role_arn" {
  description = "ARN of the client role."
  value       = aws_iam_role.client.arn
}

output "spark_conf" {
  description = "Arguments for rolechain spark-conf, beside -for, -release and -delivery."
  value = join(" ", concat(
    [
      "-job-role", aws_iam_role.job.arn, "-client-role", aws_iam_role.client.arn, "-region", data.aws_region.current.id,
      "-job-bucket", var.job_bucket, "-client-bucket", var.client_bucket,
    ],
    local.pod_identity ? ["-pod-identity"] : [],
    var.log_bucket == null ? [] : ["-log-uri", "s3://${var.log_bucket}/"],
    var.log_group == null ? [] : ["-log-group", var.log_group],
  ))
}
