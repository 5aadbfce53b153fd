// Crdcheck checks objects by the schema of a CustomResourceDefinition, as the Kubernetes API server does when they are
// created: every field must be known, and have a value that is allowed.
//
//	crdcheck CRD.yaml OBJECT.yaml...
package main

import (
	"errors"
	"fmt"
	"os"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: crdcheck CRD.yaml OBJECT.yaml...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(definition string, files []string) error {
	var crd apiextensionsv1.CustomResourceDefinition
	if err := read(definition, &crd); err != nil {
		return err
	}
	for _, file := range files {
		var object unstructured.Unstructured
		if err := read(file, &object.Object); err != nil {
			return err
		}
		if err := check(&crd, object); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

func read(file string, value any) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	asJSON, err := yaml.YAMLToJSONStrict(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return yaml.Unmarshal(asJSON, value)
}

func check(crd *apiextensionsv1.CustomResourceDefinition, object unstructured.Unstructured) error {
	gvk := object.GroupVersionKind()
	if gvk.Group != crd.Spec.Group || gvk.Kind != crd.Spec.Names.Kind {
		return fmt.Errorf("%v is not a %s of %s", gvk, crd.Spec.Names.Kind, crd.Spec.Group)
	}
	for _, version := range crd.Spec.Versions {
		if version.Name != gvk.Version {
			continue
		}
		var props apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &props, nil); err != nil {
			return err
		}
		structural, err := schema.NewStructural(&props)
		if err != nil {
			return err
		}
		validator, _, err := validation.NewSchemaValidator(&props)
		if err != nil {
			return err
		}
		problems := []error{validation.ValidateCustomResource(nil, object.Object, validator).ToAggregate()}
		unknown := pruning.PruneWithOptions(object.DeepCopy().Object, structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
		for _, path := range unknown {
			problems = append(problems, fmt.Errorf("unknown field %s", path))
		}
		return errors.Join(problems...)
	}
	return fmt.Errorf("there is no version %s", gvk.Version)
}
