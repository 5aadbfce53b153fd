"""Python libraries that bring an AWS client of their own: C++ (pyarrow) or Rust (deltalake, polars, obstore)."""

import os
import sys

import answers

REGION = os.environ["AWS_REGION"]


def pyarrow():
    from pyarrow import fs

    s3 = fs.S3FileSystem(region=REGION)
    return lambda: s3.get_file_info(fs.FileSelector("conformance"))


def deltalake():
    from deltalake import DeltaTable

    return lambda: DeltaTable("s3://conformance/table")


def polars():
    import polars

    return lambda: polars.scan_csv("s3://conformance/x.csv").collect()


def polars_boto3():
    # polars asks boto3 for credentials where there is one.
    sys.path.append(os.path.join(os.environ["PROBE_BUILD"], "more"))
    import boto3  # noqa: F401  that it is not there must not pass unseen

    return polars()


def obstore():
    import obstore
    from obstore.store import S3Store

    store = S3Store("conformance", region=REGION)
    return lambda: obstore.list_with_delimiter(store)


answers.serve({f.__name__.replace("_", "-"): f for f in (pyarrow, deltalake, polars, polars_boto3, obstore)}[sys.argv[1]]())
