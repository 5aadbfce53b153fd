"""boto3, old and new: one client."""

import answers
import boto3


def main():
    answers.serve(boto3.client("s3").list_buckets)
