#!/bin/sh
# Runs probe.js of the folder with the packages that were installed for it.
[ "$1" != base ] || export AWS_PROFILE=job-execution-role
NODE_PATH=$PROBE_BUILD/node_modules exec node "$PROBE_DIR/probe.js" "$@"
