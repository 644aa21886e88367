package runner

import (
	"slices"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// observation is what the runner knows about a pod's container at one moment.
type observation struct {
	podIP, hostIP string
	state         v1.ContainerState
	lastState     v1.ContainerState
	containerID   string
	restarts      int32
	started       bool // The startup probe, if any, has succeeded.
	ready         bool // The readiness probe, if any, succeeds.
}

// computeStatus is the pod's next status. Conditions that others own stay as they are.
func computeStatus(pod *v1.Pod, seen observation, now time.Time) v1.PodStatus {
	status := *pod.Status.DeepCopy()
	container := &pod.Spec.Containers[0]
	running := seen.state.Running != nil
	ready := running && seen.started && seen.ready

	status.Phase = phase(pod, seen)
	status.ObservedGeneration = pod.Generation
	status.HostIP, status.PodIP = seen.hostIP, seen.podIP
	status.HostIPs, status.PodIPs = nil, nil
	if seen.hostIP != "" {
		status.HostIPs = []v1.HostIP{{IP: seen.hostIP}}
	}
	if seen.podIP != "" {
		status.PodIPs = []v1.PodIP{{IP: seen.podIP}}
	}
	if status.StartTime == nil {
		start := metav1.NewTime(now)
		status.StartTime = &start
	}
	started := running && seen.started
	status.ContainerStatuses = []v1.ContainerStatus{{
		Name:                 container.Name,
		Image:                container.Image,
		ImageID:              "testbed://" + container.Image,
		ContainerID:          seen.containerID,
		State:                seen.state,
		LastTerminationState: seen.lastState,
		RestartCount:         seen.restarts,
		Started:              &started,
		Ready:                ready,
	}}

	containersReady := condition(ready, "ContainersNotReady", "the container is not ready")
	podReady := condition(ready && gatesOpen(pod), "ContainersNotReady", "the container is not ready")
	if ready && !gatesOpen(pod) {
		podReady.reason, podReady.message = "ReadinessGatesNotReady", "a readiness gate is not true"
	}
	if status.Phase == v1.PodSucceeded {
		containersReady.reason, podReady.reason = "PodCompleted", "PodCompleted"
	}
	setCondition(&status, v1.PodReadyToStartContainers, condition(seen.podIP != "", "", ""), now)
	setCondition(&status, v1.PodInitialized, condition(true, "", ""), now)
	setCondition(&status, v1.ContainersReady, containersReady, now)
	setCondition(&status, v1.PodReady, podReady, now)
	return status
}

func phase(pod *v1.Pod, seen observation) v1.PodPhase {
	switch {
	case seen.state.Running != nil:
		return v1.PodRunning
	case seen.state.Terminated != nil:
		exitCode := seen.state.Terminated.ExitCode
		if !restarts(pod, exitCode) {
			if exitCode == 0 {
				return v1.PodSucceeded
			}
			return v1.PodFailed
		}
		return v1.PodRunning
	case seen.lastState.Terminated != nil:
		return v1.PodRunning // It waits for its next start.
	}
	return v1.PodPending
}

// restarts reports whether the pod's policy wants the container again after this exit.
func restarts(pod *v1.Pod, exitCode int32) bool {
	switch pod.Spec.RestartPolicy {
	case v1.RestartPolicyNever:
		return false
	case v1.RestartPolicyOnFailure:
		return exitCode != 0
	}
	return true
}

func gatesOpen(pod *v1.Pod) bool {
	for _, gate := range pod.Spec.ReadinessGates {
		open := slices.ContainsFunc(pod.Status.Conditions, func(condition v1.PodCondition) bool {
			return condition.Type == gate.ConditionType && condition.Status == v1.ConditionTrue
		})
		if !open {
			return false
		}
	}
	return true
}

type conditionValue struct {
	status          v1.ConditionStatus
	reason, message string
}

// condition takes a reason and a message for the case that it does not hold.
func condition(holds bool, reason, message string) conditionValue {
	if holds {
		return conditionValue{status: v1.ConditionTrue}
	}
	return conditionValue{v1.ConditionFalse, reason, message}
}

func setCondition(status *v1.PodStatus, kind v1.PodConditionType, value conditionValue, now time.Time) {
	next := v1.PodCondition{
		Type:               kind,
		Status:             value.status,
		Reason:             value.reason,
		Message:            value.message,
		ObservedGeneration: status.ObservedGeneration,
		LastTransitionTime: metav1.NewTime(now),
	}
	for index, current := range status.Conditions {
		if current.Type != kind {
			continue
		}
		if current.Status == next.Status {
			next.LastTransitionTime = current.LastTransitionTime
		}
		next.LastProbeTime = current.LastProbeTime
		status.Conditions[index] = next
		return
	}
	status.Conditions = append(status.Conditions, next)
}

// The delay before the next start after a crash: none after the first, then doubling. A kubelet takes ten times as
// long, which no test wants to wait for.
const (
	firstRestartDelay = time.Second
	restartDelayMax   = 30 * time.Second
	// stableAfter is the running time after which a crash counts as the first one again.
	stableAfter = time.Minute
)

// restartDelay takes the number of crashes in a row, 1 for the first.
func restartDelay(crashes int) time.Duration {
	if crashes <= 1 {
		return 0
	}
	delay := firstRestartDelay
	for range crashes - 2 {
		delay = min(2*delay, restartDelayMax)
	}
	return delay
}
