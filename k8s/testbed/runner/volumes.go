package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/kubernetes/pkg/api/v1/resource"

	"dev.partita/testbed/controlplane"
)

const (
	defaultFileMode = 0o644
	// tokenFile is the name under which the service account admission plugin mounts a token.
	tokenFile = "token"
)

// volumes makes a pod's volumes exist as directories of the host.
type volumes struct {
	client    kubernetes.Interface
	directory *controlplane.Directory
	cluster   *cache
}

// volumeFile is one file of a ConfigMap, Secret, downward API or projected volume.
type volumeFile struct {
	content []byte
	mode    int32
}

// prepare makes every volume of the pod exist and returns the container's mounts. Called again it refreshes the files.
func (v *volumes) prepare(ctx context.Context, pod *v1.Pod, container *v1.Container) ([]mount, error) {
	directories := map[string]string{}
	for _, volume := range pod.Spec.Volumes {
		directory, err := v.prepareVolume(ctx, pod, &volume)
		if err != nil {
			return nil, configError(fmt.Errorf("volume %s: %w", volume.Name, err))
		}
		directories[volume.Name] = directory
	}
	var mounts []mount
	for _, volumeMount := range container.VolumeMounts {
		directory := filepath.Join(directories[volumeMount.Name], filepath.Clean("/"+volumeMount.SubPath))
		if volumeMount.SubPath != "" {
			if _, err := os.Stat(directory); errors.Is(err, fs.ErrNotExist) {
				if err := os.MkdirAll(directory, 0o755); err != nil {
					return nil, configError(err)
				}
			}
		}
		mounts = append(mounts, mount{volumeMount.Name, volumeMount.MountPath, directory})
	}
	return mounts, nil
}

// remove deletes what lives only as long as the pod.
func (v *volumes) remove(pod *v1.Pod) error {
	return os.RemoveAll(v.podDirectory(pod))
}

func (v *volumes) podDirectory(pod *v1.Pod, elements ...string) string {
	return v.directory.Path(append([]string{"pods", string(pod.UID)}, elements...)...)
}

func (v *volumes) prepareVolume(ctx context.Context, pod *v1.Pod, volume *v1.Volume) (string, error) {
	own := v.podDirectory(pod, "volumes", volume.Name)
	switch {
	case volume.PersistentVolumeClaim != nil:
		return v.claimDirectory(pod.Namespace, volume.PersistentVolumeClaim.ClaimName)
	case volume.Ephemeral != nil:
		return v.claimDirectory(pod.Namespace, pod.Name+"-"+volume.Name)
	case volume.EmptyDir != nil:
		return own, os.MkdirAll(own, 0o755)
	case volume.HostPath != nil:
		return volume.HostPath.Path, nil
	}
	files, err := v.files(ctx, pod, volume, own)
	if err != nil {
		return "", err
	}
	return own, writeFiles(own, files)
}

func (v *volumes) claimDirectory(namespace, name string) (string, error) {
	claim, err := v.cluster.claims.PersistentVolumeClaims(namespace).Get(name)
	if err != nil {
		return "", err
	}
	if claim.Status.Phase != v1.ClaimBound {
		return "", fmt.Errorf("claim %s is not bound yet", name)
	}
	volume, err := v.cluster.volumes.Get(claim.Spec.VolumeName)
	if err != nil {
		return "", err
	}
	switch {
	case volume.Spec.HostPath != nil:
		directory := volume.Spec.HostPath.Path
		return directory, os.MkdirAll(directory, 0o755)
	case volume.Spec.Local != nil:
		return volume.Spec.Local.Path, nil
	}
	return "", fmt.Errorf("persistent volume %s is no directory", volume.Name)
}

func (v *volumes) files(ctx context.Context, pod *v1.Pod, volume *v1.Volume, own string) (map[string]volumeFile, error) {
	switch {
	case volume.ConfigMap != nil:
		source := volume.ConfigMap
		return v.configMapFiles(pod, source.Name, source.Items, source.Optional, mode(source.DefaultMode))
	case volume.Secret != nil:
		source := volume.Secret
		return v.secretFiles(pod, source.SecretName, source.Items, source.Optional, mode(source.DefaultMode))
	case volume.DownwardAPI != nil:
		return downwardFiles(pod, volume.DownwardAPI.Items, mode(volume.DownwardAPI.DefaultMode))
	case volume.Projected != nil:
		return v.projectedFiles(ctx, pod, volume.Projected, own)
	}
	return nil, errors.New("this kind of volume is not supported by the testbed")
}

func (v *volumes) projectedFiles(ctx context.Context, pod *v1.Pod, projected *v1.ProjectedVolumeSource, own string) (map[string]volumeFile, error) {
	all := map[string]volumeFile{}
	defaultMode := mode(projected.DefaultMode)
	for _, source := range projected.Sources {
		var files map[string]volumeFile
		var err error
		switch {
		case source.ConfigMap != nil:
			files, err = v.configMapFiles(pod, source.ConfigMap.Name, source.ConfigMap.Items, source.ConfigMap.Optional, defaultMode)
		case source.Secret != nil:
			files, err = v.secretFiles(pod, source.Secret.Name, source.Secret.Items, source.Secret.Optional, defaultMode)
		case source.DownwardAPI != nil:
			files, err = downwardFiles(pod, source.DownwardAPI.Items, defaultMode)
		case source.ServiceAccountToken != nil:
			files, err = v.tokenFiles(ctx, pod, source.ServiceAccountToken, own)
		default:
			err = errors.New("this kind of projection is not supported by the testbed")
		}
		if err != nil {
			return nil, err
		}
		for path, file := range files {
			all[path] = file
		}
	}
	return all, nil
}

