"""Reads AWS files with botocore's own parser. A line ["config" or "credentials", path] gets a line with the problem, or ""."""

import json
import sys

import botocore.configloader

KEYS = {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}


def problem(kind, path):
    if kind == "config":
        profiles = botocore.configloader.load_config(path)["profiles"]
        if "default" not in profiles or "job-execution-role" not in profiles:
            return f"the profiles are {sorted(profiles)}"
        return ""
    default = botocore.configloader.raw_config_parse(path).get("default", {})
    if "credential_process" not in default and not all(default.get(key) for key in KEYS):
        return f"[default] has {sorted(default)}"
    return ""


for line in sys.stdin:
    try:
        answer = problem(*json.loads(line))
    except Exception as e:
        answer = f"{type(e).__name__}: {e}"
    print(json.dumps(answer), flush=True)
