#!/bin/sh
# Runs probe.py of the folder with the Python that was installed for it.
[ "$1" != base ] || export AWS_PROFILE=job-execution-role
PYTHONPATH=$PROBE_DIR/../python exec "$PROBE_BUILD/venv/bin/python" -B "$PROBE_DIR/probe.py" "$@"
