variable "cluster" {
  description = "Name of the EKS cluster, in the job account."
  type        = string
}

variable "namespace" {
  description = "Kubernetes namespace of the virtual cluster."
  type        = string
}

variable "service_accounts" {
  description = <<-EOT
    Names of the service accounts that may become the job execution role. * and ? stand for any. EMR makes
    accounts of its own, emr-containers-sa-*-*-ACCOUNT- and the role's name in base 36, which
    "aws emr-containers update-role-trust-policy --dry-run" prints. With Pod Identity write full names: each of them gets an association.
  EOT
  type        = list(string)
  validation {
    condition     = length(var.service_accounts) > 0
    error_message = "Name at least one service account."
  }
}

variable "first_hop" {
  description = "How pods get the job execution role: irsa or pod-identity."
  type        = string
  default     = "irsa"
  validation {
    condition     = contains(["irsa", "pod-identity"], var.first_hop)
    error_message = "first_hop is irsa or pod-identity."
  }
}

variable "create_oidc_provider" {
  description = "Whether to create the cluster's OIDC provider in IAM. An account has one for each issuer."
  type        = bool
  default     = false
}

variable "job_role" {
  description = "Name of the job execution role."
  type        = string
  default     = "job-execution-role-1"
}

variable "client_role" {
  description = "Name of the client role."
  type        = string
  default     = "client-role-2"
}

variable "job_bucket" {
  description = "Bucket with the job's own files, in the job account."
  type        = string
}

variable "client_bucket" {
  description = "Bucket with the data, in the client account."
  type        = string
}

variable "log_bucket" {
  description = "Bucket for EMR's logs; null leaves the permission out."
  type        = string
  default     = null
}

variable "log_group" {
  description = "CloudWatch log group for EMR's logs; null leaves the permissions out."
  type        = string
  default     = null
}

variable "queue" {
  description = "SQS queue in the client account to which the job sends; null leaves the permission out."
  type        = string
  default     = null
}

variable "kms_key_id" {
  description = "Id of the key with which the data's bucket is encrypted; null leaves the permission out."
  type        = string
  default     = null
}
