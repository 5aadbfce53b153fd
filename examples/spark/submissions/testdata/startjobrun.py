"""startjobrun.py FILE... checks each file as the input of `aws emr-containers start-job-run --cli-input-json`, or of the
operation that its name says: create-managed-endpoint.json.

By botocore's service model: required members, types, unknown members, enums, patterns, and lengths both ways, of which
botocore itself checks no more than the types, what is required, and the least lengths. The first line for each file with
something wrong goes to stdout, as "FILE: what"; the exit code is 1 then."""

import json
import re
import sys

import botocore.session

service = botocore.session.Session().get_service_model("emr-containers")
endpoint = "create-managed-endpoint.json"


def problems(shape, value, path):
    kinds = {"structure": dict, "map": dict, "list": list, "string": str, "integer": int, "boolean": bool}
    if not isinstance(value, kinds[shape.type_name]):
        yield f"{path} is no {shape.type_name}"
        return
    if shape.type_name == "structure":
        for name in shape.required_members:
            # The client makes a token where none is given.
            if name not in value and not shape.members[name].metadata.get("idempotencyToken"):
                yield f"{path}.{name} is missing"
        for name, inner in value.items():
            if name not in shape.members:
                yield f"{path}.{name} is unknown"
            else:
                yield from problems(shape.members[name], inner, f"{path}.{name}")
        return
    meta = shape.metadata
    size = value if shape.type_name == "integer" else len(value) if shape.type_name != "boolean" else None
    if size is not None and not meta.get("min", size) <= size <= meta.get("max", size):
        yield f"{path} is of size {size}, not of {meta.get('min', 0)} to {meta.get('max')}"
    if shape.type_name == "string":
        if meta.get("enum") and value not in meta["enum"]:
            yield f"{path} is none of {meta['enum']}"
        if "pattern" in meta and not re.fullmatch(meta["pattern"], value):
            yield f"{path} does not match {meta['pattern']}"
    elif shape.type_name == "list":
        for i, inner in enumerate(value):
            yield from problems(shape.member, inner, f"{path}[{i}]")
    elif shape.type_name == "map":
        for key, inner in value.items():
            yield from problems(shape.key, key, f"{path} key {key!r}")
            yield from problems(shape.value, inner, f"{path}[{key!r}]")


wrong = False
for file in sys.argv[1:]:
    with open(file) as f:
        value = json.load(f)
    operation = "CreateManagedEndpoint" if file.endswith(endpoint) else "StartJobRun"
    found = list(problems(service.operation_model(operation).input_shape, value, "$"))
    if operation == "StartJobRun":
        # A job that has none of these has no job, whatever the model asks for.
        found += [f"$.{name} is missing" for name in ("jobDriver", "executionRoleArn", "releaseLabel") if name not in value]
    for problem in found[:1]:
        wrong = True
        print(f"{file}: {problem}")
sys.exit(wrong)
