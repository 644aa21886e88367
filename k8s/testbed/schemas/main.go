// Schemas writes what the API servers of each supported Kubernetes version take, for the kinds that the chart and the
// operator make: the OpenAPI documents of that version's source, condensed to names, types and required fields. The
// first version is written whole, each later one as what differs from the version before it.
//
//	go run ./schemas [DIRECTORY]
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// The newest patch release of each supported minor version.
var versions = []string{"1.30.14", "1.31.14", "1.32.13", "1.33.13", "1.34.4", "1.35.4", "1.36.3", "1.37.2"}

const defaultDirectory = "src/main/resources/dev/partita/testbed/schemas"

const referencePrefix = "#/components/schemas/"

// One for each group and version of a kind below.
var documents = []string{
	"api__v1",
	"apis__admissionregistration.k8s.io__v1",
	"apis__apiextensions.k8s.io__v1",
	"apis__apps__v1",
	"apis__networking.k8s.io__v1",
	"apis__policy__v1",
	"apis__rbac.authorization.k8s.io__v1",
	"apis__scheduling.k8s.io__v1",
}

var kinds = []string{
	"io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy",
	"io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding",
	"io.k8s.api.apps.v1.Deployment",
	"io.k8s.api.apps.v1.StatefulSet",
	"io.k8s.api.core.v1.ConfigMap",
	"io.k8s.api.core.v1.Namespace",
	"io.k8s.api.core.v1.Secret",
	"io.k8s.api.core.v1.Service",
	"io.k8s.api.core.v1.ServiceAccount",
	"io.k8s.api.networking.v1.NetworkPolicy",
	"io.k8s.api.policy.v1.PodDisruptionBudget",
	"io.k8s.api.rbac.v1.ClusterRole",
	"io.k8s.api.rbac.v1.ClusterRoleBinding",
	"io.k8s.api.rbac.v1.Role",
	"io.k8s.api.rbac.v1.RoleBinding",
	"io.k8s.api.scheduling.v1.PriorityClass",
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition",
}

// keywords are kept as they stand.
var keywords = []string{"type", "format", "enum", "required", "oneOf", "$ref"}

type schema = map[string]any

func main() {
	directory := defaultDirectory
	if len(os.Args) > 1 {
		directory = os.Args[1]
	}
	if err := write(directory); err != nil {
		fmt.Fprintln(os.Stderr, "schemas:", err)
		os.Exit(1)
	}
}

func write(directory string) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	var before map[string]schema
	for _, version := range versions {
		after, err := condensed(version)
		if err != nil {
			return err
		}
		minor := version[:strings.LastIndex(version, ".")]
		if err := writeDifference(filepath.Join(directory, minor+".json"), before, after); err != nil {
			return err
		}
		before = after
	}
	return nil
}

// writeDifference has one definition a line; null stands for one that is gone.
func writeDifference(file string, before, after map[string]schema) error {
	changed := map[string]schema{}
	for name, definition := range after {
		if !reflect.DeepEqual(definition, before[name]) {
			changed[name] = definition
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			changed[name] = nil
		}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		definition, err := json.Marshal(changed[name])
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("%q:%s", name, definition))
	}
	return os.WriteFile(file, []byte("{\n"+strings.Join(lines, ",\n")+"\n}\n"), 0o644)
}

func condensed(version string) (map[string]schema, error) {
	directory, err := source(version)
	if err != nil {
		return nil, err
	}
	c := condenser{source: map[string]schema{}, condensed: map[string]schema{}}
	for _, document := range documents {
		content, err := os.ReadFile(filepath.Join(directory, "api/openapi-spec/v3", document+"_openapi.json"))
		if err != nil {
			return nil, err
		}
		var parsed struct {
			Components struct {
				Schemas map[string]schema `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(content, &parsed); err != nil {
			return nil, fmt.Errorf("%s of %s: %w", document, version, err)
		}
		maps.Copy(c.source, parsed.Components.Schemas)
	}
	for _, kind := range kinds {
		if err := c.add(kind); err != nil {
			return nil, fmt.Errorf("Kubernetes %s: %w", version, err)
		}
	}
	return c.condensed, nil
}

// source is where the module cache has Kubernetes of a version; it is fetched through the module proxy if need be.
func source(version string) (string, error) {
	command := exec.Command("go", "mod", "download", "-json", "k8s.io/kubernetes@v"+version)
	command.Dir = os.TempDir() // Outside of this module, which is of one version.
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("download Kubernetes %s: %w", version, err)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(output, &module); err != nil {
		return "", err
	}
	return module.Dir, nil
}

type condenser struct {
	source    map[string]schema
	condensed map[string]schema
}

func (c *condenser) add(name string) error {
	if _, ok := c.condensed[name]; ok {
		return nil
	}
	definition, ok := c.source[name]
	if !ok {
		return fmt.Errorf("there is no schema %s", name)
	}
	c.condensed[name] = nil // Definitions may be recursive.
	short, err := c.condense(definition)
	c.condensed[name] = short
	return err
}

func (c *condenser) condense(full schema) (schema, error) {
	short := schema{}
	for _, keyword := range keywords {
		if value, ok := full[keyword]; ok {
			short[keyword] = value
		}
	}
	// A reference with a description or a default beside it is written as the only member of a conjunction.
	if all, ok := full["allOf"].([]any); ok && len(all) == 1 {
		short["$ref"] = all[0].(schema)["$ref"]
	}
	if reference, ok := short["$ref"].(string); ok {
		name := strings.TrimPrefix(reference, referencePrefix)
		short["$ref"] = name
		if err := c.add(name); err != nil {
			return nil, err
		}
	}
	if properties, ok := full["properties"].(schema); ok {
		fields := schema{}
		for name, property := range properties {
			field, err := c.condense(property.(schema))
			if err != nil {
				return nil, err
			}
			fields[name] = field
		}
		short["properties"] = fields
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if child, ok := full[keyword].(schema); ok {
			condensed, err := c.condense(child)
			if err != nil {
				return nil, err
			}
			short[keyword] = condensed
		}
	}
	return short, nil
}
