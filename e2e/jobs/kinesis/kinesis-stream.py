"""Case 11: streams from one stream of Kinesis into another, by a connector of structured streaming, until so many records have come.

    kinesis-stream.py --input in --output out --region us-east-1 --checkpoint s3a://data-222222222222/checkpoint --records 8

A batch has one record of each shard, so that there are many batches.
"""

import argparse
import sys
import time

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("input", "output", "region", "checkpoint"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--records", required=True, type=int)
    args = parser.parse_args()

    spark = SparkSession.builder.getOrCreate()
    endpoint = f"https://kinesis.{args.region}.amazonaws.com"
    records = (
        spark.readStream.format("kinesis")
        .option("streamName", args.input)
        .option("endpointUrl", endpoint)
        .option("startingPosition", "TRIM_HORIZON")
        # Unless it is told so, it asks for the role of the instance, and for nothing else.
        .option("awsUseInstanceProfile", "false")
        .option("kinesis.executor.maxFetchRecordsPerShard", "1")
        .option("kinesis.executor.maxRecordPerRead", "1")
        .load()
    )
    query = (
        records.selectExpr("partitionKey", "data")
        .writeStream.format("kinesis")
        .option("streamName", args.output)
        .option("endpointUrl", endpoint)
        .option("awsUseInstanceProfile", "false")
        .option("kinesis.executor.aggregationEnabled", "false")
        .option("checkpointLocation", args.checkpoint)
        .outputMode("append")
        .start()
    )
    seen = {}
    while sum(seen.values()) < args.records:
        if not query.isActive:
            sys.exit(f"kinesis-stream.py: the query has ended: {query.exception()}")
        for progress in query.recentProgress:
            seen[progress["batchId"]] = progress["numInputRows"]
        time.sleep(0.2)
    query.stop()
    print(f"{sum(seen.values())} records in {len(seen)} batches", flush=True)
    spark.stop()


if __name__ == "__main__":
    try:
        main()
    except (Py4JJavaError, PySparkException) as error:
        sys.exit(f"kinesis-stream.py: {error}")
