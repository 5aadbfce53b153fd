# Makes a signed request to PROBE_S3_ENDPOINT by the library that the argument names. What it is answered is no matter.
import os
import sys

def pyarrow(url):
    from pyarrow import fs
    scheme, host = url.split("://")
    s3 = fs.S3FileSystem(region="eu-west-1", endpoint_override=host, scheme=scheme, request_timeout=5, connect_timeout=5)
    s3.get_file_info("bucket/key")

def obstore(url):
    import obstore
    from obstore.store import S3Store
    store = S3Store("bucket", region="eu-west-1", endpoint=url, client_options={"allow_http": True}, retry_config={"max_retries": 0, "retry_timeout": __import__("datetime").timedelta(seconds=5)})
    obstore.head(store, "key")

try:
    {"pyarrow": pyarrow, "obstore": obstore}[sys.argv[1]](os.environ["PROBE_S3_ENDPOINT"])
except Exception as e:
    print("error", type(e).__name__, e)
sys.stdout.flush()
os._exit(0)
