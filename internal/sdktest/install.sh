#!/bin/sh
# install.sh python|js|java [maven arguments]
#
# Installs real AWS SDKs for the tests under build/realsdk, by the lock files beside this script. It does nothing when
# what is there came from the same lock files. Only pip, npm and Maven download, each from where it is set up to.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

die() {
	echo "realsdk: $1" >&2
	exit 1
}

need() {
	command -v "$1" >/dev/null 2>&1 || die "$1 is missing
hint: $2"
}

# A registry that hiccups once should not fail a whole CI run.
retry() {
	for pause in 2 5; do
		"$@" && return
		echo "realsdk: failed, again in $pause s: $1" >&2
		sleep "$pause"
	done
	"$@"
}

# current reports whether $dir holds what $stamp describes.
current() {
	[ -f "$dir/.stamp" ] && [ "$(cat "$dir/.stamp")" = "$stamp" ]
}

python() {
	need python3 "install Python 3.10 or later (Debian: python3 python3-venv)"
	python3 -m venv --clear "$dir" ||
		die "python3 cannot make a virtual environment
hint: Debian has that in a package of its own: python3-venv"
	retry "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
		--require-hashes --only-binary :all: --requirement "$here/python/requirements.txt"
}

js() {
	need node "install Node.js 20 or later (Debian: nodejs)"
	need npm "install npm (Debian: npm)"
	cp "$here/js/package.json" "$here/js/package-lock.json" "$dir/"
	# The SDK needs no install scripts, so none gets to run.
	(cd "$dir" && retry npm ci --loglevel=error --ignore-scripts --no-audit --no-fund >/dev/null)
}

java() {
	need javac "install a JDK, 11 or later (Debian: default-jdk-headless)"
	need mvn "install Maven (Debian: maven)"
	# Held back: Debian's Maven writes escape codes however quiet it is told to be.
	said=$(retry mvn --quiet --batch-mode --update-snapshots --file "$here/java/pom.xml" -Drealsdk.dir="$dir" "$@" \
		compile dependency:copy-dependencies) || die "maven failed
$said"
}

language=${1:-}
# The files are hashed as the Go package does it (installed.go).
case $language in
python) locks='python/requirements.txt' ;;
js) locks='js/package.json js/package-lock.json' ;;
java) locks='java/pom.xml java/src/main/java/Parse.java' ;;
*) die "usage: install.sh python|js|java [maven arguments]" ;;
esac
shift
dir=$root/build/realsdk/$language
# shellcheck disable=SC2086 # a list of words
stamp=$(cd "$here" && cat $locks | sha256sum | cut -d ' ' -f 1)
[ $# -eq 0 ] || stamp="$stamp
$*"

if ! current; then
	# The stamp is the last thing written: a broken installation has none.
	rm -rf "$dir"
	mkdir -p "$dir"
	"$language" "$@"
	echo "$stamp" >"$dir/.stamp"
fi