func (v *volumes) configMapFiles(pod *v1.Pod, name string, items []v1.KeyToPath, optional *bool, mode int32) (map[string]volumeFile, error) {
	configMap, err := v.cluster.configMaps.ConfigMaps(pod.Namespace).Get(name)
	if isAbsentOptional(err, optional) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	content := map[string][]byte{}
	for key, value := range configMap.Data {
		content[key] = []byte(value)
	}
	for key, value := range configMap.BinaryData {
		content[key] = value
	}
	return keyFiles("ConfigMap "+name, content, items, optional, mode)
}

func (v *volumes) secretFiles(pod *v1.Pod, name string, items []v1.KeyToPath, optional *bool, mode int32) (map[string]volumeFile, error) {
	secret, err := v.cluster.secrets.Secrets(pod.Namespace).Get(name)
	if isAbsentOptional(err, optional) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return keyFiles("Secret "+name, secret.Data, items, optional, mode)
}

// keyFiles takes all keys, or those that items name.
func keyFiles(owner string, content map[string][]byte, items []v1.KeyToPath, optional *bool, mode int32) (map[string]volumeFile, error) {
	files := map[string]volumeFile{}
	if len(items) == 0 {
		for key, value := range content {
			files[key] = volumeFile{value, mode}
		}
		return files, nil
	}
	for _, item := range items {
		value, ok := content[item.Key]
		if !ok {
			if optional != nil && *optional {
				continue
			}
			return nil, fmt.Errorf("%s has no key %s", owner, item.Key)
		}
		itemMode := mode
		if item.Mode != nil {
			itemMode = *item.Mode
		}
		files[item.Path] = volumeFile{value, itemMode}
	}
	return files, nil
}

func downwardFiles(pod *v1.Pod, items []v1.DownwardAPIVolumeFile, mode int32) (map[string]volumeFile, error) {
	files := map[string]volumeFile{}
	for _, item := range items {
		var value string
		var err error
		switch {
		case item.FieldRef != nil:
			value, err = podField(pod, item.FieldRef.FieldPath)
		case item.ResourceFieldRef != nil:
			value, err = resource.ExtractResourceValueByContainerName(item.ResourceFieldRef, pod, item.ResourceFieldRef.ContainerName)
		}
		if err != nil {
			return nil, err
		}
		files[item.Path] = volumeFile{[]byte(value), mode}
	}
	return files, nil
}

// tokenFiles keeps the present token for four fifths of its life, as a kubelet does.
func (v *volumes) tokenFiles(ctx context.Context, pod *v1.Pod, projection *v1.ServiceAccountTokenProjection, own string) (map[string]volumeFile, error) {
	file := filepath.Join(own, projection.Path)
	seconds := int64(3600)
	if projection.ExpirationSeconds != nil {
		seconds = *projection.ExpirationSeconds
	}
	if info, err := os.Stat(file); err == nil && time.Since(info.ModTime()) < time.Duration(seconds)*time.Second*4/5 {
		content, err := os.ReadFile(file)
		return map[string]volumeFile{projection.Path: {content, 0o600}}, err
	}
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
		ExpirationSeconds: &seconds,
		BoundObjectRef:    &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID},
	}}
	if projection.Audience != "" {
		request.Spec.Audiences = []string{projection.Audience}
	}
	token, err := v.client.CoreV1().ServiceAccounts(pod.Namespace).
		CreateToken(ctx, pod.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	return map[string]volumeFile{projection.Path: {[]byte(token.Status.Token), 0o600}}, nil
}

// writeFiles makes the directory hold exactly these files. A file that is right already is not touched.
func writeFiles(directory string, files map[string]volumeFile) error {
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return err
	}
	for path, file := range files {
		target := filepath.Join(directory, filepath.Clean("/"+path))
		if present, err := os.ReadFile(target); err == nil && bytes.Equal(present, file.content) {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := controlplane.WriteFile(target, file.content); err != nil {
			return err
		}
		if err := os.Chmod(target, fs.FileMode(file.mode)); err != nil {
			return err
		}
	}
	return filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(directory, path)
		if err != nil {
			return err
		}
		if _, wanted := files[relative]; !wanted {
			return os.Remove(path)
		}
		return nil
	})
}

func mode(given *int32) int32 {
	if given == nil {
		return defaultFileMode
	}
	return *given
}

// serviceAccountToken is the token among the mounts, "" when the pod has none.
func serviceAccountToken(pod *v1.Pod, mounts []mount) (string, error) {
	for _, mount := range mounts {
		index := slices.IndexFunc(pod.Spec.Volumes, func(volume v1.Volume) bool { return volume.Name == mount.name })
		if index < 0 || pod.Spec.Volumes[index].Projected == nil || mount.mountPath != serviceAccountPath {
			continue
		}
		token, err := os.ReadFile(filepath.Join(mount.hostDirectory, tokenFile))
		return string(token), err
	}
	return "", nil
}

// serviceAccountPath is where every Kubernetes client inside a pod looks.
const serviceAccountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

// removeAllBut deletes the directories of all other pods.
func (v *volumes) removeAllBut(present map[types.UID]bool) error {
	entries, err := os.ReadDir(v.directory.Path("pods"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !present[types.UID(entry.Name())] {
			if err := os.RemoveAll(v.directory.Path("pods", entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}
