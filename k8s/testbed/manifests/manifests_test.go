// Package manifests checks the committed manifests with the validation of the API server itself, as the oldest supported
// Kubernetes would: CEL expressions may use only what that version knows.
package manifests

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsvalidation "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/version"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/cel/environment"
	"k8s.io/apiserver/pkg/util/compatibility"
	basecompatibility "k8s.io/component-base/compatibility"
	"k8s.io/kubernetes/pkg/apis/admissionregistration"
	admissioninstall "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	admissionvalidation "k8s.io/kubernetes/pkg/apis/admissionregistration/validation"
	"sigs.k8s.io/yaml"
)

const checkout = "../../.."

// The first version of the chart's kubeVersion.
var oldest = version.MajorMinor(1, 30)

func TestMain(m *testing.M) {
	component := compatibility.DefaultComponentGlobalsRegistry.EffectiveVersionFor(basecompatibility.DefaultKubeComponent)
	component.(basecompatibility.MutableEffectiveVersion).SetMinCompatibilityVersion(oldest)
	if !environment.DefaultCompatibilityVersion().EqualTo(oldest) {
		panic("validation is not that of " + oldest.String())
	}
	os.Exit(m.Run())
}

func TestTheDefinitionsAreValid(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(checkout, "crds", "*.yml"))
	if err != nil || len(files) != 3 {
		t.Fatal("definitions", files, err)
	}
	for _, file := range files {
		for _, document := range documents(t, file) {
			if errs := validateDefinition(t, document); len(errs) > 0 {
				t.Errorf("%s: %v", file, errs.ToAggregate())
			}
		}
	}
}

func TestTheAdmissionPoliciesAreValid(t *testing.T) {
	found := 0
	for _, document := range documents(t, filepath.Join(checkout, "k8s", "base", "operator.yaml")) {
		if kind(t, document) == "ValidatingAdmissionPolicy" {
			found++
			if errs := validatePolicy(t, document); len(errs) > 0 {
				t.Error(errs.ToAggregate())
			}
		}
	}
	if found != 3 {
		t.Errorf("%d policies", found)
	}
}

// What a later version brought is refused, so the tests above can fail.
func TestWhatALaterVersionBroughtIsRefused(t *testing.T) {
	later := []byte(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: later}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], resources: [pods], operations: [CREATE]}]
  validations:
    - expression: "isSemver(object.metadata.name)"
`)
	if errs := validatePolicy(t, later); len(errs) == 0 {
		t.Error("a function of Kubernetes 1.34 is accepted")
	}
	earlier := bytes.ReplaceAll(later, []byte("isSemver"), []byte("isQuantity"))
	if errs := validatePolicy(t, earlier); len(errs) > 0 {
		t.Error(errs.ToAggregate())
	}
}

func validateDefinition(t *testing.T, document []byte) field.ErrorList {
	scheme := runtime.NewScheme()
	apiextensionsinstall.Install(scheme)
	var external apiextensionsv1.CustomResourceDefinition
	decode(t, document, &external)
	scheme.Default(&external)
	var internal apiextensions.CustomResourceDefinition
	if err := scheme.Convert(&external, &internal, nil); err != nil {
		t.Fatal(err)
	}
	return apiextensionsvalidation.ValidateCustomResourceDefinition(context.Background(), &internal)
}

func validatePolicy(t *testing.T, document []byte) field.ErrorList {
	scheme := runtime.NewScheme()
	admissioninstall.Install(scheme)
	var external admissionv1.ValidatingAdmissionPolicy
	decode(t, document, &external)
	scheme.Default(&external)
	var internal admissionregistration.ValidatingAdmissionPolicy
	if err := scheme.Convert(&external, &internal, nil); err != nil {
		t.Fatal(err)
	}
	return admissionvalidation.ValidateValidatingAdmissionPolicy(&internal)
}

func documents(t *testing.T, file string) [][]byte {
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	reader := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(content)))
	var all [][]byte
	for {
		document := make([]byte, len(content))
		n, err := reader.Read(document)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, document[:n])
	}
}

func kind(t *testing.T, document []byte) string {
	var object struct {
		Kind string `json:"kind"`
	}
	if err := yaml.Unmarshal(document, &object); err != nil {
		t.Fatal(err)
	}
	return object.Kind
}

func decode(t *testing.T, document []byte, into any) {
	if err := yaml.UnmarshalStrict(document, into); err != nil {
		t.Fatal(err)
	}
}
