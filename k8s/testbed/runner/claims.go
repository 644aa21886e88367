package runner

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	v1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"dev.partita/testbed/controlplane"
)

const (
	storageClassName = "testbed"
	provisionerName  = "testbed.partita.dev/directory"
	// These annotations are the contract between Kubernetes and a provisioner outside its source tree.
	provisionedByAnnotation = "pv.kubernetes.io/provisioned-by"
	defaultClassAnnotation  = "storageclass.kubernetes.io/is-default-class"
)

// provisioner gives every unbound claim a persistent volume that is a directory, whatever its storage class says;
// grows it when the claim grows; deletes it when the claim is gone and its policy is Delete. The claim and its volume
// are bound by the controller manager, as with every provisioner.
type provisioner struct {
	client    kubernetes.Interface
	directory *controlplane.Directory
	cluster   *cache
	report    func(error)

	// provisioned are the claims of this run. The cache of volumes lags behind, and a second attempt would take the
	// contents of the first for those of an earlier claim. Only run's goroutine uses it.
	provisioned map[types.UID]bool
}

func (p *provisioner) createDefaultClass(ctx context.Context) error {
	immediately, expandable, deleted := storagev1.VolumeBindingImmediate, true, v1.PersistentVolumeReclaimDelete
	_, err := p.client.StorageV1().StorageClasses().Create(ctx, &storagev1.StorageClass{
		ObjectMeta:           metav1.ObjectMeta{Name: storageClassName, Annotations: map[string]string{defaultClassAnnotation: "true"}},
		Provisioner:          provisionerName,
		VolumeBindingMode:    &immediately,
		AllowVolumeExpansion: &expandable,
		ReclaimPolicy:        &deleted,
	}, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// run looks at all claims and volumes whenever one changed. There are few, so it keeps no account of which.
func (p *provisioner) run(ctx context.Context, changed <-chan struct{}) {
	retry := time.NewTicker(5 * time.Second)
	defer retry.Stop()
	for {
		p.reconcile(ctx)
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-retry.C:
		}
	}
}

func (p *provisioner) reconcile(ctx context.Context) {
	claims, err := p.cluster.claims.List(labels.Everything())
	if err != nil {
		p.report(err)
		return
	}
	for _, claim := range claims {
		p.ignoreRaces(p.provision(ctx, claim))
		p.ignoreRaces(p.expand(ctx, claim))
	}
	volumes, err := p.cluster.volumes.List(labels.Everything())
	if err != nil {
		p.report(err)
		return
	}
	for _, volume := range volumes {
		p.ignoreRaces(p.reclaim(ctx, volume))
	}
}

// ignoreRaces: the caches lag a little behind what was just written. The next change or tick comes soon.
func (p *provisioner) ignoreRaces(err error) {
	if err != nil && !apierrors.IsAlreadyExists(err) && !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
		p.report(err)
	}
}

func (p *provisioner) provision(ctx context.Context, claim *v1.PersistentVolumeClaim) error {
	if claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil || claim.Status.Phase == v1.ClaimBound {
		return nil
	}
	class := p.classOf(claim)
	if class == nil {
		return nil // Nobody provisions it, as in every cluster.
	}
	volume := p.volumeFor(claim, class)
	if _, err := p.cluster.volumes.Get(volume.Name); err == nil || p.provisioned[claim.UID] {
		return nil // It waits for the controller manager.
	}
	if err := p.createEmpty(volume.Spec.HostPath.Path); err != nil {
		return err
	}
	p.provisioned[claim.UID] = true
	_, err := p.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	return err
}

