package main

import (
	"encoding/json"
	"os"
	"path/filepath"
)

// Containers of a pod that Spark makes, and of EMR's log shipper.
const (
	driverContainer   = "spark-kubernetes-driver"
	executorContainer = "spark-kubernetes-executor"
	shipperContainer  = "emr-container-fluentd"
)

// Places in EMR's pods.
const (
	driverSignal   = "/var/log/fluentd/main-container-terminated"
	executorSignal = "/tmp/main-container-terminated"
	errorLog       = "/var/log/spark/error.log"
)

// volumes are EMR's emptyDirs, with their places. The log shipper has all of them but the last.
var volumes = []struct{ name, place string }{
	{"home-dir", "/home/hadoop"}, {"temp-data-dir", "/tmp"}, {"emr-container-communicate", "/var/log/fluentd"},
	{"emr-container-application-log-dir", "/var/log/spark/user"}, {"emr-container-event-log-dir", "/var/log/spark/apps"}, {"mnt-dir", "/mnt"},
}

// ship is the log shipper as fluentd is in EMR's pods: it waits for the heartbeat of the main container, and for its end, and
// gives up without one.
const ship = `signal=$0
for ((i = 0; i < 60; i++)); do [ -e "$signal" ] && break; sleep 1; done
while [ -e "$signal" ] && (($(date +%s) - $(stat -c %Y "$signal") < 15)); do sleep 1; done
exec /usr/bin/ruby /usr/lib/ship.rb`

// secure is the security context of each container of EMR's.
func secure() object {
	return object{"runAsUser": 999, "runAsGroup": 1000, "runAsNonRoot": true, "privileged": false, "allowPrivilegeEscalation": false,
		"readOnlyRootFilesystem": true, "capabilities": object{"drop": []string{"ALL"}}}
}

// emrPod is the pod of a driver or an executor as EMR makes it: its main container, with more variables, beside the log
// shipper.
func emrPod(driver bool, more ...object) object {
	var mounts, places []object
	for _, v := range volumes {
		mounts = append(mounts, object{"name": v.name, "mountPath": v.place})
		places = append(places, object{"name": v.name, "emptyDir": object{}})
	}
	main, signal := object{"name": executorContainer}, executorSignal
	env := []object{
		{"name": "SPARK_CONTAINER_ID", "valueFrom": object{"fieldRef": object{"fieldPath": "metadata.name"}}},
		{"name": "K8S_SPARK_LOG_URL_STDERR", "value": "/var/log/spark/user/$(SPARK_CONTAINER_ID)/stderr"},
		{"name": "K8S_SPARK_LOG_URL_STDOUT", "value": "/var/log/spark/user/$(SPARK_CONTAINER_ID)/stdout"},
	}
	if driver {
		main, signal = object{"name": driverContainer, "terminationMessagePath": errorLog}, driverSignal
		env = append(env, object{"name": "K8S_SPARK_LOG_ERROR_REGEX", "value": "(Error|Exception|Fail)"},
			object{"name": "TERMINATION_ERROR_LOG_FILE_PATH", "value": errorLog})
	} else {
		env = append(env, object{"name": "SIDECAR_ERROR_FOLDER_PATH", "value": "/var/log/fluentd/fluentd-error/"},
			object{"name": "EXEC_POD_CPU_REQUEST", "value": "1"}, object{"name": "EXEC_POD_MEM_REQUEST", "value": "1073741824"})
	}
	main["env"] = append(append(env, object{"name": "SIDECAR_SIGNAL_FILE", "value": signal}), more...)
	main["volumeMounts"], main["securityContext"] = mounts, secure()
	return object{"apiVersion": "v1", "kind": "Pod", "spec": object{
		"securityContext": object{"fsGroup": 65534},
		"volumes":         places,
		"containers": []object{{
			"name": shipperContainer, "image": plainImage, "imagePullPolicy": "Never",
			"command": []string{"/bin/bash", "-c", ship, signal}, "volumeMounts": mounts[:len(mounts)-1], "securityContext": secure(),
		}, main},
	}}
}

// write writes a template for Spark, and returns its path.
func (t *trial) write(name string, pod object) (string, error) {
	path := filepath.Join(t.World.Work, name)
	data, err := json.MarshalIndent(pod, "", "  ") // which is YAML as well
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	return path, err
}
