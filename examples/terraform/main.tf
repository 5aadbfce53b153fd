# Both roles of a role chain, with the policies of examples/iam. README.md shows how to use it.

data "aws_caller_identity" "job" {}

data "aws_caller_identity" "client" {
  provider = aws.client
}

data "aws_region" "current" {}

data "aws_eks_cluster" "this" {
  name = var.cluster
}

locals {
  issuer       = data.aws_eks_cluster.this.identity[0].oidc[0].issuer
  pod_identity = var.first_hop == "pod-identity"

  # What the words in capitals in examples/iam stand for. A word without a value is in statements that are left out.
  words = {
    JOB_ACCOUNT     = data.aws_caller_identity.job.account_id
    CLIENT_ACCOUNT  = data.aws_caller_identity.client.account_id
    JOB_ROLE        = var.job_role
    CLIENT_ROLE     = var.client_role
    JOB_BUCKET      = var.job_bucket
    CLIENT_BUCKET   = var.client_bucket
    LOG_BUCKET      = coalesce(var.log_bucket, "-")
    LOG_GROUP       = coalesce(var.log_group, "-")
    QUEUE           = coalesce(var.queue, "-")
    KEY_ID          = coalesce(var.kms_key_id, "-")
    REGION          = data.aws_region.current.id
    NAMESPACE       = var.namespace
    SERVICE_ACCOUNT = "*" # accounts, below, has the names
    OIDC_PROVIDER   = replace(local.issuer, "https://", "")
  }
  left_out = concat(
    var.log_bucket == null ? ["WriteEMRsLogsToS3"] : [],
    var.log_group == null ? ["WriteEMRsLogs", "FindEMRsLogGroup"] : [],
    var.queue == null ? ["SendToTheQueue"] : [],
    var.kms_key_id == null ? ["UseTheBucketsKey"] : [],
  )

  files = {
    job_trust          = local.pod_identity ? "job-role-trust-pod-identity" : "job-role-trust-irsa"
    job_permissions    = "job-role-permissions"
    job_tags           = "job-role-permissions-tags"
    client_trust       = local.pod_identity ? "client-role-trust-pod-identity" : "client-role-trust"
    client_permissions = "client-role-permissions"
  }
  # Each file is taken apart into words in capitals and what is between them, and put together again with the values.
  read = {
    for name, file in local.files : name => jsondecode(join("", [
      for part in regexall("[A-Z_]+|[^A-Z_]+", file("${path.module}/../iam/${file}.json")) : lookup(local.words, part, part)
    ]))
  }
  # The files have one service account, and here there may be several.
  accounts = {
    (local.pod_identity ? "aws:RequestTag/kubernetes-service-account" : "${local.words.OIDC_PROVIDER}:sub") = [
      for name in var.service_accounts : local.pod_identity ? name : "system:serviceaccount:${var.namespace}:${name}"
    ]
  }
  job_trust = jsonencode(merge(local.read.job_trust, {
    Statement = [for s in local.read.job_trust.Statement : merge(s, { Condition = merge(s.Condition, { StringLike = local.accounts }) })]
  }))
  policies = {
    for name, policy in local.read : name => jsonencode(merge(policy, {
      Statement = [for s in policy.Statement : s if !contains(local.left_out, s.Sid)]
    }))
  }
}

resource "aws_iam_openid_connect_provider" "cluster" {
  count          = var.create_oidc_provider ? 1 : 0
  url            = local.issuer
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "job" {
  name               = var.job_role
  assume_role_policy = local.job_trust
  depends_on         = [aws_iam_openid_connect_provider.cluster]
}

resource "aws_iam_role_policy" "job" {
  name   = "role-chain"
  role   = aws_iam_role.job.id
  policy = local.policies.job_permissions
}

# Pod Identity's tags go along to the client role.
resource "aws_iam_role_policy" "job_tags" {
  count  = local.pod_identity ? 1 : 0
  name   = "role-chain-tags"
  role   = aws_iam_role.job.id
  policy = local.policies.job_tags
}

resource "aws_eks_pod_identity_association" "job" {
  for_each        = local.pod_identity ? toset(var.service_accounts) : toset([])
  cluster_name    = var.cluster
  namespace       = var.namespace
  service_account = each.value
  role_arn        = aws_iam_role.job.arn
}

# IAM refuses a trust policy that names a role that is not there yet.
resource "aws_iam_role" "client" {
  provider           = aws.client
  name               = var.client_role
  assume_role_policy = local.policies.client_trust
  depends_on         = [aws_iam_role.job]
}

resource "aws_iam_role_policy" "client" {
  provider = aws.client
  name     = "data"
  role     = aws_iam_role.client.id
  policy   = local.policies.client_permissions
}