// createEmpty: a claim that was deleted and created again starts without data, as it does everywhere else. What an
// earlier claim of that name left is deleted, or set aside when its volume is to be retained.
func (p *provisioner) createEmpty(path string) error {
	volumes, err := p.cluster.volumes.List(labels.Everything())
	if err != nil {
		return err
	}
	for _, volume := range volumes {
		retained := volume.Spec.PersistentVolumeReclaimPolicy == v1.PersistentVolumeReclaimRetain
		if retained && volume.Spec.HostPath != nil && volume.Spec.HostPath.Path == path {
			if err := os.Rename(path, path+".retained-"+volume.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.MkdirAll(path, 0o755)
}

// classOf gives the claim's class if it is one of this provisioner's.
func (p *provisioner) classOf(claim *v1.PersistentVolumeClaim) *storagev1.StorageClass {
	if claim.Spec.StorageClassName == nil {
		return nil
	}
	class, err := p.cluster.classes.Get(*claim.Spec.StorageClassName)
	if err != nil || class.Provisioner != provisionerName {
		return nil
	}
	return class
}

func (p *provisioner) volumeFor(claim *v1.PersistentVolumeClaim, class *storagev1.StorageClass) *v1.PersistentVolume {
	policy := v1.PersistentVolumeReclaimDelete
	if class.ReclaimPolicy != nil {
		policy = *class.ReclaimPolicy
	}
	kind := v1.HostPathDirectoryOrCreate
	return &v1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{
			Name:        "pvc-" + string(claim.UID),
			Annotations: map[string]string{provisionedByAnnotation: provisionerName},
		},
		Spec: v1.PersistentVolumeSpec{
			Capacity:    v1.ResourceList{v1.ResourceStorage: claim.Spec.Resources.Requests[v1.ResourceStorage]},
			AccessModes: claim.Spec.AccessModes,
			VolumeMode:  claim.Spec.VolumeMode,
			ClaimRef: &v1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim",
				Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID},
			PersistentVolumeReclaimPolicy: policy,
			StorageClassName:              class.Name,
			PersistentVolumeSource: v1.PersistentVolumeSource{HostPath: &v1.HostPathVolumeSource{
				Path: p.directory.Path("volumes", claim.Namespace, claim.Name), Type: &kind}},
		},
	}
}

// expand makes a volume as large as its claim asks for. A directory has room anyway.
func (p *provisioner) expand(ctx context.Context, claim *v1.PersistentVolumeClaim) error {
	wanted, present := claim.Spec.Resources.Requests[v1.ResourceStorage], claim.Status.Capacity[v1.ResourceStorage]
	if claim.Status.Phase != v1.ClaimBound || wanted.Cmp(present) <= 0 {
		return nil
	}
	volume, err := p.cluster.volumes.Get(claim.Spec.VolumeName)
	if err != nil || volume.Annotations[provisionedByAnnotation] != provisionerName {
		return err
	}
	volume = volume.DeepCopy()
	volume.Spec.Capacity[v1.ResourceStorage] = wanted
	if _, err := p.client.CoreV1().PersistentVolumes().Update(ctx, volume, metav1.UpdateOptions{}); err != nil {
		return err
	}
	claim = claim.DeepCopy()
	claim.Status.Capacity[v1.ResourceStorage] = wanted
	_, err = p.client.CoreV1().PersistentVolumeClaims(claim.Namespace).UpdateStatus(ctx, claim, metav1.UpdateOptions{})
	return err
}

func (p *provisioner) reclaim(ctx context.Context, volume *v1.PersistentVolume) error {
	if volume.Status.Phase != v1.VolumeReleased || volume.Annotations[provisionedByAnnotation] != provisionerName ||
		volume.Spec.PersistentVolumeReclaimPolicy != v1.PersistentVolumeReclaimDelete {
		return nil
	}
	// A new claim of the same name has the same directory. It is that claim's now.
	reference := volume.Spec.ClaimRef
	if _, err := p.cluster.claims.PersistentVolumeClaims(reference.Namespace).Get(reference.Name); apierrors.IsNotFound(err) {
		if err := os.RemoveAll(volume.Spec.HostPath.Path); err != nil {
			return err
		}
	}
	return p.client.CoreV1().PersistentVolumes().Delete(ctx, volume.Name, metav1.DeleteOptions{})
}
