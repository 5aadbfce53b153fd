#!/bin/bash
# What AWS's sample of a sidecar does with the heartbeat: watch.sh FILE FIRST STALE
# It gives up when FILE is not there after FIRST seconds, which are 60 in the sample, and ends when its last change is more
# than STALE seconds old, 15 there. It prints "beat" for each change that it sees.
file=$1 first=$2 stale=$3 last=
until [ -f "$file" ]; do
	if ((SECONDS > first)); then
		echo "gave up: no heartbeat within $first s"
		exit 1
	fi
	sleep 0.2
done
while change=$(stat -c %.Y "$file") && (($(date +%s) - ${change%.*} <= stale)); do
	if [ "$change" != "$last" ]; then
		last=$change
		echo beat
	fi
	sleep 0.2
done
echo over
