"""Case 1: boto3 alone. Lists a bucket in the client account and sends each key as a message to a queue there.

    only-boto3.py --input s3://data-222222222222/input/ --queue names

  --input   the bucket in the client account, with or without a prefix
  --queue   the queue's name, or its URL

The driver fetches this file as the job execution role. Everything in it is the client role, by boto3's own search for
credentials; there is nothing about roles in the code, and no SparkSession.
"""

import argparse
import sys
from urllib.parse import urlparse

import boto3
from botocore.exceptions import BotoCoreError, ClientError


def keys(uri):
    """The keys of all objects below a URI, s3:// or s3a://."""
    place = urlparse(uri)
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=place.netloc, Prefix=place.path.lstrip("/"))
    for page in pages:
        for item in page.get("Contents", []):
            yield item["Key"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--input", required=True)
    parser.add_argument("--queue", required=True)
    args = parser.parse_args()

    sqs = boto3.client("sqs")
    queue = args.queue
    if not queue.startswith(("http://", "https://")):
        queue = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    sent = 0
    for key in keys(args.input):
        sqs.send_message(QueueUrl=queue, MessageBody=key)
        sent += 1
    if sent == 0:
        sys.exit(f"only-boto3.py: there is nothing below {args.input}")
    print(f"sent {sent} keys to {queue}")


if __name__ == "__main__":
    try:
        main()
    except (BotoCoreError, ClientError) as error:
        sys.exit(f"only-boto3.py: {error}")
