package runner

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/retry"
	"k8s.io/component-base/version"
)

const (
	// failureAnnotation on a Node with the value failureDown makes it a node that lost its power: its processes are
	// killed and its heartbeat ends, until the annotation goes.
	failureAnnotation = "testbed.partita.dev/failure"
	failureDown       = "down"

	heartbeatInterval = 4 * time.Second
	leaseSeconds      = 20
	leaseNamespace    = "kube-node-lease"
)

//go:embed nodes.yaml
var defaultNodes []byte

// defaultCapacity is for nodes whose manifest says nothing. It is only what the scheduler counts with; nothing
// enforces it.
var defaultCapacity = v1.ResourceList{
	v1.ResourceCPU:    apiresource.MustParse("16"),
	v1.ResourceMemory: apiresource.MustParse("64Gi"),
	v1.ResourcePods:   apiresource.MustParse("110"),
}

// nodeKeeper registers nodes and keeps every Node object of the cluster Ready, also those that a test adds later.
type nodeKeeper struct {
	client  kubernetes.Interface
	cluster *cache
	address string
	report  func(error)
}

func isDown(node *v1.Node) bool {
	return node.Annotations[failureAnnotation] == failureDown
}

// readNodes reads Node manifests from a YAML file with one or several documents; the default nodes for "".
func readNodes(file string) ([]*v1.Node, error) {
	content := defaultNodes
	if file != "" {
		var err error
		if content, err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	var nodes []*v1.Node
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		node := &v1.Node{}
		err := decoder.Decode(node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read nodes from %s: %w", file, err)
		}
		if node.Name == "" {
			continue // An empty document.
		}
		if node.Kind != "Node" {
			return nil, fmt.Errorf("%s: %s is a %q, not a Node", file, node.Name, node.Kind)
		}
		nodes = append(nodes, node)
	}
	if len(nodes) == 0 {
		return nil, fmt.Errorf("%s holds no Node", file)
	}
	return nodes, nil
}

// register creates the nodes that do not exist yet and makes them Ready.
func (k *nodeKeeper) register(ctx context.Context, nodes []*v1.Node) error {
	for _, node := range nodes {
		if node.Labels == nil {
			node.Labels = map[string]string{}
		}
		for label, value := range map[string]string{
			v1.LabelHostname: node.Name, v1.LabelOSStable: runtime.GOOS, v1.LabelArchStable: runtime.GOARCH,
		} {
			if node.Labels[label] == "" {
				node.Labels[label] = value
			}
		}
		created, err := k.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
		if apierrors.IsAlreadyExists(err) {
			created, err = k.client.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{})
		}
		if err != nil {
			return err
		}
		if !isDown(created) {
			if err := k.beat(ctx, created); err != nil {
				return err
			}
		}
	}
	return nil
}

// run beats for every node regularly and whenever a node changed.
func (k *nodeKeeper) run(ctx context.Context, changed <-chan struct{}) {
	beat := time.NewTicker(heartbeatInterval)
	defer beat.Stop()
	for {
		nodes, err := k.cluster.nodes.List(labels.Everything())
		if err != nil {
			k.report(err)
		}
		for _, node := range nodes {
			if isDown(node) || node.DeletionTimestamp != nil {
				continue
			}
			if err := k.beat(ctx, node); err != nil && ctx.Err() == nil && !apierrors.IsNotFound(err) {
				k.report(fmt.Errorf("heartbeat of %s: %w", node.Name, err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-changed:
		case <-beat.C:
		}
	}
}

// beat renews the lease, and writes the status when it is not that of a healthy node.
func (k *nodeKeeper) beat(ctx context.Context, node *v1.Node) error {
	if err := k.renewLease(ctx, node); err != nil {
		return err
	}
	if isReady(node) && node.Status.NodeInfo.KubeletVersion != "" && k.hasAddress(node) {
		return nil
	}
	// The node controller writes to the node at the same time.
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		fresh, err := k.client.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		k.setHealthy(fresh)
		_, err = k.client.CoreV1().Nodes().UpdateStatus(ctx, fresh, metav1.UpdateOptions{})
		return err
	})
}

func (k *nodeKeeper) renewLease(ctx context.Context, node *v1.Node) error {
	leases := k.client.CoordinationV1().Leases(leaseNamespace)
	now, seconds := metav1.NowMicro(), int32(leaseSeconds)
	patch := fmt.Sprintf(`{"spec":{"renewTime":%q}}`, now.UTC().Format(metav1.RFC3339Micro))
	_, err := leases.Patch(ctx, node.Name, types.MergePatchType, []byte(patch), metav1.PatchOptions{})
	if !apierrors.IsNotFound(err) {
		return err
	}
	_, err = leases.Create(ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Name: node.Name,
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "v1", Kind: "Node", Name: node.Name, UID: node.UID},
			},
		},
		Spec: coordinationv1.LeaseSpec{HolderIdentity: &node.Name, LeaseDurationSeconds: &seconds, RenewTime: &now},
	}, metav1.CreateOptions{})
	return err
}

func isReady(node *v1.Node) bool {
	for _, condition := range node.Status.Conditions {
		if condition.Type == v1.NodeReady {
			return condition.Status == v1.ConditionTrue
		}
	}
	return false
}

func (k *nodeKeeper) hasAddress(node *v1.Node) bool {
	return len(node.Status.Addresses) > 0 && node.Status.Addresses[0].Address == k.address
}

func (k *nodeKeeper) setHealthy(node *v1.Node) {
	status, now := &node.Status, metav1.Now()
	if len(status.Capacity) == 0 {
		status.Capacity = v1.ResourceList{}
	}
	for name, quantity := range defaultCapacity {
		if _, given := status.Capacity[name]; !given {
			status.Capacity[name] = quantity
		}
	}
	status.Allocatable = status.Capacity
	status.Addresses = []v1.NodeAddress{
		{Type: v1.NodeInternalIP, Address: k.address}, {Type: v1.NodeHostName, Address: node.Name},
	}
	status.DaemonEndpoints.KubeletEndpoint.Port = kubeletPort
	status.NodeInfo = v1.NodeSystemInfo{
		MachineID: string(node.UID), SystemUUID: string(node.UID), BootID: string(node.UID),
		KubeletVersion: version.Get().GitVersion, ContainerRuntimeVersion: "testbed://1", OSImage: "testbed",
		OperatingSystem: runtime.GOOS, Architecture: runtime.GOARCH,
	}
	pressures := []v1.NodeConditionType{v1.NodeMemoryPressure, v1.NodeDiskPressure, v1.NodePIDPressure}
	status.Conditions = []v1.NodeCondition{{
		Type: v1.NodeReady, Status: v1.ConditionTrue, Reason: "TestbedReady", Message: "the testbed is running",
		LastHeartbeatTime: now, LastTransitionTime: now,
	}}
	for _, pressure := range pressures {
		status.Conditions = append(status.Conditions, v1.NodeCondition{
			Type: pressure, Status: v1.ConditionFalse, Reason: "TestbedNotMeasured", Message: "the testbed does not measure it",
			LastHeartbeatTime: now, LastTransitionTime: now,
		})
	}
}
