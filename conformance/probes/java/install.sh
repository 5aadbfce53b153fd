#!/bin/sh
# Builds the Java probe in PROBE_DIR into PROBE_BUILD, by its pom.xml. Only Maven downloads.
set -eu

name=$(basename "$PROBE_DIR")

need() {
	command -v "$1" >/dev/null 2>&1 || {
		echo "$name: $1 is missing
hint: $2" >&2
		exit 1
	}
}

need javac "install a JDK, 17 or later (Debian: openjdk-17-jdk-headless)"
need mvn "install Maven (Debian: maven)"

# A registry that hiccups once should not fail a whole run.
for pause in 2 5 0; do
	# Held back: Debian's Maven writes escape codes however quiet it is told to be.
	if said=$(mvn --quiet --batch-mode -U --file "$PROBE_DIR/pom.xml" compile dependency:copy-dependencies 2>&1); then
		exit 0
	fi
	[ "$pause" = 0 ] || sleep "$pause"
done
echo "$name: maven failed three times
$said" >&2
exit 1
