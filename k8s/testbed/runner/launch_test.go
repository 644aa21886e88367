package runner

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func TestMountPathsAreReplacedOnlyAsWholePaths(t *testing.T) {
	mounts := []mount{{"data", "/data", "/host/d"}, {"log", "/data/log", "/host/l"}, {"config", "/etc/app/", "/host/c"}}
	for text, want := range map[string]string{
		"/data":                   "/host/d",
		"/data/":                  "/host/d/",
		"/data/x":                 "/host/d/x",
		"/data/log/1":             "/host/l/1",
		"/data/logs":              "/host/d/logs",
		"--dir=/data/x":           "--dir=/host/d/x",
		"/data:/data/log":         "/host/d:/host/l",
		"file:///data/x":          "file:///host/d/x",
		"a,/etc/app/b.properties": "a,/host/c/b.properties",
		`{"dir":"/data"}`:         `{"dir":"/host/d"}`,
		"/database":               "/database",
		"/data.old":               "/data.old",
		"/var/data":               "/var/data",
		"http://data/x":           "http://data/x",
		"x/data":                  "x/data",
		"":                        "",
	} {
		// "//" starts a path for "file:///data" only when a slash follows, so a host name stays.
		if got := substituteMounts(text, mounts); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestMountVariableIsReadableByAShell(t *testing.T) {
	if got := mountVariable("raft-log.0"); got != "PARTITA_MOUNT_RAFT_LOG_0" {
		t.Errorf("got %s", got)
	}
}

func TestImageRepositoryHasNoTagAndNoDigest(t *testing.T) {
	for image, want := range map[string]string{
		"node":                    "node",
		"node:1":                  "node",
		"registry:5000/node":      "registry:5000/node",
		"registry:5000/node:1":    "registry:5000/node",
		"registry/node@sha256:ab": "registry/node",
		"registry/node:1@sha256:": "registry/node",
	} {
		if got := imageRepository(image); got != want {
			t.Errorf("%q has repository %q, want %q", image, got, want)
		}
	}
}

func TestCommandComesFromTheContainerThenTheExactImageThenItsRepository(t *testing.T) {
	images := filepath.Join(t.TempDir(), "images.json")
	if err := os.WriteFile(images, []byte(`{"node": ["any"], "node:2": ["second", "-v"]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		container v1.Container
		want      []string
	}{
		{v1.Container{Image: "node:2", Command: []string{"own"}}, []string{"own"}},
		{v1.Container{Image: "node:2"}, []string{"second", "-v"}},
		{v1.Container{Image: "node:3"}, []string{"any"}},
	} {
		if got, err := imageCommand(&test.container, images); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%v: got %v, %v, want %v", test.container, got, err, test.want)
		}
	}
	_, err := imageCommand(&v1.Container{Image: "other"}, images)
	if known := (*startError)(nil); !errors.As(err, &known) || known.reason != "ErrImagePull" {
		t.Errorf("unknown image: %v", err)
	}
}

func TestLaunchExpandsVariablesAndMounts(t *testing.T) {
	yes := true
	pod := &v1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "db-0", Labels: map[string]string{"zone": "z"}},
		Spec:       v1.PodSpec{NodeName: "node-1", Hostname: "db-0"},
		Status:     v1.PodStatus{PodIP: "127.0.7.9", HostIP: "127.0.7.1"},
	}
	field := func(path string) *v1.EnvVarSource {
		return &v1.EnvVarSource{FieldRef: &v1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path}}
	}
	container := &v1.Container{
		Command: []string{"run", "/data/bin"},
		Args:    []string{"--at=$(IP):1", "--dir=$(DIR)/x", "$(UNKNOWN)", "$$(IP)"},
		EnvFrom: []v1.EnvFromSource{{Prefix: "C_", ConfigMapRef: &v1.ConfigMapEnvSource{
			LocalObjectReference: v1.LocalObjectReference{Name: "conf"}}}},
		Env: []v1.EnvVar{
			{Name: "IP", ValueFrom: field("status.podIP")},
			{Name: "NODE", ValueFrom: field("spec.nodeName")},
			{Name: "ZONE", ValueFrom: field("metadata.labels['zone']")},
			{Name: "DIR", Value: "/data/$(ZONE)"},
			{Name: "LATER", Value: "$(DEFINED_BELOW)"},
			{Name: "DEFINED_BELOW", Value: "1"},
			{Name: "PASSWORD", ValueFrom: &v1.EnvVarSource{SecretKeyRef: &v1.SecretKeySelector{
				LocalObjectReference: v1.LocalObjectReference{Name: "secret"}, Key: "password"}}},
			{Name: "ABSENT", ValueFrom: &v1.EnvVarSource{ConfigMapKeyRef: &v1.ConfigMapKeySelector{
				LocalObjectReference: v1.LocalObjectReference{Name: "none"}, Key: "k", Optional: &yes}}},
		},
	}
	launch, err := buildLaunch(pod, container, testSurroundings())
	if err != nil {
		t.Fatal(err)
	}
	wantArgs := []string{"run", "/host/d/bin", "--at=127.0.7.9:1", "--dir=/host/d/z/x", "$(UNKNOWN)", "$(IP)"}
	if !slices.Equal(launch.args, wantArgs) {
		t.Errorf("args %q, want %q", launch.args, wantArgs)
	}
	wantEnv := []string{"C_key=value", "DEFINED_BELOW=1", "DIR=/host/d/z", "HOSTNAME=db-0", "IP=127.0.7.9",
		"LATER=$(DEFINED_BELOW)", "NODE=node-1", "PARTITA_HOSTS_FILE=/testbed/hosts", "PARTITA_MOUNT_DATA=/host/d",
		"PASSWORD=secret", "PATH=/bin", "ZONE=z"}
	if !slices.Equal(launch.env, wantEnv) {
		t.Errorf("env %q, want %q", launch.env, wantEnv)
	}
}

func TestAbsentConfigMapMakesTheContainerWait(t *testing.T) {
	container := &v1.Container{Command: []string{"run"}, Env: []v1.EnvVar{{Name: "A", ValueFrom: &v1.EnvVarSource{
		ConfigMapKeyRef: &v1.ConfigMapKeySelector{LocalObjectReference: v1.LocalObjectReference{Name: "none"}, Key: "k"}}}}}
	_, err := buildLaunch(&v1.Pod{}, container, testSurroundings())
	if known := (*startError)(nil); !errors.As(err, &known) || known.reason != "CreateContainerConfigError" {
		t.Errorf("got %v", err)
	}
}

func testSurroundings() surroundings {
	return surroundings{
		inherited: map[string]string{"PATH": "/bin"},
		mounts:    []mount{{"data", "/data", "/host/d"}},
		hostsFile: "/testbed/hosts",
		configMap: func(name string) (*v1.ConfigMap, error) {
			if name == "conf" {
				return &v1.ConfigMap{Data: map[string]string{"key": "value"}}, nil
			}
			return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "configmaps"}, name)
		},
		secret: func(string) (*v1.Secret, error) {
			return &v1.Secret{Data: map[string][]byte{"password": []byte("secret")}}, nil
		},
	}
}
