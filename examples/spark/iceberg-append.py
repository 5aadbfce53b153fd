r"""Case 5: an Iceberg table in the client account's bucket, appended to again and again.

    iceberg-append.py --warehouse s3://data-222222222222/warehouse --catalog-file /tmp/catalog.db \
        --table demo.events --appends 20 --rows 1000

  --warehouse     where the table's files are, in the client account's bucket; if not given, the submission says it, as
                  -iceberg-catalog client=rest-glue does
  --catalog-file  the catalog, a local SQLite file of the driver, which is made when it is not there; if not given, the
                  submission says what the catalog is: -iceberg-catalog client=glue is Glue's
  --table         the table in it, namespace.name, which is made as well
  --appends       how many
  --rows          how many each appends

Iceberg's S3FileIO writes and reads, on driver and executors, as the client role. It has an AWS SDK of its own, and knows
nothing of the settings of S3A: the submission names its provider of credentials, for the catalog "client".
"""

import argparse
import sys

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", required=True)
    for name in ("warehouse", "catalog-file"):
        parser.add_argument("--" + name)
    for name in ("appends", "rows"):
        parser.add_argument("--" + name, required=True, type=int)
    args = parser.parse_args()

    # What keeps the list of tables.
    catalog = "spark.sql.catalog.client"
    builder = SparkSession.builder
    if args.warehouse:
        builder = builder.config(catalog + ".warehouse", args.warehouse)
    if args.catalog_file:
        builder = (
            builder.config(catalog, "org.apache.iceberg.spark.SparkCatalog")
            .config(catalog + ".type", "jdbc")
            .config(catalog + ".uri", "jdbc:sqlite:" + args.catalog_file)
            .config(catalog + ".jdbc.schema-version", "V1")
        )
    spark = builder.getOrCreate()
    table = "client." + args.table
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.rpartition('.')[0]}")
    spark.sql(f"CREATE TABLE IF NOT EXISTS {table} (append INT, id BIGINT) USING iceberg")

    def state():
        rows = spark.sql(f"SELECT count(*), coalesce(sum(id), 0) FROM {table}").first()
        snapshots = spark.sql(f"SELECT count(*) FROM {table}.snapshots").first()
        return tuple(rows) + tuple(snapshots)

    rows, ids, snapshots = state()
    for n in range(args.appends):
        spark.range(args.rows).selectExpr(f"{n} AS append", "id").writeTo(table).append()
        rows, ids, snapshots = rows + args.rows, ids + sum(range(args.rows)), snapshots + 1
        if state() != (rows, ids, snapshots):
            sys.exit(f"iceberg-append.py: {table} has (rows, sum of ids, snapshots) {state()}, not {(rows, ids, snapshots)}")
        print(f"append {n}: {rows} rows, {snapshots} snapshots", flush=True)
    print(f"{args.appends} appends: {rows} rows")
    spark.stop()


if __name__ == "__main__":
    try:
        main()
    except (Py4JJavaError, PySparkException) as error:
        sys.exit(f"iceberg-append.py: {error}")
