#!/bin/sh
# Makes a virtual environment in PROBE_BUILD/venv by the probe's requirements.txt. Only pip downloads.
set -eu

name=$(basename "$PROBE_DIR")
command -v python3 >/dev/null 2>&1 || {
	echo "$name: python3 is missing
hint: install Python 3.10 or later (Debian: python3 python3-venv)" >&2
	exit 1
}
python3 -m venv "$PROBE_BUILD/venv" || {
	echo "$name: python3 cannot make a virtual environment
hint: Debian has that in a package of its own: python3-venv" >&2
	exit 1
}
pip() {
	# A registry that hiccups once should not fail a whole run.
	for pause in 2 5 0; do
		"$PROBE_BUILD/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
			--require-hashes --only-binary :all: "$@" && return
		[ "$pause" = 0 ] || sleep "$pause"
	done
	exit 1
}
pip --requirement "$PROBE_DIR/requirements.txt"
# What only one of the probe's variants may see is beside the others.
if [ -e "$PROBE_DIR/requirements-more.txt" ]; then
	pip --target "$PROBE_BUILD/more" --requirement "$PROBE_DIR/requirements-more.txt"
fi
