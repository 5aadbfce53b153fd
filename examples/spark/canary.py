r"""Case 8: a canary. Works for longer than a session lasts, and fails when a client goes on with its first key.

    canary.py --output s3a://data-222222222222/canary/

  --output   a place in the client account's bucket, by the S3A file system; a folder of its own is made there, and left
  --minutes  how long; 75 if not given: no session of a chained role lasts for more than 60
  --rounds   but at least so many rounds; 2 if not given
  --pause    seconds between rounds; 60 if not given

Each round writes and reads Parquet by S3A, appends to a Hudi table where Hudi is on the class path, and puts and gets an
object with boto3, in the driver and on the executors, with clients that live as long as the job. Each change of an access
key is printed, with the time and the last four characters.
"""

import argparse
import os
import sys
import time
import uuid
from datetime import datetime, timezone
from urllib.parse import urlparse

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

ROWS = 100
HUDI = {
    "hoodie.table.name": "canary",
    "hoodie.datasource.write.operation": "insert",
    "hoodie.datasource.write.recordkey.field": "round,id",
}


def say(text):
    print(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} canary.py: {text}", flush=True)


class Keys:
    """The access key of each client, round after round."""

    def __init__(self):
        self.clients = {}

    def see(self, client, key):
        now = time.monotonic()
        state = self.clients.setdefault(client, {"key": key, "first": now, "rounds": 0, "changes": 0})
        if state["rounds"] == 0:
            say(f"{client}: its first key ends in {key[-4:]}")
        elif key != state["key"]:
            say(f"{client}: its key ended in {state['key'][-4:]}, and ends in {key[-4:]} now")
            state["changes"] += 1
        state.update(key=key, last=now, rounds=state["rounds"] + 1)

    def unchanged(self, seconds):
        """Who had the same key for so long, or for most of it. An executor that came late or went early says nothing."""
        return [
            client
            for client, state in self.clients.items()
            if state["changes"] == 0 and state["rounds"] > 1 and state["last"] - state["first"] >= 0.8 * seconds
        ]


class Boto3:
    """One session of boto3, and one client."""

    def __init__(self):
        self.session = boto3.Session()
        self.s3 = self.session.client("s3")

    def work(self, place):
        """Puts and gets an object, and returns the key that the session signs with."""
        where = urlparse(place)
        key = where.path.lstrip("/")
        self.s3.put_object(Bucket=where.netloc, Key=key, Body=b"canary")
        self.s3.get_object(Bucket=where.netloc, Key=key)["Body"].read()
        return self.session.get_credentials().get_frozen_credentials().access_key


def on_executor(places):
    """What Boto3 does, in a Python worker of an executor's, which lives for many tasks: the module holds the client."""
    worker = vars(boto3).setdefault("canary", None) or Boto3()
    boto3.canary = worker
    for place in places:
        yield os.environ.get("HOSTNAME", "?"), worker.work(place)


def key_of_s3a(spark, place):
    """The access key that S3A signs with in the driver."""
    hadoop = spark._jvm.org.apache.hadoop
    files = hadoop.fs.Path(place).getFileSystem(spark._jsc.hadoopConfiguration())
    name = files.getClass().getName()
    if name != "org.apache.hadoop.fs.s3a.S3AFileSystem":
        sys.exit(f"canary.py: {place} is served by {name}, which does not show its keys: take s3a://")
    sdk_v2 = [int(n) for n in hadoop.util.VersionInfo.getVersion().split(".")[:2]] >= [3, 4]
    providers = files.shareCredentials("canary")
    try:
        return providers.resolveCredentials().accessKeyId() if sdk_v2 else providers.getCredentials().getAWSAccessKeyId()
    finally:
        providers.close()


def has_hudi(spark):
    try:
        spark._jvm.java.lang.Thread.currentThread().getContextClassLoader().loadClass("org.apache.hudi.DefaultSource")
        return True
    except Py4JJavaError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True)
    parser.add_argument("--minutes", type=float, default=75)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--pause", type=float, default=60)
    args = parser.parse_args()

    # Hudi refuses to write with another serializer.
    spark = SparkSession.builder.config("spark.serializer", "org.apache.spark.serializer.KryoSerializer").getOrCreate()
    output = f"{args.output.rstrip('/')}/{uuid.uuid4()}"
    keys, driver, hudi = Keys(), Boto3(), has_hudi(spark)
    say(f"works in {output} for {args.minutes:g} minutes" + ("" if hudi else ", without Hudi, which is not on the class path"))

    began, done = time.monotonic(), 0
    while done < args.rounds or time.monotonic() - began < 60 * args.minutes:
        if done:
            time.sleep(args.pause)
        rows = spark.range(ROWS)
        rows.write.mode("overwrite").parquet(output + "/parquet")
        count(spark.read.parquet(output + "/parquet"), ROWS)
        keys.see("S3A", key_of_s3a(spark, output))
        done += 1
        if hudi:
            rows.selectExpr(f"{done} AS round", "id").write.format("hudi").options(**HUDI).mode("append").save(output + "/hudi")
            count(spark.read.format("hudi").load(output + "/hudi"), done * ROWS)
            keys.see("Hudi, by S3A", key_of_s3a(spark, output + "/hudi"))
        keys.see("boto3 in the driver", driver.work(output + "/boto3-driver"))
        places = [f"{output}/boto3-executors-{n}" for n in range(2)]
        for pod, key in sorted(set(spark.sparkContext.parallelize(places, 2).mapPartitions(on_executor).collect())):
            keys.see(f"boto3 in {pod}", key)

    unchanged = keys.unchanged(60 * args.minutes)
    if unchanged:
        sys.exit(f"canary.py: the key has not changed in {(time.monotonic() - began) / 60:.0f} minutes: {', '.join(unchanged)}")
    say(f"{done} rounds, {sum(s['changes'] for s in keys.clients.values())} changes of a key")
    spark.stop()


def count(rows, want):
    found = rows.count()
    if found != want:
        sys.exit(f"canary.py: {found} rows are there, and {want} were written")


if __name__ == "__main__":
    try:
        main()
    except (BotoCoreError, ClientError, Py4JJavaError, PySparkException) as error:
        sys.exit(f"canary.py: {error}")
