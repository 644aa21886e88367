package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	podutil "k8s.io/kubernetes/pkg/util/pod"

	"dev.partita/testbed/controlplane"
	"dev.partita/testbed/process"
)

const (
	// watchPause is the longest time between two looks at a pod; changes wake the worker earlier.
	watchPause = 5 * time.Second
	// retryPause is the time to the next attempt when the API or a volume was not ready.
	retryPause = time.Second
	// forcedGrace is what a process gets whose pod was deleted by force.
	forcedGrace = 2 * time.Second
	// shutdownGraceMax limits the grace period when the testbed stops.
	shutdownGraceMax = 10 * time.Second
	// refreshInterval limits how often the files of a running pod's volumes are compared.
	refreshInterval = time.Second
	apiTimeout      = 20 * time.Second
)

// worker runs one pod from its binding to its end. See [Runner].
type worker struct {
	runner   *Runner
	name     string // "namespace/pod"
	uid      types.UID
	previous *worker // Of the same name; nil if none was at work.
	wake     chan struct{}
	done     chan struct{}

	// The fields from here on belong to run's goroutine.

	pod         *v1.Pod // The newest version seen, also of our own patches.
	process     *process.Process
	stopProbes  context.CancelFunc
	health      *health
	observed    observation
	wasStarted  bool
	crashes     int // In a row.
	nextStart   time.Time
	stopping    bool
	killAt      time.Time
	lastRefresh time.Time

	mutex sync.Mutex
	// container is guarded by mutex, because the kubelet's server reads it.
	container containerAccess
}

// containerAccess is what logs and exec need to know of the present container.
type containerAccess struct {
	running bool
	launch  launch
	// The log file is one for all starts: the present one begins at logStart, the one before at previousStart.
	logStart, previousStart int64
}

func newWorker(runner *Runner, pod *v1.Pod, previous *worker) *worker {
	w := &worker{
		runner:   runner,
		name:     podName(pod),
		uid:      pod.UID,
		previous: previous,
		wake:     make(chan struct{}, 1),
		done:     make(chan struct{}),
		pod:      pod,
	}
	// Bound before this start of the testbed, and perhaps started by an earlier one.
	if len(pod.Status.ContainerStatuses) == 1 {
		w.adopt(pod.Status.ContainerStatuses[0])
	}
	return w
}

func (w *worker) adopt(status v1.ContainerStatus) {
	w.wasStarted = status.ContainerID != ""
	w.observed.restarts = status.RestartCount
	w.observed.lastState = status.LastTerminationState
	if running := status.State.Running; running != nil {
		w.observed.lastState = v1.ContainerState{Terminated: &v1.ContainerStateTerminated{
			ExitCode: 137, Reason: "ContainerStatusUnknown", Message: "it ended together with the testbed",
			StartedAt: running.StartedAt, FinishedAt: now(), ContainerID: status.ContainerID,
		}}
	}
}

func (w *worker) wakeUp() { notify(w.wake) }

func (w *worker) run() {
	defer close(w.done)
	defer w.runner.finished(w)
	if w.previous != nil {
		<-w.previous.done
		w.previous = nil
	}
	shutdown := w.runner.ctx.Done()
	for {
		pause, finished := w.step()
		if finished {
			return
		}
		var exited <-chan struct{}
		if w.process != nil {
			exited = w.process.Exited()
		}
		select {
		case <-w.wake:
		case <-exited:
		case <-shutdown:
			shutdown = nil // Once is enough; afterwards the pauses count.
		case <-time.After(pause):
		}
	}
}

// step looks once at what should be and what is, and acts. It returns the longest time until it wants to look again.
func (w *worker) step() (pause time.Duration, finished bool) {
	present, nodeDown := w.look()
	w.noticeExit()
	switch {
	case w.runner.ctx.Err() != nil:
		pause, stopped := w.stopWithin(min(podGrace(w.pod), shutdownGraceMax))
		return pause, stopped
	case !present:
		pause, stopped := w.stopWithin(min(podGrace(w.pod), forcedGrace))
		if stopped {
			w.cleanUp()
		}
		return pause, stopped
	case nodeDown:
		w.losePower()
		return watchPause, false
	case w.pod.DeletionTimestamp != nil:
		return w.terminate()
	case isTerminal(w.pod):
		return watchPause, false
	}
	return w.keepRunning(), false
}

// look brings the pod up to date. The informer may lag behind our own last patch.
func (w *worker) look() (present, nodeDown bool) {
	cached, err := w.runner.cluster.pods.Pods(w.pod.Namespace).Get(w.pod.Name)
	if err != nil || cached.UID != w.uid {
		return false, false
	}
	if order, err := resourceversion.CompareResourceVersion(cached.ResourceVersion, w.pod.ResourceVersion); err != nil || order > 0 {
		w.pod = cached
	}
	node, err := w.runner.cluster.nodes.Get(w.pod.Spec.NodeName)
	return true, err == nil && isDown(node)
}

