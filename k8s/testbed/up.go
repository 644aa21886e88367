package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"dev.partita/testbed/controlplane"
	"dev.partita/testbed/process"
	"dev.partita/testbed/runner"
)

const parentCheckInterval = 500 * time.Millisecond

// upOptions are the command line of "testbed up".
type upOptions struct {
	directory     string
	nodesFile     string
	imagesFile    string
	portBase      int
	outliveParent bool
}

// errStopped ends a run that somebody asked to stop; it is not a failure.
var errStopped = errors.New("stopped")

// up is the command "testbed up". It returns the exit code.
func up(arguments []string) int {
	var options upOptions
	flags := flag.NewFlagSet("testbed up", flag.ContinueOnError)
	flags.StringVar(&options.directory, "dir", "", "`directory` of all state; a second start on it continues there (required)")
	flags.StringVar(&options.nodesFile, "nodes", "", "`file` with the Node objects to register; default: three nodes in three zones")
	flags.StringVar(&options.imagesFile, "images", "", "JSON `file` that maps an image name to the command that stands for it")
	flags.IntVar(&options.portBase, "port-base", 0, "API server on this `port`, etcd on the next; 0: the ports of the last start or free ones")
	flags.BoolVar(&options.outliveParent, "outlive-parent", false, "keep running when the starting process or standard input ends")
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if options.directory == "" || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "testbed up needs --dir and no further arguments")
		return 2
	}

	ctx, stop := context.WithCancelCause(context.Background())
	go watchForStop(options.outliveParent, stop)
	if err := runUntilStopped(ctx, options); err != nil && !errors.Is(err, errStopped) {
		fmt.Fprintln(os.Stderr, "testbed: FAILED:", err)
		return 1
	}
	return 0
}

// runUntilStopped starts everything, waits, and stops everything. Its error is the reason of the end.
func runUntilStopped(ctx context.Context, options upOptions) (reason error) {
	begin := time.Now()
	directory, err := controlplane.OpenDirectory(options.directory)
	if err != nil {
		return err
	}
	defer directory.Close()
	// The file says "ready", so it must not be there before or after.
	kubeconfigFile := directory.Path("kubeconfig")
	if err := os.RemoveAll(kubeconfigFile); err != nil {
		return err
	}
	ports, err := directory.ChoosePorts(options.portBase)
	if err != nil {
		return err
	}
	reaper, err := process.StartReaper(reaperCommand)
	if err != nil {
		return err
	}
	defer reaper.Close()

	plane, err := controlplane.Start(ctx, directory, ports, reaper, progress)
	if err != nil {
		return causeOf(ctx, err)
	}
	defer plane.Stop()
	pods, err := runner.Start(ctx, runner.Settings{
		Config:        plane.Config,
		Server:        plane.Server,
		Directory:     directory,
		Reaper:        reaper,
		NodesFile:     options.nodesFile,
		ImagesFile:    options.imagesFile,
		ReportFailure: func(err error) { fmt.Fprintln(os.Stderr, "testbed:", err) },
	})
	if err != nil {
		return causeOf(ctx, fmt.Errorf("pod runner: %w", err))
	}
	defer pods.Stop()
	progress("%d nodes are ready, pods have addresses in %s", pods.NodeCount(), pods.Network())

	if err := controlplane.WriteFile(kubeconfigFile, plane.Kubeconfig); err != nil {
		return err
	}
	defer os.Remove(kubeconfigFile)
	progress("ready after %.1f s: export KUBECONFIG=%s", time.Since(begin).Seconds(), kubeconfigFile)

	select {
	case <-ctx.Done():
		progress("%s", context.Cause(ctx))
		return context.Cause(ctx)
	case err := <-plane.Failed():
		return err
	}
}

// causeOf prefers the reason somebody gave for the stop to the error that the stop led to.
func causeOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// watchForStop cancels on SIGTERM, SIGINT or SIGHUP, and, unless told otherwise, when the starting process is gone: it
// closes a pipe on our standard input, or our parent is suddenly another one.
func watchForStop(outliveParent bool, stop context.CancelCauseFunc) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	// Catching is not ignoring, which our children would inherit. A reader of our output that went away must not
	// kill us by SIGPIPE before the pods are stopped properly.
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGPIPE, syscall.SIGHUP)
	if !outliveParent {
		signal.Notify(signals, syscall.SIGHUP)
		go watchInput(stop)
		go watchParent(stop)
	}
	stop(fmt.Errorf("%w by signal: %s", errStopped, <-signals))
}

func watchInput(stop context.CancelCauseFunc) {
	info, err := os.Stdin.Stat()
	// Only a pipe says something: /dev/null is at its end from the start, a terminal belongs to the user.
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	stop(fmt.Errorf("%w: standard input was closed", errStopped))
}

func watchParent(stop context.CancelCauseFunc) {
	parent := os.Getppid()
	for range time.Tick(parentCheckInterval) {
		if os.Getppid() != parent {
			stop(fmt.Errorf("%w: the parent process ended", errStopped))
			return
		}
	}
}

func progress(format string, arguments ...any) {
	fmt.Printf("testbed: "+format+"\n", arguments...)
}
