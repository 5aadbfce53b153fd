"""Makes the calls that it reads from stdin, as JSON, and writes what became of each.

stdin:  {"url": the gate's, "keys": {name: [id, secret, token]}, "calls": [[key's name, service, operation, parameters]]}
stdout: a list, for each call [status, code, message] of an error, or [status, its Body or QueueUrl, null]
"""
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

given = json.load(sys.stdin)


def make(name, service, operation, parameters):
    key, secret, token = given["keys"][name]
    client = boto3.client(
        service, region_name="eu-west-1", endpoint_url=given["url"],
        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))
    try:
        answer = getattr(client, operation)(**parameters)
    except ClientError as e:
        return [e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"], e.response["Error"]["Message"]]
    body = answer["Body"].read().decode() if "Body" in answer else answer.get("QueueUrl")
    return [answer["ResponseMetadata"]["HTTPStatusCode"], body, None]


json.dump([make(*call) for call in given["calls"]], sys.stdout)
