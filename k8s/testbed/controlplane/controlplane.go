// Package controlplane runs a Kubernetes control plane on the loopback network: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler, each a child process that is this binary again under another
// sub-command. Nothing is shared between two control planes but the machine.
package controlplane

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"dev.partita/testbed/process"
)

const (
	// startTimeout is generous: on a busy machine with two cores a first start has taken over a minute.
	startTimeout = 5 * time.Minute
	pollInterval = 100 * time.Millisecond
	// etcdStopGrace lets etcd close its database; the other components keep nothing and are killed at once.
	etcdStopGrace = 10 * time.Second
	logTailBytes  = 3000
)

// ControlPlane is a running control plane. Stop it.
type ControlPlane struct {
	// Server is the API server's URL.
	Server string
	// Config authenticates as a cluster administrator.
	Config *rest.Config
	// Kubeconfig is the content of a file that does the same.
	Kubeconfig []byte

	directory  *Directory
	ports      Ports
	reaper     *process.Reaper
	authority  *authority
	components []component
	failed     chan error
	stopping   chan struct{}
}

type component struct {
	name    string
	process *process.Process
}

// Start returns when the API server, the controller manager's first controllers and the scheduler are at work. It
// reports each step to progress. On error it leaves nothing running.
func Start(ctx context.Context, directory *Directory, ports Ports, reaper *process.Reaper,
	progress func(format string, arguments ...any)) (*ControlPlane, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	c := &ControlPlane{
		Server:    fmt.Sprintf("https://127.0.0.1:%d", ports.APIServer),
		directory: directory,
		ports:     ports,
		reaper:    reaper,
		failed:    make(chan error, 4),
		stopping:  make(chan struct{}),
	}
	steps := []struct {
		name string
		run  func(context.Context) error
	}{
		{"certificates", c.prepareCertificates},
		{etcdCommand, c.startEtcd},
		{apiServerCommand, c.startAPIServer},
		{controllerManagerCommand, c.startControllerManager},
		{schedulerCommand, c.startScheduler},
		{"default service account", c.awaitServiceAccount},
	}
	for _, step := range steps {
		begin := time.Now()
		if err := step.run(ctx); err != nil {
			c.Stop()
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
		progress("%s: %.1f s", step.name, time.Since(begin).Seconds())
	}
	return c, nil
}

// Failed delivers the reason when a component ends by itself.
func (c *ControlPlane) Failed() <-chan error {
	return c.failed
}

// Pids are the process ids of the components by name.
func (c *ControlPlane) Pids() map[string]int {
	pids := map[string]int{}
	for _, component := range c.components {
		pids[component.name] = component.process.Pid
	}
	return pids
}

// Stop ends all components, the ones that depend on others first, and waits for them.
func (c *ControlPlane) Stop() {
	close(c.stopping)
	for index := len(c.components) - 1; index >= 0; index-- {
		component := c.components[index]
		if component.name == etcdCommand {
			component.process.Stop(etcdStopGrace)
		} else {
			component.process.Signal(syscall.SIGKILL)
			<-component.process.Exited()
		}
	}
}

func (c *ControlPlane) prepareCertificates(context.Context) error {
	var err error
	if c.authority, err = openAuthority(c.directory); err != nil {
		return err
	}
	apiServerNames := []string{"localhost", "127.0.0.1", apiServerOwnService, "kubernetes", "kubernetes.default",
		"kubernetes.default.svc", "kubernetes.default.svc." + clusterDomain}
	_, keyErr := c.authority.readOrCreateKey(serviceAccountKey)
	err = errors.Join(
		keyErr,
		c.authority.ensureServing(etcdCertificate, "localhost", "127.0.0.1"),
		c.authority.ensureServing(apiServerCertificate, apiServerNames...),
		c.authority.ensureServing(KubeletCertificate, "localhost", "127.0.0.1"),
		c.authority.ensureClient(adminCertificate, "system:masters"),
		// One identity for all controllers needs more rights than the role of the same name has, which expects
		// a service account per controller; those would cost seconds at each start.
		c.authority.ensureClient(controllerManagerIdentity, "system:masters"),
		c.authority.ensureClient(schedulerIdentity),
	)
	if err != nil {
		return err
	}
	if c.Kubeconfig, err = c.authority.clientKubeconfig(c.Server, adminCertificate); err != nil {
		return err
	}
	c.Config, err = restConfig(c.Kubeconfig)
	return err
}

func (c *ControlPlane) startEtcd(ctx context.Context) error {
	_, err := c.start(etcdArguments(c.directory, c.ports))
	if err != nil {
		return err
	}
	client, err := c.authority.httpClient(apiServerCertificate)
	if err != nil {
		return err
	}
	return c.awaitOK(ctx, client, fmt.Sprintf("https://127.0.0.1:%d/health", c.ports.Etcd))
}

func (c *ControlPlane) startAPIServer(ctx context.Context) error {
	_, err := c.start(apiServerArguments(c.directory, c.ports))
	if err != nil {
		return err
	}
	client, err := c.authority.httpClient(adminCertificate)
	if err != nil {
		return err
	}
	return c.awaitOK(ctx, client, c.Server+"/readyz")
}

func (c *ControlPlane) startControllerManager(context.Context) error {
	kubeconfig, err := c.writeKubeconfig(controllerManagerIdentity)
	if err != nil {
		return err
	}
	_, err = c.start(controllerManagerArguments(c.directory, kubeconfig))
	return err
}

func (c *ControlPlane) startScheduler(context.Context) error {
	kubeconfig, err := c.writeKubeconfig(schedulerIdentity)
	if err != nil {
		return err
	}
	_, err = c.start(schedulerArguments(kubeconfig))
	return err
}

// awaitServiceAccount waits for the first visible work of the controller manager. Without it no pod can be created.
func (c *ControlPlane) awaitServiceAccount(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	return c.await(ctx, func() error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

func (c *ControlPlane) writeKubeconfig(identity string) (string, error) {
	content, err := c.authority.clientKubeconfig(c.Server, identity)
	if err != nil {
		return "", err
	}
	file := c.directory.Path("control-plane", strings.TrimPrefix(identity, "system:")+".kubeconfig")
	return file, WriteFile(file, content)
}

func (c *ControlPlane) logFile(name string) string {
	return c.directory.Path("control-plane", name+".log")
}

func (c *ControlPlane) start(arguments []string) (*process.Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	name := arguments[0]
	// Each start begins a new log: the tail in an error message must come from this run.
	log, err := os.Create(c.logFile(name))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	started, err := process.Start(process.Command{
		Args:      append([]string{self}, arguments...),
		Env:       os.Environ(),
		Directory: c.directory.Path("control-plane"),
		Output:    log,
	}, c.reaper)
	if err != nil {
		return nil, err
	}
	c.components = append(c.components, component{name, started})
	go func() {
		<-started.Exited()
		select {
		case <-c.stopping:
		default:
			code, _ := started.ExitCode()
			c.failed <- fmt.Errorf("%s ended with status %d; the end of %s:\n%s",
				name, code, c.logFile(name), c.logTail(name))
		}
	}()
	return started, nil
}

func (c *ControlPlane) awaitOK(ctx context.Context, client *http.Client, url string) error {
	return c.await(ctx, func() error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, response.Status)
		}
		return nil
	})
}

// await repeats the attempt until it succeeds, a component dies, or the time is up.
func (c *ControlPlane) await(ctx context.Context, attempt func() error) error {
	for {
		err := attempt()
		if err == nil {
			return nil
		}
		select {
		case failure := <-c.failed:
			return failure
		case <-ctx.Done():
			last := c.components[len(c.components)-1].name
			return fmt.Errorf("not ready: %w; the end of %s:\n%s", err, c.logFile(last), c.logTail(last))
		case <-time.After(pollInterval):
		}
	}
}

func (c *ControlPlane) logTail(name string) []byte {
	content, err := os.ReadFile(c.logFile(name))
	if err != nil {
		return []byte(err.Error())
	}
	if len(content) > logTailBytes {
		content = content[len(content)-logTailBytes:]
		content = content[bytes.IndexByte(content, '\n')+1:]
	}
	return content
}

// httpClient authenticates with pki/<name>.crt and trusts only our own authority.
func (a *authority) httpClient(name string) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(a.certificateFile(name), a.keyFile(name))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(a.certificate)
	return &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, Certificates: []tls.Certificate{pair}}},
	}, nil
}
