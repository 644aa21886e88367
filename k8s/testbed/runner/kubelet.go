package runner

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/types"
	remotecommandconsts "k8s.io/apimachinery/pkg/util/remotecommand"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/kubelet/pkg/cri/streaming/portforward"
	streaming "k8s.io/kubelet/pkg/cri/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"

	"dev.partita/testbed/controlplane"
)

const (
	followInterval    = 200 * time.Millisecond
	execIdleTimeout   = 4 * time.Hour
	execCreateTimeout = 30 * time.Second
	dialTimeout       = 5 * time.Second
)

// kubelet answers the API server's requests for logs, exec and port-forward, for all nodes, as a kubelet would. It lets only
// clients with a certificate of the testbed's own authority in.
type kubelet struct {
	directory *controlplane.Directory
	workerOf  func(pod string) *worker
	server    *http.Server
}

func startKubelet(listener net.Listener, directory *controlplane.Directory, workerOf func(pod string) *worker) (*kubelet, error) {
	pair, err := tls.LoadX509KeyPair(
		directory.Path("pki", controlplane.KubeletCertificate+".crt"), directory.Path("pki", controlplane.KubeletCertificate+".key"))
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(directory.Path("pki", "ca.crt"))
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	k := &kubelet{directory: directory, workerOf: workerOf}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.serveLogs)
	routes.HandleFunc("/exec/{namespace}/{pod}/{container}", k.serveExec)
	routes.HandleFunc("/portForward/{namespace}/{pod}", k.servePortForward)
	k.server = &http.Server{
		Handler: routes,
		// SPDY, which exec and port-forward need, is an upgrade of HTTP/1.1.
		TLSConfig: &tls.Config{
			Certificates: []tls.Certificate{pair}, ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert,
			NextProtos: []string{"http/1.1"},
		},
	}
	go func() { _ = k.server.ServeTLS(listener, "", "") }()
	return k, nil
}

func (k *kubelet) stop() {
	_ = k.server.Close()
}

// serveLogs supports follow, previous, tailLines and limitBytes.
func (k *kubelet) serveLogs(response http.ResponseWriter, request *http.Request) {
	pod := request.PathValue("namespace") + "/" + request.PathValue("pod")
	query := request.URL.Query()
	log, err := os.Open(logFile(k.directory, pod))
	if err != nil {
		http.Error(response, "there is no log yet", http.StatusNotFound)
		return
	}
	defer log.Close()
	begin, end, err := k.logRange(log, pod, query.Get("previous") == "true")
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	if lines, err := strconv.Atoi(query.Get("tailLines")); err == nil {
		if begin, err = tailStart(log, begin, end, lines); err != nil {
			http.Error(response, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	if limit, err := strconv.ParseInt(query.Get("limitBytes"), 10, 64); err == nil {
		end = min(end, begin+limit)
	}
	response.Header().Set("Content-Type", "text/plain")
	_, _ = io.Copy(response, io.NewSectionReader(log, begin, end-begin))
	if query.Get("follow") == "true" {
		k.follow(request.Context(), response, log, end, pod)
	}
}

// logRange is where the present container's output, or that of the one before, lies in the file.
func (k *kubelet) logRange(log *os.File, pod string, previous bool) (begin, end int64, err error) {
	info, err := log.Stat()
	if err != nil {
		return 0, 0, err
	}
	end = info.Size()
	if worker := k.workerOf(pod); worker != nil {
		access := worker.access()
		begin = access.logStart
		if previous {
			begin, end = access.previousStart, access.logStart
		}
	}
	return begin, end, nil
}

func (k *kubelet) follow(ctx context.Context, response http.ResponseWriter, log *os.File, position int64, pod string) {
	flusher := http.NewResponseController(response)
	for {
		worker := k.workerOf(pod)
		// Asked before reading, so that the last lines are not lost.
		running := worker != nil && worker.access().running
		written, err := io.Copy(response, io.NewSectionReader(log, position, 1<<62))
		position += written
		if err != nil || flusher.Flush() != nil || !running {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(followInterval):
		}
	}
}

// tailStart is where the last lines between begin and end start.
func tailStart(file io.ReaderAt, begin, end int64, lines int) (int64, error) {
	starts := []int64{}
	reader := bufio.NewReader(io.NewSectionReader(file, begin, end-begin))
	for position := begin; ; {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			starts = append(starts, position)
			position += int64(len(line))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	if lines <= 0 {
		return end, nil
	}
	if len(starts) <= lines {
		return begin, nil
	}
	return starts[len(starts)-lines], nil
}

func (k *kubelet) serveExec(response http.ResponseWriter, request *http.Request) {
	pod := request.PathValue("namespace") + "/" + request.PathValue("pod")
	options, err := streaming.NewOptions(request)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	streaming.ServeExec(response, request, k, pod, "", request.PathValue("container"), request.Form["command"], options,
		execIdleTimeout, execCreateTimeout, remotecommandconsts.SupportedStreamingProtocols)
}

// ExecInContainer runs a command in the environment of a pod's process. There is no terminal: programs see pipes.
func (k *kubelet) ExecInContainer(ctx context.Context, pod string, _ types.UID, _ string, args []string,
	in io.Reader, out, stderr io.WriteCloser, _ bool, _ <-chan remotecommand.TerminalSize, _ time.Duration) error {
	worker := k.workerOf(pod)
	if worker == nil || !worker.access().running {
		return fmt.Errorf("pod %s is not running", pod)
	}
	command := worker.access().launch.command(ctx, args)
	command.Stdin, command.Stdout, command.Stderr = in, out, stderr
	if stderr == nil {
		command.Stderr = out // With a terminal there is one stream.
	}
	err := command.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return utilexec.CodeExitError{Err: err, Code: exit.ExitCode()}
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // It ended well; only the client's input is still open.
	}
	return err
}

func (k *kubelet) servePortForward(response http.ResponseWriter, request *http.Request) {
	pod := request.PathValue("namespace") + "/" + request.PathValue("pod")
	options, err := portforward.NewV4Options(request)
	if err != nil {
		http.Error(response, err.Error(), http.StatusBadRequest)
		return
	}
	portforward.ServePortForward(response, request, k, pod, "", options, execIdleTimeout, execCreateTimeout,
		portforward.SupportedProtocols)
}

// PortForward copies between a client's stream and a port of a pod until one side ends.
func (k *kubelet) PortForward(ctx context.Context, pod string, _ types.UID, port int32, stream io.ReadWriteCloser) error {
	defer stream.Close()
	worker := k.workerOf(pod)
	if worker == nil || !worker.access().running {
		return fmt.Errorf("pod %s is not running", pod)
	}
	ip, err := worker.runner.addresses.assign(pod)
	if err != nil {
		return err
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(int(port))))
	if err != nil {
		return err
	}
	defer connection.Close()
	go func() {
		_, _ = io.Copy(connection, stream)
		_ = connection.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(stream, connection)
	return err
}