// keepRunning starts the container when it does not run and should, and reports.
func (w *worker) keepRunning() (pause time.Duration) {
	pause = watchPause
	switch {
	case w.process != nil:
		pause = w.superviseProcess()
	case w.observed.state.Terminated != nil && !restarts(w.pod, w.observed.state.Terminated.ExitCode):
		// It is complete.
	case time.Now().Before(w.nextStart):
		pause = time.Until(w.nextStart)
	default:
		if err := w.start(); err != nil {
			w.wait(err)
			pause = max(retryPause, time.Until(w.nextStart))
		}
	}
	if err := w.report(); err != nil {
		w.runner.settings.ReportFailure(fmt.Errorf("status of pod %s: %w", w.name, err))
		pause = min(pause, retryPause)
	}
	return pause
}

func (w *worker) superviseProcess() (pause time.Duration) {
	started, ready, failure := w.health.get()
	w.observed.started, w.observed.ready = started, ready
	if failure != "" {
		if !w.stopping {
			w.event(v1.EventTypeWarning, "Killing", failure+", the container will be restarted")
		}
		pause, _ = w.stopWithin(podGrace(w.pod))
		return pause
	}
	if due := w.lastRefresh.Add(refreshInterval); time.Now().Before(due) {
		return time.Until(due)
	}
	w.lastRefresh = time.Now()
	ctx, cancel := w.apiContext()
	defer cancel()
	// A ConfigMap that was deleted meanwhile leaves its files: a kubelet does not stop a pod for that either.
	_, _ = w.runner.volumes.prepare(ctx, w.pod, &w.pod.Spec.Containers[0])
	return watchPause
}

// start starts the container's process. An error says why it has to wait.
func (w *worker) start() error {
	container := &w.pod.Spec.Containers[0]
	if err := checkSupported(w.pod); err != nil {
		return err
	}
	ip, err := w.runner.addresses.assign(w.name)
	if err != nil {
		return &startError{"CreatePodSandboxError", err.Error()}
	}
	w.observed.podIP, w.observed.hostIP = ip, w.runner.addresses.nodeAddress()
	if err := w.runner.hosts.put(w.pod, ip); err != nil {
		return &startError{"CreatePodSandboxError", err.Error()}
	}
	launch, err := w.prepareLaunch(container)
	if err != nil {
		return err
	}
	log, logStart, err := w.openLog()
	if err != nil {
		return &startError{"CreateContainerError", err.Error()}
	}
	defer log.Close()
	started, err := process.Start(process.Command{
		Args: launch.args, Env: launch.env, Directory: launch.directory, Output: log}, w.runner.settings.Reaper)
	if err != nil {
		w.crashes++
		w.nextStart = time.Now().Add(max(retryPause, restartDelay(w.crashes)))
		return &startError{"RunContainerError", err.Error()}
	}
	w.started(container, started, launch, logStart)
	return nil
}

func (w *worker) prepareLaunch(container *v1.Container) (launch, error) {
	ctx, cancel := w.apiContext()
	defer cancel()
	pod := w.pod.DeepCopy()
	pod.Status.PodIP, pod.Status.HostIP = w.observed.podIP, w.observed.hostIP
	mounts, err := w.runner.volumes.prepare(ctx, pod, container)
	if err != nil {
		return launch{}, err
	}
	workingDirectory := w.runner.volumes.podDirectory(pod, "work")
	if err := os.MkdirAll(workingDirectory, 0o755); err != nil {
		return launch{}, configError(err)
	}
	kubeconfig, err := w.podKubeconfig(pod, mounts)
	if err != nil {
		return launch{}, configError(err)
	}
	cluster := w.runner.cluster
	return buildLaunch(pod, container, surroundings{
		inherited:        inheritedEnvironment(),
		mounts:           mounts,
		hostsFile:        w.runner.hosts.file,
		workingDirectory: workingDirectory,
		kubeconfig:       kubeconfig,
		imagesFile:       w.runner.settings.ImagesFile,
		configMap:        cluster.configMaps.ConfigMaps(pod.Namespace).Get,
		secret:           cluster.secrets.Secrets(pod.Namespace).Get,
	})
}

// podKubeconfig gives a pod with a service account token what it needs to use it: clients look for the token at a
// fixed place that does not exist here, but all of them read KUBECONFIG.
func (w *worker) podKubeconfig(pod *v1.Pod, mounts []mount) (file string, err error) {
	token, err := serviceAccountToken(pod, mounts)
	if err != nil || token == "" {
		return "", err
	}
	content, err := controlplane.TokenKubeconfig(w.runner.settings.Server,
		w.runner.settings.Directory.Path("pki", "ca.crt"), pod.Namespace, token)
	if err != nil {
		return "", err
	}
	file = w.runner.volumes.podDirectory(pod, "kubeconfig")
	return file, controlplane.WriteFile(file, content)
}

