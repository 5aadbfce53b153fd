#!/bin/sh
# Installs the probe's package-lock.json into PROBE_BUILD/node_modules. Only npm downloads.
set -eu

name=$(basename "$PROBE_DIR")
for tool in node npm; do
	command -v $tool >/dev/null 2>&1 || {
		echo "$name: $tool is missing
hint: install Node.js 20 or later with npm (Debian: nodejs npm)" >&2
		exit 1
	}
done
cp "$PROBE_DIR/package.json" "$PROBE_DIR/package-lock.json" "$PROBE_BUILD/"
cd "$PROBE_BUILD"
# The SDK needs no install scripts, so none gets to run. npm tries again by itself.
npm ci --loglevel=error --ignore-scripts --no-audit --no-fund >/dev/null
