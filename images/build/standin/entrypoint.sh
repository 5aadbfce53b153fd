#!/bin/bash
# The entrypoint of the stand-in for EMR's image. It does what EMR's does, in EMR's order: validation script, the commands
# of drivers, executors and the job runner, heartbeat, tini, and a copy of both streams for the log shipper, with matching
# lines in the termination message. Log rotation is not in it.
set -ex

# Programs look the user up; a pod may run as one that the image does not know.
if ! getent passwd "$(id -u)" >/dev/null && [ -w /etc/passwd ]; then
	echo "$(id -u):x:$(id -u):$(id -g):anonymous:$SPARK_HOME:/bin/false" >>/etc/passwd
fi

if [ -n "$VALIDATION_SCRIPT_PATH" ]; then
	# EMR has a process substitution here, and its container may end before tee has written.
	(set -o pipefail && python3 "$VALIDATION_SCRIPT_PATH" 2>&1 >/dev/null | tee "$TERMINATION_ERROR_LOG_FILE_PATH" >&2)
fi

case $1 in
driver)
	shift
	command=("$SPARK_HOME/bin/spark-submit"
		--conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" --deploy-mode client "$@")
	;;
executor)
	shift
	. "$SPARK_HOME/bin/load-spark-env.sh"
	# Spark hands the options of the executor's JVM over one by one.
	for ((i = 0; ; i++)); do
		option=SPARK_JAVA_OPT_$i
		[ -n "${!option+set}" ] || break
		echo "${!option}"
	done >/tmp/java_opts.txt
	readarray -t options </tmp/java_opts.txt
	if [ -n "$SPARK_EXECUTOR_MEMORY" ]; then
		options+=("-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY")
	fi
	command=("$JAVA_HOME/bin/java" "${options[@]}" -cp "${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/jars/*"
		org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend
		--driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES"
		--app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP"
		--resourceProfileId "${SPARK_RESOURCE_PROFILE_ID:-0}" "$@")
	;;
job)
	shift
	command=("$SPARK_HOME/bin/spark-submit" "$@")
	;;
*)
	command=("$@")
	;;
esac

if [ -n "$SIDECAR_SIGNAL_FILE" ]; then
	/usr/bin/pub-terminate.sh -f "$SIDECAR_SIGNAL_FILE" ${SIDECAR_ERROR_FOLDER_PATH:+-e "$SIDECAR_ERROR_FOLDER_PATH"} &
fi

# copy passes its input on, with a copy in the file $1, if there is a name, and matching lines in the termination message.
copy() {
	set +x
	if [ -n "$K8S_SPARK_LOG_ERROR_REGEX" ] && [ -n "$TERMINATION_ERROR_LOG_FILE_PATH" ]; then
		exec tee ${1:+"$1"} >(stdbuf -o0 grep -E "$K8S_SPARK_LOG_ERROR_REGEX" >>"$TERMINATION_ERROR_LOG_FILE_PATH")
	fi
	exec tee ${1:+"$1"}
}

if [ -n "$K8S_SPARK_LOG_URL_STDOUT" ] && [ -n "$K8S_SPARK_LOG_URL_STDERR" ]; then
	mkdir -p "$(dirname "$K8S_SPARK_LOG_URL_STDOUT")" "$(dirname "$K8S_SPARK_LOG_URL_STDERR")"
	exec /usr/bin/tini -s -- "${command[@]}" > >(copy "$K8S_SPARK_LOG_URL_STDOUT") 2> >(copy "$K8S_SPARK_LOG_URL_STDERR" >&2)
elif [ -n "$K8S_SPARK_LOG_ERROR_REGEX" ] && [ -n "$TERMINATION_ERROR_LOG_FILE_PATH" ]; then
	exec /usr/bin/tini -s -- "${command[@]}" > >(copy) 2> >(copy >&2)
fi
exec /usr/bin/tini -s -- "${command[@]}"
