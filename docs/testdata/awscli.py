"""awscli.py checks commands of the AWS CLI, given on stdin as a JSON list of lists of words (what stands behind `aws`).

stdout gets a JSON list with what is wrong with each, "" where nothing is. Operations, flags, what is required, and enums are
those of botocore's models, from which the CLI makes its commands. Those that the CLI has beside the models are listed here,
with their flags, as in the AWS CLI Command Reference."""

import json
import re
import sys

import botocore.session
from botocore import xform_name

EVERYWHERE = {"--region", "--profile", "--query", "--output", "--endpoint-url", "--no-cli-pager", "--debug", "--no-sign-request"}
OPERATIONS = EVERYWHERE | {"--cli-input-json", "--cli-input-yaml", "--generate-cli-skeleton"}
CUSTOM = {
    ("ecr", "get-login-password"): set(),
    ("ecr-public", "get-login-password"): set(),
    ("eks", "update-kubeconfig"): {"--name", "--alias", "--role-arn", "--kubeconfig", "--dry-run"},
    ("emr-containers", "update-role-trust-policy"): {"--cluster-name", "--namespace", "--role-name", "--iam-endpoint", "--dry-run"},
    ("emr-containers", "create-role-associations"): {"--cluster-name", "--namespace", "--role-name", "--service-account-namespace"},
    ("s3", "cp"): {"--recursive", "--sse", "--sse-kms-key-id"},
    ("s3", "ls"): {"--recursive"},
    ("s3", "mb"): set(),
    ("s3", "rm"): {"--recursive"},
}

session = botocore.session.Session()


def problem(words):
    service = words[0]
    if len(words) < 2:
        return f"{service}: no operation"
    flags = [(w.split("=")[0], words[i + 1] if i + 1 < len(words) else "") for i, w in enumerate(words) if w.startswith("--")]
    if (service, words[1]) in CUSTOM:
        unknown = [f for f, _ in flags if f not in CUSTOM[service, words[1]] | OPERATIONS]
        return f"{words[1]} has no flag {unknown[0]}" if unknown else ""
    service = {"s3api": "s3"}.get(service, service)  # the CLI has its own s3, above
    if service not in session.get_available_services():
        return f"there is no service {service}"
    model = session.get_service_model(service)
    names = {xform_name(name, "-"): name for name in model.operation_names}
    if words[1] not in names:
        return f"{service} has no operation {words[1]}"
    shape = model.operation_model(names[words[1]]).input_shape
    members = {"--" + xform_name(m, "-"): m for m in (shape.members if shape else {})}
    for flag, value in flags:
        known = flag in OPERATIONS or flag in members
        if not known and flag.startswith("--no-"):  # a boolean's other half
            known = shape.members[members["--" + flag[5:]]].type_name == "boolean" if "--" + flag[5:] in members else False
        if not known:
            return f"{words[1]} has no flag {flag}"
        if flag in members and (wrong := mismatch(shape.members[members[flag]], value)):
            return f"{flag}: {wrong}"
    given = {f for f, _ in flags}
    if not given & {"--cli-input-json", "--generate-cli-skeleton"} and shape:
        for m in shape.required_members:
            flag = "--" + xform_name(m, "-")
            if flag not in given and not shape.members[m].metadata.get("idempotencyToken"):
                return f"{words[1]} needs {flag}"
    return ""


def mismatch(shape, value):
    """What is wrong with a value, or with the keys and the enums of one in shorthand; placeholders and files are let pass."""
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        return f"{value} is none of {shape.enum}"
    inner = shape.member if shape.type_name == "list" else shape
    if inner.type_name == "structure" and "=" in value and not re.match(r"[\[{]|file://", value):
        for pair in value.split(","):
            key, _, part = pair.partition("=")
            if key not in inner.members:
                return f"there is no key {key}"
            if wrong := mismatch(inner.members[key], part):
                return wrong
    return ""


json.dump([problem(words) for words in json.load(sys.stdin)], sys.stdout)
