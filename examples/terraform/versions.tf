terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60"
      # "aws" is the job account, with the EKS cluster; "aws.client" is the account with the data.
      configuration_aliases = [aws.client]
    }
  }
}
