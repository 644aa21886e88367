package runner

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/kubernetes/pkg/api/v1/resource"
	"k8s.io/kubernetes/pkg/fieldpath"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
)

// Environment variables that tell a process what a mount namespace and cluster DNS would.
const (
	mountVariablePrefix = "PARTITA_MOUNT_"
	hostsFileVariable   = "PARTITA_HOSTS_FILE"
)

// inheritedVariables of the testbed's own environment reach the pods: what makes programs of this machine work.
var inheritedVariables = []string{"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "JAVA_HOME", "LD_LIBRARY_PATH"}

// launch is a command line ready to be started.
type launch struct {
	args      []string
	env       []string
	directory string
	mounts    []mount
}

// mount is a place of the container's file system that lies elsewhere on the host.
type mount struct {
	name          string
	mountPath     string
	hostDirectory string
}

// surroundings are what a launch needs to know besides the pod. The pod's status must hold its addresses.
type surroundings struct {
	inherited        map[string]string
	mounts           []mount
	hostsFile        string
	workingDirectory string
	// kubeconfig is "" when the pod has no service account token.
	kubeconfig string
	imagesFile string
	configMap  func(name string) (*v1.ConfigMap, error)
	secret     func(name string) (*v1.Secret, error)
}

// startError is a reason why a container waits, in the words that a kubelet would use.
type startError struct {
	reason  string
	message string
}

func (e *startError) Error() string { return e.reason + ": " + e.message }

func configError(err error) error {
	return &startError{"CreateContainerConfigError", err.Error()}
}

// buildLaunch turns a container into a command line.
func buildLaunch(pod *v1.Pod, container *v1.Container, around surroundings) (launch, error) {
	command, err := imageCommand(container, around.imagesFile)
	if err != nil {
		return launch{}, err
	}
	variables, err := containerVariables(pod, container, around)
	if err != nil {
		return launch{}, configError(err)
	}
	mapping := expansion.MappingFuncFor(variables)
	args := command
	if len(container.Command) > 0 {
		args = nil
	}
	// What stands for an image is a command of the host, whatever is mounted over its paths in the container.
	for _, arg := range append(slices.Clone(container.Command), container.Args...) {
		args = append(args, substituteMounts(expansion.Expand(arg, mapping), around.mounts))
	}
	directory := around.workingDirectory
	if container.WorkingDir != "" {
		if mapped := substituteMounts(container.WorkingDir, around.mounts); mapped != container.WorkingDir {
			directory = mapped
		}
	}
	return launch{args, environment(pod, variables, around), directory, around.mounts}, nil
}

// environment is the complete environment of a process. Variables of the container win over all others.
func environment(pod *v1.Pod, variables map[string]string, around surroundings) []string {
	all := maps.Clone(around.inherited)
	if all == nil {
		all = map[string]string{}
	}
	all["HOSTNAME"] = hostname(pod)
	if around.kubeconfig != "" {
		all["KUBECONFIG"] = around.kubeconfig
	}
	for name, value := range variables {
		all[name] = substituteMounts(value, around.mounts)
	}
	all[hostsFileVariable] = around.hostsFile
	for _, mount := range around.mounts {
		all[mountVariable(mount.name)] = mount.hostDirectory
	}
	var environment []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		environment = append(environment, name+"="+all[name])
	}
	return environment
}

func inheritedEnvironment() map[string]string {
	inherited := map[string]string{}
	for _, name := range inheritedVariables {
		if value, ok := os.LookupEnv(name); ok {
			inherited[name] = value
		}
	}
	return inherited
}

// mountVariable: "raft-log" becomes PARTITA_MOUNT_RAFT_LOG, because a shell cannot read a name with other characters.
func mountVariable(name string) string {
	return mountVariablePrefix + strings.Map(func(character rune) rune {
		if character >= 'A' && character <= 'Z' || character >= '0' && character <= '9' {
			return character
		}
		return '_'
	}, strings.ToUpper(name))
}

// containerVariables are envFrom and env, references between them resolved as a kubelet does: $(NAME) means an earlier
// variable and stays as it is when there is none.
func containerVariables(pod *v1.Pod, container *v1.Container, around surroundings) (map[string]string, error) {
	variables := map[string]string{}
	for _, source := range container.EnvFrom {
		values, err := envFromValues(source, around)
		if err != nil {
			return nil, err
		}
		for name, value := range values {
			variables[source.Prefix+name] = value
		}
	}
	mapping := expansion.MappingFuncFor(variables)
	for _, variable := range container.Env {
		if variable.ValueFrom == nil {
			variables[variable.Name] = expansion.Expand(variable.Value, mapping)
			continue
		}
		value, ok, err := referencedValue(pod, container, variable.ValueFrom, around)
		if err != nil {
			return nil, fmt.Errorf("variable %s: %w", variable.Name, err)
		}
		if ok {
			variables[variable.Name] = value
		}
	}
	return variables, nil
}

