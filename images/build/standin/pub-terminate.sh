#!/bin/bash
# The heartbeat for sidecars, as long as the container runs: pub-terminate.sh -f FILE [-e FOLDER]
# What EMR's own does with FOLDER has not been published.
while getopts f:e: option; do
	case $option in
	f) file=$OPTARG ;;
	e) ;;
	*) exit 2 ;;
	esac
done
while :; do
	touch "$file"
	sleep 2
done
