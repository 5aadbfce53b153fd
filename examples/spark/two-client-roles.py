r"""Case 4: two client roles in one job. Reads one client's bucket and writes to another's, round after round.

    two-client-roles.py --input s3://data-222222222222/orders/ --output s3://partner-333333333333/orders/ \
        --profile second --rounds 10

  --input    parquet in the first client's bucket: Spark reads it as the client role
  --output   where to write, in the second client's bucket: Spark does so as that client's role
  --profile  the second role's name in ROLE_CHAIN_PROFILES: boto3 on the executors reads with it what Spark has written
  --rounds   how many: each has a directory round=N of its own

Which role Spark is on a bucket is a setting of the submission; boto3 is asked for a role by the name of its profile.
"""

import argparse
import sys
from urllib.parse import urlparse

import boto3
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("input", "output", "profile"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--rounds", required=True, type=int)
    args = parser.parse_args()
    output, profile = args.output.rstrip("/"), args.profile

    def names(prefixes):
        """The parquet files below each prefix of the second client's bucket."""
        s3 = boto3.Session(profile_name=profile).client("s3")
        for bucket, prefix in prefixes:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for item in page.get("Contents", []):
                    if item["Key"].endswith(".parquet"):
                        yield bucket, item["Key"]

    def begins(objects):
        """The first four bytes of each."""
        s3 = boto3.Session(profile_name=profile).client("s3")
        for bucket, key in objects:
            yield s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-3")["Body"].read()

    spark = SparkSession.builder.getOrCreate()
    for n in range(args.rounds):
        place = f"{output}/round={n}"
        rows = spark.read.parquet(args.input)
        rows.write.mode("overwrite").parquet(place)
        want, found = rows.count(), spark.read.parquet(place).count()
        if want == 0 or found != want:
            sys.exit(f"two-client-roles.py: {args.input} has {want} rows, {place} {found}")

        where = urlparse(place)
        objects = spark.sparkContext.parallelize([(where.netloc, where.path.lstrip("/") + "/")], 1).mapPartitions(names)
        heads = objects.repartition(2).mapPartitions(begins).collect()
        if set(heads) != {b"PAR1"}:
            sys.exit(f"two-client-roles.py: profile {profile} finds in {place} files that begin with {heads}")
        print(f"round {n}: {found} rows, {len(heads)} files", flush=True)
    print(f"{args.rounds} rounds")
    spark.stop()


if __name__ == "__main__":
    try:
        main()
    except (Py4JJavaError, PySparkException) as error:
        sys.exit(f"two-client-roles.py: {error}")
