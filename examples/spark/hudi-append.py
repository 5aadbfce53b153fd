r"""Case 7: a Hudi table in the client account's bucket, appended to again and again.

    hudi-append.py --table s3://data-222222222222/hudi/events --appends 20 --rows 1000

  --table    where the table's files are, in the client account's bucket; it is made when it is not there
  --appends  how many
  --rows     how many each appends

Hudi writes and reads by Spark's own S3 file system, on driver and executors, as the client role. It takes its bundle on the
class path, and no option about roles or keys.
"""

import argparse
import sys

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", required=True)
    for name in ("appends", "rows"):
        parser.add_argument("--" + name, required=True, type=int)
    args = parser.parse_args()

    # Hudi refuses to write with another serializer.
    spark = SparkSession.builder.config("spark.serializer", "org.apache.spark.serializer.KryoSerializer").getOrCreate()
    options = {
        "hoodie.table.name": "events",
        "hoodie.datasource.write.operation": "insert",
        "hoodie.datasource.write.recordkey.field": "append,id",
    }
    for n in range(args.appends):
        rows = spark.range(args.rows).selectExpr(f"{n} AS append", "id")
        rows.write.format("hudi").options(**options).mode("append").save(args.table)
        found = tuple(spark.read.format("hudi").load(args.table).selectExpr("count(*)", "sum(id)").first())
        want = ((n + 1) * args.rows, (n + 1) * sum(range(args.rows)))
        if found != want:
            sys.exit(f"hudi-append.py: {args.table} has (rows, sum of ids) {found}, and {want} were written")
        print(f"append {n}: {found[0]} rows", flush=True)
    print(f"{args.appends} appends: {args.appends * args.rows} rows")
    spark.stop()


if __name__ == "__main__":
    try:
        main()
    except (Py4JJavaError, PySparkException) as error:
        sys.exit(f"hudi-append.py: {error}")