func (w *worker) started(container *v1.Container, started *process.Process, launch launch, logStart int64) {
	if w.wasStarted {
		w.observed.restarts++
	}
	w.wasStarted = true
	w.process = started
	w.observed.containerID = fmt.Sprintf("testbed://%d", started.Pid)
	w.observed.state = v1.ContainerState{Running: &v1.ContainerStateRunning{StartedAt: now()}}
	w.setContainer(func(access *containerAccess) {
		*access = containerAccess{true, launch, logStart, access.logStart}
	})
	w.event(v1.EventTypeNormal, "Started", fmt.Sprintf("Started process %d", started.Pid))

	w.health = &health{started: container.StartupProbe == nil, ready: container.ReadinessProbe == nil}
	w.observed.started, w.observed.ready, _ = w.health.get()
	probes, cancel := context.WithCancel(w.runner.ctx)
	w.stopProbes = cancel
	prober := &prober{container.DeepCopy(), w.observed.podIP, launch, w.health, w.wakeUp}
	go prober.run(probes)
}

// wait records why the container cannot start now.
func (w *worker) wait(err error) {
	reason, message := "CreateContainerError", err.Error()
	if known := (*startError)(nil); errors.As(err, &known) {
		reason, message = known.reason, known.message
	}
	if waiting := w.observed.state.Waiting; waiting == nil || waiting.Message != message {
		w.event(v1.EventTypeWarning, "Failed", err.Error())
	}
	w.observed.state = v1.ContainerState{Waiting: &v1.ContainerStateWaiting{Reason: reason, Message: message}}
}

// noticeExit records that the process has ended, and when the next one may start.
func (w *worker) noticeExit() {
	if w.process == nil || w.process.Running() {
		return
	}
	w.stopProbes()
	ran := time.Since(w.process.Started)
	code, signal := w.process.ExitCode()
	w.process, w.stopping = nil, false
	w.setContainer(func(access *containerAccess) { access.running = false })
	terminated := &v1.ContainerStateTerminated{
		ExitCode: int32(code), Signal: int32(signal), Reason: "Error",
		StartedAt: w.observed.state.Running.StartedAt, FinishedAt: now(), ContainerID: w.observed.containerID,
	}
	if code == 0 {
		terminated.Reason = "Completed"
	}
	w.observed.ready, w.observed.started = false, false
	w.observed.state = v1.ContainerState{Terminated: terminated}
	if w.pod.DeletionTimestamp != nil || !restarts(w.pod, terminated.ExitCode) {
		return
	}
	if ran > stableAfter {
		w.crashes = 0
	}
	w.crashes++
	delay := restartDelay(w.crashes)
	w.nextStart = time.Now().Add(delay)
	w.observed.lastState = w.observed.state
	w.observed.state = v1.ContainerState{Waiting: &v1.ContainerStateWaiting{
		Reason: "CrashLoopBackOff", Message: fmt.Sprintf("the next start comes in %s", delay)}}
	w.event(v1.EventTypeWarning, "BackOff", fmt.Sprintf("The process ended with status %d; the next start comes in %s", code, delay))
}

// terminate ends a pod that was deleted: the process within its grace period, then the object.
func (w *worker) terminate() (pause time.Duration, finished bool) {
	grace := podGrace(w.pod)
	if seconds := w.pod.DeletionGracePeriodSeconds; seconds != nil {
		grace = time.Duration(*seconds) * time.Second
	}
	if !w.stopping && w.process != nil {
		w.event(v1.EventTypeNormal, "Killing", fmt.Sprintf("Stopping process %d", w.process.Pid))
	}
	if pause, stopped := w.stopWithin(grace); !stopped {
		return pause, false
	}
	// Nobody minds a lost last status; the deletion must succeed.
	_ = w.report()
	ctx, cancel := w.apiContext()
	defer cancel()
	immediately := int64(0)
	err := w.runner.client.CoreV1().Pods(w.pod.Namespace).Delete(ctx, w.pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: &immediately, Preconditions: metav1.NewUIDPreconditions(string(w.uid))})
	if err != nil && !apierrors.IsNotFound(err) {
		return retryPause, false
	}
	w.cleanUp()
	return 0, true
}

