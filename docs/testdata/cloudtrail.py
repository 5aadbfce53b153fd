"""Runs a query for Athena in SQLite, over events: JSON with both on stdin, the rows as JSON on stdout."""

import json
import sqlite3
import sys


def json_extract_scalar(text, path):
    value = json.loads(text) if text else None
    for name in path.removeprefix("$.").split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


asked = json.load(sys.stdin)
db = sqlite3.connect(":memory:")
db.create_function("json_extract_scalar", 2, json_extract_scalar)
db.execute(
    "CREATE TABLE cloudtrail_logs (eventtime, eventsource, eventname, errorcode, useridentity_accesskeyid,"
    " useridentity_username, requestparameters, responseelements)"
)
for e in asked["events"]:
    db.execute(
        "INSERT INTO cloudtrail_logs VALUES (?, ?, ?, NULL, ?, ?, ?, ?)",
        (e["eventtime"], e["eventsource"], e["eventname"], e["key"], e.get("user"), e["request"], e.get("response")),
    )
query = asked["query"].replace("useridentity.", "useridentity_")
json.dump(db.execute(query).fetchall(), sys.stdout)
