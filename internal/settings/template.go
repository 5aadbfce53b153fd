package settings

import (
	"fmt"
	"strings"

	"rolechain/internal/exit"
)

// A Pod is what a template can name. A field is "" when it could not be found out.
type Pod struct {
	Name, Namespace, ServiceAccount string
	Job                             string // the job run's id, in EMR's pods
}

// The fields that a template can name.
const (
	podField            = "{pod}"
	namespaceField      = "{namespace}"
	serviceAccountField = "{service_account}"
	jobField            = "{job}"
)

// templateHint ends a hint about a template.
const templateHint = "the fields {pod}, {namespace}, {service_account}, {job}"

// withoutFields is what a template has beside its fields.
func withoutFields(template string) string {
	return strings.NewReplacer(podField, "", namespaceField, "", serviceAccountField, "", jobField, "").Replace(template)
}

// Fill puts into a template what pod says. what names the template in the error, an *exit.Error about a field that pod does
// not tell.
func Fill(what, template string, pod Pod) (string, error) {
	fields := []struct{ mark, value, hint string }{
		{podField, pod.Name, "HOSTNAME is the pod's name"},
		{namespaceField, pod.Namespace, "the namespace and the service account are read from the pod's token"},
		{serviceAccountField, pod.ServiceAccount, "the namespace and the service account are read from the pod's token"},
		{jobField, pod.Job, "EMR sets SPARK_CONTAINER_ID in the pods of a job run; elsewhere leave {job} out, or set that variable"},
	}
	var pairs []string
	for _, field := range fields {
		if field.value == "" && strings.Contains(template, field.mark) {
			return "", exit.Because(exit.BadSetting, fmt.Errorf("%s: %q asks for %s, which is not known here", what, template, field.mark), field.hint)
		}
		pairs = append(pairs, field.mark, field.value)
	}
	return strings.NewReplacer(pairs...).Replace(template), nil
}

// jobOf returns the id of the job run from EMR's SPARK_CONTAINER_ID, the pod's name: spark-ID-driver. Of another name, such as
// an executor's, it is what is left without these words.
func jobOf(container string) string {
	id := strings.TrimPrefix(container, "spark-")
	if head, found := strings.CutSuffix(id, "-driver"); found {
		id = head
	} else if i := strings.LastIndex(id, "-exec-"); i >= 0 && only(id[i+len("-exec-"):], digits) {
		id = id[:i]
	}
	if id == "" {
		return container
	}
	return id
}
