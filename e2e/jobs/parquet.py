"""Rows to and from Parquet files in the stand-in's buckets, past the gate: the suite's own view of them.

    parquet.py ENDPOINT write BUCKET KEY    rows as a JSON list of objects on standard input
    parquet.py ENDPOINT read BUCKET KEY...  prints the rows of all these files as a JSON list of objects
"""

import io
import json
import os
import sys

import boto3
import pyarrow
import pyarrow.parquet


def main(endpoint, command, bucket, *keys):
    s3 = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")
    if command == "write":
        data = io.BytesIO()
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(json.load(sys.stdin)), data)
        s3.put_object(Bucket=bucket, Key=keys[0], Body=data.getvalue())
        return
    rows = []
    for key in keys:
        data = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        rows += pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    json.dump(rows, sys.stdout, default=str)


if __name__ == "__main__":
    main(*sys.argv[1:])
    # pyarrow can abort while it takes down its S3 threads at exit, long after the rows are out: leave without that.
    sys.stdout.flush()
    os._exit(0)
