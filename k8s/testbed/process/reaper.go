package process

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

// Reaper is a small child process that kills all registered process groups as soon as the testbed is gone, however
// it went. It learns of that by the end of its standard input, which no SIGKILL can prevent.
type Reaper struct {
	command *exec.Cmd

	mutex sync.Mutex
	input io.WriteCloser
}

// StartReaper re-executes this binary with the given arguments, which must lead to [RunReaper].
func StartReaper(arguments ...string) (*Reaper, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command := exec.Command(self, arguments...)
	// Its own group keeps a terminal's Ctrl-C away from it: it must be the last to go.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	input, err := command.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start the reaper: %w", err)
	}
	return &Reaper{command: command, input: input}, nil
}

func (r *Reaper) watch(group int)  { r.tell('+', group) }
func (r *Reaper) forget(group int) { r.tell('-', group) }

func (r *Reaper) tell(verb rune, group int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	// A write fails only when somebody killed the reaper; then the testbed still stops its children itself.
	_, _ = fmt.Fprintf(r.input, "%c%d\n", verb, group)
}

// Close makes the reaper kill what is still registered and waits for its end.
func (r *Reaper) Close() {
	r.mutex.Lock()
	_ = r.input.Close()
	r.mutex.Unlock()
	_ = r.command.Wait()
}

// RunReaper is the reaper process: it reads "+group" and "-group" lines until the input ends, then kills.
func RunReaper(input io.Reader) {
	groups := map[int]bool{}
	lines := bufio.NewScanner(input)
	for lines.Scan() {
		applyLine(groups, lines.Text())
	}
	for group := range groups {
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
}

func applyLine(groups map[int]bool, line string) {
	if len(line) < 2 {
		return
	}
	group, err := strconv.Atoi(line[1:])
	// Group 0 and 1 would mean "my own group" and "every process".
	if err != nil || group <= 1 {
		return
	}
	if line[0] == '+' {
		groups[group] = true
	} else {
		delete(groups, group)
	}
}
