// Testbed is a real Kubernetes control plane for tests, in one binary and without containers: etcd, kube-apiserver,
// kube-controller-manager, kube-scheduler, kubectl, and a runner that starts pods as ordinary processes. See README.md.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"

	"dev.partita/testbed/controlplane"
	"dev.partita/testbed/process"
)

const usage = `usage: testbed up --dir DIR [--nodes nodes.yaml] [--images images.json] [--port-base N] [--outlive-parent]
       testbed kubectl ...

Run "testbed up --help" for the options.
`

const reaperCommand = "reaper"

func main() {
	// Under the name kubectl (a symbolic link) it is kubectl.
	if filepath.Base(os.Args[0]) == "kubectl" {
		runKubectl()
		return
	}
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	command, arguments := os.Args[1], os.Args[2:]
	switch command {
	case "up":
		os.Exit(up(arguments))
	case "kubectl":
		os.Args = os.Args[1:]
		runKubectl()
	case reaperCommand:
		process.RunReaper(os.Stdin)
	default:
		// cobra and the components read os.Args here and there.
		os.Args = os.Args[1:]
		exitCode, ok := controlplane.RunComponent(command, arguments)
		if !ok {
			fmt.Fprint(os.Stderr, usage)
			os.Exit(2)
		}
		os.Exit(exitCode)
	}
}

// runKubectl takes its arguments from os.Args, as kubectl's own plugin search does.
func runKubectl() {
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
