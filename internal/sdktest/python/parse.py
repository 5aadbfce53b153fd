"""Answers, line by line, what botocore reads in an AWS config or credentials file.

In:  {"kind": "config" | "credentials", "content": base64}
Out: {"profiles": {name: {key: value}}} or {"error": text}
"""

import base64
import json
import os
import sys
import tempfile

import botocore.configloader
import botocore.exceptions


def flat(values):
    """A nested block as key.sub."""
    out = {}
    for key, value in values.items():
        if isinstance(value, dict):
            out.update((f"{key}.{sub}", nested) for sub, nested in value.items())
        else:
            out[key] = value
    return out


def config(path):
    loaded = botocore.configloader.load_config(path)
    out = {name: flat(values) for name, values in loaded.pop("profiles").items()}
    for kind, prefix in (("sso_sessions", "sso-session"), ("services", "services")):
        for name, values in loaded.pop(kind, {}).items():
            out[f"{prefix} {name}"] = flat(values)
    for name, values in loaded.items():
        out[f"section {name}"] = flat(values)
    return out


def credentials(path):
    # As SharedCredentialProvider and Session.full_config read it.
    loaded = botocore.configloader.raw_config_parse(path)
    return {name: flat(values) for name, values in loaded.items()}


def main():
    path = os.path.join(tempfile.mkdtemp(), "file")
    for line in sys.stdin:
        question = json.loads(line)
        with open(path, "wb") as file:
            file.write(base64.b64decode(question["content"]))
        read = {"config": config, "credentials": credentials}[question["kind"]]
        try:
            answer = {"profiles": read(path)}
        # Not only botocore's errors: what its parser lets through unwrapped would end a program that uses it, too.
        except Exception as error:
            cause = getattr(error, "kwargs", {}).get("error", "")  # botocore's own text leaves it out
            answer = {"error": f"{type(error).__name__}: {error} {cause}".strip().replace(path, "FILE")}
        print(json.dumps(answer), flush=True)


main()
