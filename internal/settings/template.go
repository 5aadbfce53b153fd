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
	return replace(template, []field{{podField, ""}, {namespaceField, ""}, {serviceAccountField, ""}, {jobField, ""}})
}

type field struct{ mark, value string }

// replace puts each field's value in the place of its mark. It is a strings.Replacer in which a start builds no table.
func replace(template string, fields []field) string {
	var out strings.Builder
	for template != "" {
		n, value := 1, template[:1]
		for _, f := range fields {
			if strings.HasPrefix(template, f.mark) {
				n, value = len(f.mark), f.value
				break
			}
		}
		out.WriteString(value)
		template = template[n:]
	}
	return out.String()
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
	var values []field
	for _, f := range fields {
		if f.value == "" && strings.Contains(template, f.mark) {
			return "", exit.Because(exit.BadSetting, fmt.Errorf("%s: %q asks for %s, which is not known here", what, template, f.mark), f.hint)
		}
		values = append(values, field{f.mark, f.value})
	}
	return replace(template, values), nil
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
