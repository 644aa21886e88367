package runner

import (
	"context"
	"errors"
	"os/exec"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/probe"
	grpcprobe "k8s.io/kubernetes/pkg/probe/grpc"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"
	tcpprobe "k8s.io/kubernetes/pkg/probe/tcp"
)

// impatientPeriod is how often a readiness probe is tried before its first success, if its period is longer: tests
// wait for readiness more than for anything else.
const impatientPeriod = 250 * time.Millisecond

const probeUserAgent = "testbed-probe"

// verdict counts the outcomes of one probe as Kubernetes defines it: it turns only after so many equal ones in a row.
type verdict struct {
	healthy            bool
	inARow             int32
	success, threshold int32
}

func newVerdict(probe *v1.Probe, healthy bool) verdict {
	return verdict{healthy: healthy, success: max(probe.SuccessThreshold, 1), threshold: max(probe.FailureThreshold, 1)}
}

// add returns true when the outcome changes the verdict.
func (v *verdict) add(success bool) bool {
	if success == v.healthy {
		v.inARow = 0
		return false
	}
	v.inARow++
	if success && v.inARow < v.success || !success && v.inARow < v.threshold {
		return false
	}
	v.healthy, v.inARow = success, 0
	return true
}

// health is the outcome of a running container's probes. Safe for concurrent use.
type health struct {
	mutex          sync.Mutex
	started, ready bool
	failure        string
}

func (h *health) get() (started, ready bool, failure string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.started, h.ready, h.failure
}

func (h *health) change(how func()) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	how()
}

// prober runs the probes of one container until its context ends, and calls changed whenever health did.
type prober struct {
	container *v1.Container
	podIP     string
	launch    launch
	health    *health
	changed   func()
}

func (p *prober) run(ctx context.Context) {
	container := p.container
	p.health.change(func() {
		p.health.started = container.StartupProbe == nil
		p.health.ready = container.ReadinessProbe == nil
	})
	if startup := container.StartupProbe; startup != nil {
		if !p.awaitStartup(ctx, startup) {
			return
		}
	}
	if liveness := container.LivenessProbe; liveness != nil {
		go p.loop(ctx, liveness, true, func(alive bool) bool {
			p.health.change(func() { p.health.failure = "the liveness probe failed" })
			return false
		})
	}
	if readiness := container.ReadinessProbe; readiness != nil {
		p.loop(ctx, readiness, false, func(ready bool) bool {
			p.health.change(func() { p.health.ready = ready })
			return true
		})
	}
}

func (p *prober) awaitStartup(ctx context.Context, probe *v1.Probe) (started bool) {
	failures := int32(0)
	p.sleep(ctx, time.Duration(probe.InitialDelaySeconds)*time.Second)
	for ctx.Err() == nil {
		if p.once(ctx, probe) == nil {
			p.health.change(func() { p.health.started = true })
			p.changed()
			return true
		}
		if failures++; failures >= max(probe.FailureThreshold, 1) {
			p.health.change(func() { p.health.failure = "the startup probe failed" })
			p.changed()
			return false
		}
		p.sleep(ctx, period(probe))
	}
	return false
}

// loop reports every change of the verdict to turned, until that returns false.
func (p *prober) loop(ctx context.Context, probe *v1.Probe, healthy bool, turned func(healthy bool) bool) {
	verdict := newVerdict(probe, healthy)
	p.sleep(ctx, time.Duration(probe.InitialDelaySeconds)*time.Second)
	pause := period(probe)
	if !healthy {
		pause = min(pause, impatientPeriod)
	}
	for ctx.Err() == nil {
		success := p.once(ctx, probe) == nil
		if ctx.Err() == nil && verdict.add(success) {
			pause = period(probe)
			goOn := turned(verdict.healthy)
			p.changed()
			if !goOn {
				return
			}
		}
		p.sleep(ctx, pause)
	}
}

func (p *prober) sleep(ctx context.Context, pause time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
}

func period(probe *v1.Probe) time.Duration {
	return time.Duration(max(probe.PeriodSeconds, 1)) * time.Second
}

// once is nil for success.
func (p *prober) once(ctx context.Context, probe *v1.Probe) error {
	timeout := time.Duration(max(probe.TimeoutSeconds, 1)) * time.Second
	return p.handle(ctx, v1.LifecycleHandler{HTTPGet: probe.HTTPGet, TCPSocket: probe.TCPSocket, Exec: probe.Exec}, probe.GRPC, timeout)
}

// handle does what a probe or a life cycle hook says.
func (p *prober) handle(ctx context.Context, handler v1.LifecycleHandler, grpc *v1.GRPCAction, timeout time.Duration) error {
	switch {
	case handler.HTTPGet != nil:
		request, err := httpprobe.NewRequestForHTTPGetAction(handler.HTTPGet, p.container, p.podIP, probeUserAgent)
		if err != nil {
			return err
		}
		return succeeded(httpprobe.New(false).Probe(request, timeout))
	case handler.TCPSocket != nil:
		port, err := probe.ResolveContainerPort(handler.TCPSocket.Port, p.container)
		if err != nil {
			return err
		}
		return succeeded(tcpprobe.New().Probe(p.podIP, port, timeout))
	case grpc != nil:
		service := ""
		if grpc.Service != nil {
			service = *grpc.Service
		}
		return succeeded(grpcprobe.New().Probe(p.podIP, service, int(grpc.Port), timeout))
	case handler.Exec != nil:
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		return p.launch.command(ctx, handler.Exec.Command).Run()
	case handler.Sleep != nil:
		p.sleep(ctx, time.Duration(handler.Sleep.Seconds)*time.Second)
		return nil
	}
	return errors.New("this kind of probe or hook is not supported by the testbed")
}

func succeeded(result probe.Result, output string, err error) error {
	if err != nil {
		return err
	}
	if result != probe.Success && result != probe.Warning {
		return errors.New(output)
	}
	return nil
}

// command is another command in the environment of this launch: what "exec" means here.
func (l launch) command(ctx context.Context, args []string) *exec.Cmd {
	substituted := make([]string, len(args))
	for index, arg := range args {
		substituted[index] = substituteMounts(arg, l.mounts)
	}
	command := exec.CommandContext(ctx, substituted[0], substituted[1:]...)
	command.Env, command.Dir = l.env, l.directory
	command.WaitDelay = time.Second // What the command left behind must not hold its output for ever.
	return command
}
