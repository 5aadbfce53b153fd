# The scenario of realclients_test.go with boto3. The settings come as JSON on stdin, the findings go to stdout.
import json
import sys

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

s = json.load(sys.stdin)
once = {"total_max_attempts": 1}


def client(creds=None, secret=None, token=None):
    keys = {}
    if creds:
        keys = {
            "aws_access_key_id": creds["AccessKeyId"],
            "aws_secret_access_key": secret or creds["SecretAccessKey"],
            "aws_session_token": token or creds["SessionToken"],
        }
    config = Config(retries=once) if creds else Config(retries=once, signature_version=UNSIGNED)
    return boto3.client("sts", endpoint_url=s["endpoint"], region_name="eu-west-1", config=config, **keys)


def with_token(token):
    return client().assume_role_with_web_identity(RoleArn=s["job"], RoleSessionName="pod", WebIdentityToken=token)


def refusal(call):
    try:
        call()
    except ClientError as e:
        return [e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"], e.response["Error"]["Message"]]
    return "no error"


job = with_token(s["token"])
as_job = client(job["Credentials"])
chained = as_job.assume_role(
    RoleArn=s["client"], RoleSessionName="pod", ExternalId="ex/ternal+id", Tags=[{"Key": "Team", "Value": "data + möre"}]
)
json.dump(
    {
        "first": job["AssumedRoleUser"]["Arn"],
        "second": chained["AssumedRoleUser"]["Arn"],
        "identity": client(chained["Credentials"]).get_caller_identity()["Arn"],
        "profile": boto3.client("sts").get_caller_identity()["Arn"],
        "refusals": {
            "expired token": refusal(lambda: with_token(s["expired"])),
            "wrong audience": refusal(lambda: with_token(s["audience"])),
            "denied": refusal(lambda: as_job.assume_role(RoleArn=s["nobody"], RoleSessionName="pod")),
            "two hours": refusal(lambda: as_job.assume_role(RoleArn=s["client"], RoleSessionName="pod", ExternalId="ex/ternal+id", DurationSeconds=7200)),
            "secret": refusal(client(job["Credentials"], secret="wrong").get_caller_identity),
            "session token": refusal(client(job["Credentials"], token="wrong").get_caller_identity),
            "throttled": refusal(lambda: as_job.assume_role(RoleArn=s["throttled"], RoleSessionName="pod")),
            "expired key": refusal(lambda: as_job.assume_role(RoleArn=s["late"], RoleSessionName="pod")),
        },
    },
    sys.stdout,
)
