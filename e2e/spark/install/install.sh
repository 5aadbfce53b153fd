#!/bin/sh
# install.sh NAME TARGET makes what the runs need in the directory TARGET, by the lock files in NAME/:
#
#   spark-3.5, -4.0, -4.1  venv/ with PySpark and boto3; spark/, which is SPARK_HOME and has S3A in its jars/; iceberg/
#   aws                    venv/ with moto's server, which stands in for S3 and SQS, boto3 and pyarrow
#   hudi-3.5, kinesis-3.5  jars/ with what a case needs beside Spark
#
# Where TARGET came from the same files already, nothing is done. Only pip and Maven download.
set -eu

fail() {
	echo "install.sh: $1
hint: $2" >&2
	exit 1
}

need() {
	command -v "$1" >/dev/null 2>&1 || fail "$1 is missing" "$2"
}

# A registry that hiccups once should not fail a whole run. What is said is held back: Debian's Maven writes escape codes
# however quiet it is told to be.
thrice() {
	for pause in 2 5 0; do
		if said=$("$@" 2>&1); then
			return
		fi
		[ "$pause" = 0 ] || sleep "$pause"
	done
	fail "$1 failed three times" "it says:
$said"
}

pip() {
	thrice "$TARGET/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes "$@"
}

[ $# = 2 ] || fail "NAME and TARGET are missing" "for example install.sh spark-4.0 build/spark-e2e/spark-4.0"
here=$(cd "$(dirname "$0")" && pwd)
lock=$here/$1
[ -d "$lock" ] || fail "there is no $1" "one of: $(cd "$here" && echo */ | tr -d /)"
need python3 "install Python 3.11 or later (Debian: python3 python3-venv)"

mkdir -p "$2"
TARGET=$(cd "$2" && pwd)
export TARGET # the pom.xml's
# A virtual environment holds its own path and goes with one Python.
stamp=$({ cat "$here"/*.sh "$here"/*.xml "$here"/*.txt "$lock"/*; echo "$TARGET"; python3 -VV; } | sha256sum)
if [ "$(cat "$TARGET/.stamp" 2>/dev/null)" = "$stamp" ]; then
	exit 0
fi
case $1 in spark-* | hudi-* | kinesis-*)
	need java "install a JDK, 17 or 21 (Debian: openjdk-17-jdk-headless)"
	need mvn "install Maven (Debian: maven)"
	;;
esac

# The stamp is the last thing written: a broken installation has none.
rm -rf "$TARGET"
mkdir "$TARGET"
if [ -f "$lock/requirements.txt" ]; then
	python3 -m venv "$TARGET/venv" || fail "python3 cannot make a virtual environment" "Debian has that in a package of its own: python3-venv"
fi
case $1 in
spark-*)
	# PySpark comes as source, and what builds it is pinned too.
	pip --only-binary :all: --requirement "$here/requirements-build.txt"
	pip --only-binary :all: --no-binary pyspark --no-build-isolation --use-pep517 --no-cache-dir --requirement "$lock/requirements.txt"
	ln -s "$(cd "$TARGET" && echo venv/lib/python3*/site-packages/pyspark)" "$TARGET/spark"
	thrice mvn --quiet --batch-mode -U --file "$lock/pom.xml" package
	mv "$TARGET"/jars/*.jar "$TARGET/spark/jars/"
	rmdir "$TARGET/jars"
	;;
hudi-* | kinesis-*)
	thrice mvn --quiet --batch-mode -U --file "$lock/pom.xml" package
	;;
*)
	pip --only-binary :all: --requirement "$lock/requirements.txt"
	;;
esac
echo "$stamp" >"$TARGET/.stamp"
