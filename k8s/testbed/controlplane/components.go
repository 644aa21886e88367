package controlplane

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"          // --logging-format=json
	_ "k8s.io/component-base/metrics/prometheus/clientgo" // client metrics of every component
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Names of the components; also the sub-commands that this binary re-executes itself with.
const (
	etcdCommand              = "etcd"
	apiServerCommand         = "kube-apiserver"
	controllerManagerCommand = "kube-controller-manager"
	schedulerCommand         = "kube-scheduler"
)

// Names below pki/.
const (
	etcdCertificate           = "etcd"
	apiServerCertificate      = "kube-apiserver"
	serviceAccountKey         = "service-account"
	adminCertificate          = "admin"
	controllerManagerIdentity = "system:kube-controller-manager"
	schedulerIdentity         = "system:kube-scheduler"
)

// KubeletCertificate names the pair below pki/ with which the runner serves logs and exec to the API server.
const KubeletCertificate = "kubelet"

const (
	serviceAddresses      = "10.96.0.0/16"
	apiServerOwnService   = "10.96.0.1" // The first of serviceAddresses belongs to service "kubernetes".
	clusterDomain         = "cluster.local"
	serviceAccountsIssuer = "https://kubernetes.default.svc." + clusterDomain
)

// RunComponent is the process of one Kubernetes component. It reports false for a name that is none.
func RunComponent(name string, arguments []string) (exitCode int, ok bool) {
	var command *cobra.Command
	switch name {
	case etcdCommand:
		if err := RunEtcd(arguments); err != nil {
			fmt.Println(err)
			return 1, true
		}
		return 0, true
	case apiServerCommand:
		command = apiserver.NewAPIServerCommand()
	case controllerManagerCommand:
		command = controllermanager.NewControllerManagerCommand()
	case schedulerCommand:
		command = scheduler.NewSchedulerCommand()
	default:
		return 0, false
	}
	command.SetArgs(arguments)
	return cli.Run(command), true
}

func etcdArguments(directory *Directory, ports Ports) []string {
	return []string{etcdCommand, directory.Root, strconv.Itoa(ports.Etcd)}
}

func apiServerArguments(directory *Directory, ports Ports) []string {
	pki := func(file string) string { return directory.Path("pki", file) }
	return []string{
		apiServerCommand,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", ports.APIServer),
		"--cert-dir=" + directory.Path("control-plane"),
		"--tls-cert-file=" + pki(apiServerCertificate+".crt"),
		"--tls-private-key-file=" + pki(apiServerCertificate+".key"),
		"--client-ca-file=" + pki("ca.crt"),
		fmt.Sprintf("--etcd-servers=https://127.0.0.1:%d", ports.Etcd),
		"--etcd-cafile=" + pki("ca.crt"),
		"--etcd-certfile=" + pki(apiServerCertificate+".crt"),
		"--etcd-keyfile=" + pki(apiServerCertificate+".key"),
		"--kubelet-client-certificate=" + pki(apiServerCertificate+".crt"),
		"--kubelet-client-key=" + pki(apiServerCertificate+".key"),
		"--kubelet-preferred-address-types=InternalIP",
		"--authorization-mode=RBAC",
		"--service-cluster-ip-range=" + serviceAddresses,
		"--service-account-issuer=" + serviceAccountsIssuer,
		"--service-account-signing-key-file=" + pki(serviceAccountKey+".key"),
		"--service-account-key-file=" + pki(serviceAccountKey+".key"),
		// Endpoints may not lie in the loopback network; nothing here would follow them anyway.
		"--endpoint-reconciler-type=none",
		"--allow-privileged=true",
		"--profiling=false",
	}
}

func controllerManagerArguments(directory *Directory, kubeconfig string) []string {
	pki := func(file string) string { return directory.Path("pki", file) }
	return []string{
		controllerManagerCommand,
		"--kubeconfig=" + kubeconfig,
		"--secure-port=0",
		"--leader-elect=false",
		"--service-account-private-key-file=" + pki(serviceAccountKey+".key"),
		"--root-ca-file=" + pki("ca.crt"),
		"--cluster-signing-cert-file=" + pki("ca.crt"),
		"--cluster-signing-key-file=" + pki("ca.key"),
		// Left out: what needs a cloud, a pod network or metrics, and the endpoint controllers, because the API
		// refuses endpoints in the loopback network, where our pods are.
		"--controllers=*,-node-ipam-controller,-node-route-controller,-service-lb-controller," +
			"-horizontal-pod-autoscaler-controller,-persistentvolume-attach-detach-controller," +
			"-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller",
		// A dead node is noticed after 20 s instead of 50 s; the runner renews its leases every few seconds.
		"--node-monitor-period=2s",
		"--node-monitor-grace-period=20s",
	}
}

func schedulerArguments(kubeconfig string) []string {
	return []string{
		schedulerCommand,
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--secure-port=0",
		"--leader-elect=false",
	}
}
