r"""Case 2: Spark on two accounts, boto3 on the executors. Joins a table of the job account with one of the client account,
and sends each row as JSON to a queue in the client account.

    spark-and-boto3.py --lookup s3://jobs-111111111111/regions/ --input s3://data-222222222222/orders/ \
        --on region --queue orders

  --lookup  parquet in the job account's bucket: Spark reads it as the job execution role
  --input   parquet in the client account's bucket: Spark reads it as the client role
  --on      the column that both have
  --queue   the queue's name, or its URL: boto3 sends as the client role, from the executors

Which role Spark is on a bucket is a setting of the submission. A task that is tried again sends its rows again.
"""

import argparse
import sys

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("lookup", "input", "on", "queue"):
        parser.add_argument("--" + name, required=True)
    args = parser.parse_args()

    queue = args.queue
    if not queue.startswith(("http://", "https://")):
        queue = boto3.client("sqs").get_queue_url(QueueName=queue)["QueueUrl"]

    spark = SparkSession.builder.getOrCreate()
    lookup = spark.read.parquet(args.lookup)
    rows = spark.read.parquet(args.input).join(lookup, args.on)
    sent = spark.sparkContext.accumulator(0)

    def send(partition):
        # A client cannot be sent to executors: each partition makes its own, with the executor's credentials.
        sqs = boto3.client("sqs")
        for row in partition:
            sqs.send_message(QueueUrl=queue, MessageBody=row)
            sent.add(1)

    rows.toJSON().foreachPartition(send)
    if sent.value == 0:
        sys.exit(f"spark-and-boto3.py: no row of {args.input} has a {args.on} of {args.lookup}")
    print(f"sent {sent.value} rows to {queue}")
    spark.stop()


if __name__ == "__main__":
    try:
        main()
    except (BotoCoreError, ClientError, Py4JJavaError, PySparkException) as error:
        sys.exit(f"spark-and-boto3.py: {error}")
