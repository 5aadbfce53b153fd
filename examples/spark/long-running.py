"""Case 3: a long job. Writes parquet to the client account's bucket and reads it back, round after round.

    long-running.py --output s3://data-222222222222/rounds/ --rounds 100 --rows 100000

  --output  where to write, in the client account's bucket: each round has a directory round=N of its own
  --rounds  how many
  --rows    how many a round writes

Spark reads and writes as the client role, driver and executors, for longer than a session of that role lasts.
"""

import argparse
import sys

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from pyspark.sql.functions import count, sum as total


def check(spark, place, rows, ids):
    """Exits unless that many rows are there, and their ids have that sum."""
    found = tuple(spark.read.parquet(place).agg(count("id"), total("id")).first())
    if found != (rows, ids):
        sys.exit(f"long-running.py: {place} has (rows, sum of ids) {found}, and {(rows, ids)} were written")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", required=True)
    parser.add_argument("--rounds", required=True, type=int)
    parser.add_argument("--rows", required=True, type=int)
    args = parser.parse_args()
    output = args.output.rstrip("/")

    spark = SparkSession.builder.getOrCreate()
    for n in range(args.rounds):
        place = f"{output}/round={n}"
        spark.range(n * args.rows, (n + 1) * args.rows).write.mode("overwrite").parquet(place)
        check(spark, place, args.rows, sum(range(n * args.rows, (n + 1) * args.rows)))
        print(f"round {n}: {args.rows} rows written and read", flush=True)
    everything = args.rounds * args.rows
    check(spark, output, everything, sum(range(everything)))
    print(f"{args.rounds} rounds: {everything} rows")
    spark.stop()


if __name__ == "__main__":
    try:
        main()
    except (Py4JJavaError, PySparkException) as error:
        sys.exit(f"long-running.py: {error}")
