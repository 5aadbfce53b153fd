#!/bin/bash
# The entrypoint of the stand-in for EMR's image, in the manner of Spark's own for Kubernetes: "driver" is spark-submit in
# client mode, "executor" the executor's backend, anything else is run as given, all of them under tini.
set -e

# Programs look the user up; a pod may run as one that the image does not know.
if ! getent passwd "$(id -u)" >/dev/null && [ -w /etc/passwd ]; then
	echo "$(id -u):x:$(id -u):$(id -g):anonymous:$SPARK_HOME:/bin/false" >>/etc/passwd
fi

case $1 in
driver)
	shift
	set -- "$SPARK_HOME/bin/spark-submit" \
		--conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" --deploy-mode client "$@"
	;;
executor)
	shift
	# Spark hands the options of the executor's JVM over one by one.
	options=()
	for ((i = 0; ; i++)); do
		option=SPARK_JAVA_OPT_$i
		[ -n "${!option+set}" ] || break
		options+=("${!option}")
	done
	if [ -n "$SPARK_EXECUTOR_MEMORY" ]; then
		options+=("-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY")
	fi
	set -- "$JAVA_HOME/bin/java" "${options[@]}" -cp "${SPARK_CLASSPATH:+$SPARK_CLASSPATH:}$SPARK_HOME/jars/*" \
		org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
		--driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
		--app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
		--resourceProfileId "${SPARK_RESOURCE_PROFILE_ID:-0}" "$@"
	;;
esac

exec /usr/bin/tini -s -- "$@"
