package runner

import (
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var (
	earlier = metav1.NewTime(time.Unix(1000, 0))
	later   = time.Unix(2000, 0)

	running    = v1.ContainerState{Running: &v1.ContainerStateRunning{StartedAt: earlier}}
	waiting    = v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}
	failed     = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{ExitCode: 1}}
	successful = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{ExitCode: 0}}
)

func TestPhaseAndReadinessFollowTheContainer(t *testing.T) {
	for name, test := range map[string]struct {
		policy v1.RestartPolicy
		seen   observation
		phase  v1.PodPhase
		ready  v1.ConditionStatus
	}{
		"not started yet":    {v1.RestartPolicyAlways, observation{state: waiting}, v1.PodPending, v1.ConditionFalse},
		"starting":           {v1.RestartPolicyAlways, observation{state: running, ready: true}, v1.PodRunning, v1.ConditionFalse},
		"not ready":          {v1.RestartPolicyAlways, observation{state: running, started: true}, v1.PodRunning, v1.ConditionFalse},
		"ready":              {v1.RestartPolicyAlways, observation{state: running, started: true, ready: true}, v1.PodRunning, v1.ConditionTrue},
		"crashed":            {v1.RestartPolicyAlways, observation{state: waiting, lastState: failed}, v1.PodRunning, v1.ConditionFalse},
		"failed for good":    {v1.RestartPolicyNever, observation{state: failed}, v1.PodFailed, v1.ConditionFalse},
		"complete":           {v1.RestartPolicyOnFailure, observation{state: successful}, v1.PodSucceeded, v1.ConditionFalse},
		"ends but goes on":   {v1.RestartPolicyAlways, observation{state: successful}, v1.PodRunning, v1.ConditionFalse},
		"failed, will retry": {v1.RestartPolicyOnFailure, observation{state: failed}, v1.PodRunning, v1.ConditionFalse},
	} {
		status := computeStatus(testPod(test.policy), test.seen, later)
		if status.Phase != test.phase || conditionOf(status, v1.PodReady).Status != test.ready {
			t.Errorf("%s: phase %s, ready %s", name, status.Phase, conditionOf(status, v1.PodReady).Status)
		}
	}
}

func TestReadinessGateOfAnotherOwnerCountsAndStays(t *testing.T) {
	pod := testPod(v1.RestartPolicyAlways)
	pod.Spec.ReadinessGates = []v1.PodReadinessGate{{ConditionType: "example.com/synced"}}
	seen := observation{state: running, started: true, ready: true}

	status := computeStatus(pod, seen, later)
	if conditionOf(status, v1.ContainersReady).Status != v1.ConditionTrue || conditionOf(status, v1.PodReady).Status != v1.ConditionFalse {
		t.Errorf("closed gate: %+v", status.Conditions)
	}
	gate := v1.PodCondition{Type: "example.com/synced", Status: v1.ConditionTrue, Reason: "InSync"}
	pod.Status.Conditions = []v1.PodCondition{gate}
	status = computeStatus(pod, seen, later)
	if conditionOf(status, v1.PodReady).Status != v1.ConditionTrue || conditionOf(status, gate.Type) != gate {
		t.Errorf("open gate: %+v", status.Conditions)
	}
}

func TestTransitionTimeMovesOnlyWithTheStatus(t *testing.T) {
	pod := testPod(v1.RestartPolicyAlways)
	pod.Status.Conditions = []v1.PodCondition{
		{Type: v1.PodReady, Status: v1.ConditionTrue, LastTransitionTime: earlier},
		{Type: v1.ContainersReady, Status: v1.ConditionFalse, LastTransitionTime: earlier},
	}
	status := computeStatus(pod, observation{state: running, started: true, ready: true}, later)
	if got := conditionOf(status, v1.PodReady).LastTransitionTime; !got.Equal(&earlier) {
		t.Errorf("unchanged condition has %s", got)
	}
	if got := conditionOf(status, v1.ContainersReady).LastTransitionTime; !got.Time.Equal(later) {
		t.Errorf("changed condition has %s", got)
	}
}

func TestRestartDelayDoublesUpToItsLimit(t *testing.T) {
	for crashes, want := range map[int]time.Duration{
		1: 0, 2: time.Second, 3: 2 * time.Second, 4: 4 * time.Second, 6: 16 * time.Second, 7: 30 * time.Second, 99: 30 * time.Second,
	} {
		if got := restartDelay(crashes); got != want {
			t.Errorf("after %d crashes %s, want %s", crashes, got, want)
		}
	}
}

func TestVerdictTurnsAfterEnoughOutcomesInARow(t *testing.T) {
	verdict := newVerdict(&v1.Probe{SuccessThreshold: 2, FailureThreshold: 3}, false)
	outcomes := []bool{true, false, true, true, false, false, true, false, false, false}
	want := []bool{false, false, false, true, true, true, true, true, true, false}
	for index, outcome := range outcomes {
		verdict.add(outcome)
		if verdict.healthy != want[index] {
			t.Errorf("after outcome %d healthy is %t", index, verdict.healthy)
		}
	}
}

func TestDefaultNodesAreInThreeZones(t *testing.T) {
	nodes, err := readNodes("")
	if err != nil {
		t.Fatal(err)
	}
	zones := map[string]bool{}
	for _, node := range nodes {
		zones[node.Labels[v1.LabelTopologyZone]] = true
	}
	if len(nodes) != 3 || len(zones) != 3 {
		t.Errorf("%d nodes in zones %v", len(nodes), zones)
	}
}

func testPod(policy v1.RestartPolicy) *v1.Pod {
	return &v1.Pod{Spec: v1.PodSpec{RestartPolicy: policy, Containers: []v1.Container{{Name: "main", Image: "image"}}}}
}

func conditionOf(status v1.PodStatus, kind v1.PodConditionType) v1.PodCondition {
	for _, condition := range status.Conditions {
		if condition.Type == kind {
			return condition
		}
	}
	return v1.PodCondition{}
}