func envFromValues(source v1.EnvFromSource, around surroundings) (map[string]string, error) {
	switch {
	case source.ConfigMapRef != nil:
		configMap, err := around.configMap(source.ConfigMapRef.Name)
		if isAbsentOptional(err, source.ConfigMapRef.Optional) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return configMap.Data, nil
	case source.SecretRef != nil:
		secret, err := around.secret(source.SecretRef.Name)
		if isAbsentOptional(err, source.SecretRef.Optional) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		values := map[string]string{}
		for name, value := range secret.Data {
			values[name] = string(value)
		}
		return values, nil
	}
	return nil, errors.New("envFrom has no source")
}

// referencedValue reports false for an optional key that is absent.
func referencedValue(pod *v1.Pod, container *v1.Container, source *v1.EnvVarSource, around surroundings) (string, bool, error) {
	switch {
	case source.FieldRef != nil:
		value, err := podField(pod, source.FieldRef.FieldPath)
		return value, true, err
	case source.ResourceFieldRef != nil:
		value, err := resource.ExtractContainerResourceValue(source.ResourceFieldRef, container)
		return value, true, err
	case source.ConfigMapKeyRef != nil:
		reference := source.ConfigMapKeyRef
		configMap, err := around.configMap(reference.Name)
		if isAbsentOptional(err, reference.Optional) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		value, ok := configMap.Data[reference.Key]
		return value, ok, absentKey(ok, reference.Optional, "ConfigMap", reference.Name, reference.Key)
	case source.SecretKeyRef != nil:
		reference := source.SecretKeyRef
		secret, err := around.secret(reference.Name)
		if isAbsentOptional(err, reference.Optional) {
			return "", false, nil
		}
		if err != nil {
			return "", false, err
		}
		value, ok := secret.Data[reference.Key]
		return string(value), ok, absentKey(ok, reference.Optional, "Secret", reference.Name, reference.Key)
	}
	return "", false, errors.New("this valueFrom is not supported")
}

func podField(pod *v1.Pod, path string) (string, error) {
	switch path {
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.podIP":
		return pod.Status.PodIP, nil
	case "status.podIPs":
		return pod.Status.PodIP, nil
	case "status.hostIP", "status.hostIPs":
		return pod.Status.HostIP, nil
	}
	return fieldpath.ExtractFieldPathAsString(pod, path)
}

func isAbsentOptional(err error, optional *bool) bool {
	return apierrors.IsNotFound(err) && optional != nil && *optional
}

func absentKey(found bool, optional *bool, kind, name, key string) error {
	if found || optional != nil && *optional {
		return nil
	}
	return fmt.Errorf("%s %s has no key %s", kind, name, key)
}

// imageCommand is the container's own command, else what the images file has for its image. The file is read at each
// start, so that a test can add an image later.
func imageCommand(container *v1.Container, imagesFile string) ([]string, error) {
	if len(container.Command) > 0 {
		return slices.Clone(container.Command), nil
	}
	images := map[string][]string{}
	if imagesFile != "" {
		content, err := os.ReadFile(imagesFile)
		if err == nil {
			err = json.Unmarshal(content, &images)
		}
		if err != nil {
			return nil, &startError{"ErrImagePull", fmt.Sprintf("read %s: %v", imagesFile, err)}
		}
	}
	for _, name := range []string{container.Image, imageRepository(container.Image)} {
		if command := images[name]; len(command) > 0 {
			return slices.Clone(command), nil
		}
	}
	return nil, &startError{"ErrImagePull",
		fmt.Sprintf("the container has no command and the images file none for image %q", container.Image)}
}

// imageRepository is an image name without tag and digest.
func imageRepository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if colon := strings.LastIndex(image, ":"); colon > strings.LastIndex(image, "/") {
		return image[:colon]
	}
	return image
}

// substituteMounts replaces every path at or below a mount path by the path on the host. A mount path counts only as
// a whole: "/data" is found in "--dir=/data/x" and "file:///data", not in "/database", "/var/data" or "http://data".
func substituteMounts(text string, mounts []mount) string {
	// The longest first: "/data/log" may be a mount of its own inside "/data".
	ordered := slices.Clone(mounts)
	slices.SortStableFunc(ordered, func(a, b mount) int { return len(b.mountPath) - len(a.mountPath) })
	var result strings.Builder
	for position := 0; position < len(text); {
		found := slices.IndexFunc(ordered, func(m mount) bool { return mountAt(text, position, m.mountPath) })
		if found < 0 {
			result.WriteByte(text[position])
			position++
			continue
		}
		result.WriteString(ordered[found].hostDirectory)
		position += len(filepath.Clean(ordered[found].mountPath))
	}
	return result.String()
}

func mountAt(text string, position int, mountPath string) bool {
	mountPath = filepath.Clean(mountPath)
	if mountPath == "/" || !strings.HasPrefix(text[position:], mountPath) {
		return false
	}
	before, after := text[:position], text[position+len(mountPath):]
	startsHere := before == "" || strings.HasSuffix(before, "//") || !isPathCharacter(before[len(before)-1])
	return startsHere && (after == "" || after[0] == '/' || !isPathCharacter(after[0]))
}

func isPathCharacter(character byte) bool {
	return character >= 'a' && character <= 'z' || character >= 'A' && character <= 'Z' ||
		character >= '0' && character <= '9' || strings.IndexByte("._-/", character) >= 0
}