// stopWithin asks the process to end, kills it after grace, and reports whether it is gone. Called again with less
// grace it hurries.
func (w *worker) stopWithin(grace time.Duration) (pause time.Duration, stopped bool) {
	if w.process == nil {
		return 0, true
	}
	killAt := time.Now().Add(grace)
	if !w.stopping {
		w.stopping, w.killAt = true, killAt
		w.stopProbes()
		go w.askToEnd(w.process, grace)
	} else if killAt.Before(w.killAt) {
		w.killAt = killAt
	}
	if !time.Now().Before(w.killAt) {
		w.process.Signal(syscall.SIGKILL)
		return retryPause, false
	}
	return time.Until(w.killAt), false
}

// askToEnd runs the preStop hook and sends SIGTERM.
func (w *worker) askToEnd(target *process.Process, grace time.Duration) {
	container := &w.pod.Spec.Containers[0]
	if hooks := container.Lifecycle; hooks != nil && hooks.PreStop != nil {
		ctx, cancel := context.WithTimeout(context.Background(), grace)
		defer cancel()
		hook := &prober{container: container, podIP: w.pod.Status.PodIP, launch: w.access().launch}
		if err := hook.handle(ctx, *hooks.PreStop, nil, grace); err != nil {
			w.event(v1.EventTypeWarning, "FailedPreStopHook", err.Error())
		}
	}
	target.Signal(syscall.SIGTERM)
}

// losePower kills the process of a node that is down. The API hears nothing of it: who could tell it?
func (w *worker) losePower() {
	if w.process != nil {
		w.process.Signal(syscall.SIGKILL)
	}
	w.crashes, w.nextStart = 0, time.Time{}
}

// cleanUp frees what a pod that is gone for good had. The address of a StatefulSet's pod stays its own.
func (w *worker) cleanUp() {
	err := errors.Join(w.runner.hosts.remove(w.name), w.runner.volumes.remove(w.pod))
	if owner := metav1.GetControllerOf(w.pod); owner == nil || owner.Kind != "StatefulSet" {
		err = errors.Join(err, w.runner.addresses.release(w.name))
	}
	if err != nil {
		w.runner.settings.ReportFailure(fmt.Errorf("clean up after pod %s: %w", w.name, err))
	}
}

// report patches the pod's status if it changed.
func (w *worker) report() error {
	next := computeStatus(w.pod, w.observed, now().Time)
	if equality.Semantic.DeepEqual(w.pod.Status, next) {
		return nil
	}
	ctx, cancel := w.apiContext()
	defer cancel()
	patched, _, unchanged, err := podutil.PatchPodStatus(ctx, w.runner.client, w.pod.Namespace, w.pod.Name, w.uid, w.pod.Status, next)
	if err == nil && !unchanged {
		w.pod = patched
	}
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil // Deleted meanwhile; the informer will say so.
	}
	return err
}

func (w *worker) openLog() (log *os.File, size int64, err error) {
	directory := w.runner.settings.Directory
	if err := os.MkdirAll(directory.Path("logs", w.pod.Namespace), 0o755); err != nil {
		return nil, 0, err
	}
	log, err = os.OpenFile(logFile(directory, w.name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, 0, err
	}
	info, err := log.Stat()
	if err != nil {
		return nil, 0, err
	}
	return log, info.Size(), nil
}

func (w *worker) setContainer(change func(access *containerAccess)) {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	change(&w.container)
}

func (w *worker) access() containerAccess {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return w.container
}

func (w *worker) event(kind, reason, message string) {
	w.runner.recorder.Event(w.pod, kind, reason, message)
}

// apiContext is not derived from the runner's: a worker may still have something to say while the runner stops.
func (w *worker) apiContext() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), apiTimeout)
}

// logFile takes "namespace/pod".
func logFile(directory *controlplane.Directory, pod string) string {
	return directory.Path("logs", pod+".log")
}

func podGrace(pod *v1.Pod) time.Duration {
	if seconds := pod.Spec.TerminationGracePeriodSeconds; seconds != nil {
		return time.Duration(*seconds) * time.Second
	}
	return v1.DefaultTerminationGracePeriodSeconds * time.Second
}

func isTerminal(pod *v1.Pod) bool {
	return pod.Status.Phase == v1.PodSucceeded || pod.Status.Phase == v1.PodFailed
}

// checkSupported refuses what would silently not happen.
func checkSupported(pod *v1.Pod) error {
	var missing []string
	if len(pod.Spec.Containers) != 1 {
		missing = append(missing, "several containers")
	}
	if len(pod.Spec.InitContainers) > 0 {
		missing = append(missing, "init containers")
	}
	if hooks := pod.Spec.Containers[0].Lifecycle; hooks != nil && hooks.PostStart != nil {
		missing = append(missing, "postStart hooks")
	}
	if len(missing) == 0 {
		return nil
	}
	return &startError{"TestbedUnsupported", "the testbed does not support " + strings.Join(missing, ", ")}
}

// now has the resolution of the API, so that what was written equals what is read back.
func now() metav1.Time {
	return metav1.Now().Rfc3339Copy()
}
