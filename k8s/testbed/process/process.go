// Package process starts child processes that never outlive the testbed.
//
// Every child leads a process group of its own, so that a signal reaches what it started as well. A Reaper knows all
// groups and kills them when the testbed itself is killed and cannot do it.
package process

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command says what to start. Output receives both standard output and standard error and may be closed after Start.
type Command struct {
	Args      []string
	Env       []string
	Directory string
	Output    *os.File
}

// Process is a started child. All methods are safe for concurrent use.
type Process struct {
	Pid     int
	Started time.Time

	exited chan struct{}
	// state is written once, before exited is closed.
	state *os.ProcessState
}

// Start runs the command in a process group of its own and registers that group with the reaper.
func Start(command Command, reaper *Reaper) (*Process, error) {
	child := exec.Command(command.Args[0], command.Args[1:]...)
	child.Env = command.Env
	child.Dir = command.Directory
	child.Stdout = command.Output
	child.Stderr = command.Output
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := child.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Args[0], err)
	}
	started := &Process{Pid: child.Process.Pid, Started: time.Now(), exited: make(chan struct{})}
	reaper.watch(started.Pid)
	go func() {
		_ = child.Wait() // The exit status is read from ProcessState; a copy error cannot occur with file output.
		started.state = child.ProcessState
		// A container ends with its first process: what that one left behind in its group goes too.
		started.Signal(syscall.SIGKILL)
		reaper.forget(started.Pid)
		close(started.exited)
	}()
	return started, nil
}

// Signal sends a signal to the whole process group. A group that is gone is no error.
func (p *Process) Signal(signal syscall.Signal) {
	_ = syscall.Kill(-p.Pid, signal)
}

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} {
	return p.exited
}

// Running reports whether the process has not ended yet.
func (p *Process) Running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// ExitCode is the exit status, or 128 + signal as a shell reports it, and the signal (0 when there was none). It may
// be called only after Exited is closed.
func (p *Process) ExitCode() (code, signal int) {
	status, ok := p.state.Sys().(syscall.WaitStatus)
	if ok && status.Signaled() {
		return 128 + int(status.Signal()), int(status.Signal())
	}
	return p.state.ExitCode(), 0
}

// Stop asks the group to end with SIGTERM, kills it when grace has passed, and waits for the end.
func (p *Process) Stop(grace time.Duration) {
	p.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return
	case <-time.After(grace):
	}
	p.Signal(syscall.SIGKILL)
	<-p.exited
}
