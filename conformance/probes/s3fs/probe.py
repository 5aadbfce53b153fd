"""s3fs, on aiobotocore: one file system."""

import answers
import s3fs

fs = s3fs.S3FileSystem(use_listings_cache=False)
answers.serve(lambda: fs.ls("conformance", refresh=True))
