// Package check tries the testbed for real. It needs the built binary:
//
//	TESTBED=$(./build.sh | tail -n 1) go test -v ./check
package check

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed statefulset.yaml
var statefulSet string

const patience = 60 * time.Second

// TestMain is also the program that runs in the pods: this test binary under another role.
func TestMain(m *testing.M) {
	if os.Getenv("ROLE") == "web-server" {
		serve()
		return
	}
	os.Exit(m.Run())
}

// serve counts its starts in the data directory, answers at the pod's address, and ends with SIGTERM.
func serve() {
	flags := flag.NewFlagSet("web-server", flag.ExitOnError)
	data, greeting, name := flags.String("data", "", ""), flags.String("greeting", "", ""), flags.String("name", "", "")
	_ = flags.Parse(os.Args[1:])
	starts, err := os.OpenFile(filepath.Join(*data, "starts"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	_, _ = starts.WriteString("x")
	fmt.Println("started", *name)
	http.HandleFunc("/ready", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("/greeting", func(response http.ResponseWriter, _ *http.Request) {
		content, _ := os.ReadFile(*greeting)
		_, _ = response.Write(content)
	})
	go func() { fmt.Println(http.ListenAndServe(os.Getenv("POD_IP")+":8080", nil)) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	fmt.Println("stopped in order")
}

func TestStatefulSetFromApplyToRestart(t *testing.T) {
	bed := start(t, t.TempDir())
	bed.kubectl("apply", "--filename=-").withInput(statefulSet).must()
	bed.awaitReady("web-0", "web-1", "web-2")

	before := bed.pod("web-1")
	t.Run("each zone has one pod", func(t *testing.T) {
		nodes := map[string]bool{}
		for _, name := range []string{"web-0", "web-1", "web-2"} {
			nodes[bed.pod(name).Spec.NodeName] = true
		}
		if len(nodes) != 3 {
			t.Errorf("pods are on %v", nodes)
		}
	})
	t.Run("hosts file names the pods", func(t *testing.T) {
		line := before.Status.PodIP + " web-1.web.default.svc.cluster.local web-1.web.default.svc\n"
		if hosts := bed.read("hosts"); !strings.Contains(hosts, line) {
			t.Errorf("hosts file lacks %q:\n%s", line, hosts)
		}
	})
	t.Run("logs and exec work", func(t *testing.T) {
		if log := bed.kubectl("logs", "web-1").must(); log != "started web-1.web.default.svc\n" {
			t.Errorf("log is %q", log)
		}
		if name := bed.kubectl("exec", "web-1", "--", "sh", "-c", "echo $POD_NAME; cat /etc/web/greeting").must(); name != "web-1\nhello" {
			t.Errorf("exec printed %q", name)
		}
	})
	t.Run("a changed ConfigMap reaches the mounted file", func(t *testing.T) {
		bed.kubectl("patch", "configmap", "web", `--patch={"data":{"greeting":"good day"}}`).must()
		bed.await("the new greeting", func() bool { return get(bed.pod("web-1"), "/greeting") == "good day" })
	})
	t.Run("a killed process is restarted in place", func(t *testing.T) {
		kill(t, before.pid(t))
		bed.await("a restart", func() bool { return bed.pod("web-1").restarts() == 1 })
		bed.awaitReady("web-1")
		after := bed.pod("web-1")
		if after.Metadata.UID != before.Metadata.UID || after.Status.PodIP != before.Status.PodIP {
			t.Errorf("the pod was replaced")
		}
		bed.expectStarts("web-1", 2)
	})
	t.Run("a deleted pod comes back with its volume and address", func(t *testing.T) {
		bed.replace("web-1")
		after := bed.pod("web-1")
		if after.Metadata.UID == before.Metadata.UID || after.Status.PodIP != before.Status.PodIP {
			t.Errorf("pod %+v became %+v", before, after)
		}
		bed.expectStarts("web-1", 3)
		if log := bed.read("logs/default/web-1.log"); !strings.Contains(log, "stopped in order") {
			t.Errorf("SIGTERM did not arrive:\n%s", log)
		}
	})
	t.Run("scaling down and up keeps volumes", func(t *testing.T) {
		old := bed.pod("web-2")
		bed.kubectl("scale", "statefulset", "web", "--replicas=1").must()
		bed.await("two pods fewer", func() bool { return !bed.exists("web-1") && !bed.exists("web-2") })
		expectGone(t, old.pid(t))
		bed.kubectl("scale", "statefulset", "web", "--replicas=3").must()
		bed.awaitReady("web-1", "web-2")
		bed.expectStarts("web-2", 2)
	})
	t.Run("a claim deleted with its pod comes back empty", func(t *testing.T) {
		bed.kubectl("delete", "pvc", "data-web-2", "--wait=false").must()
		bed.replace("web-2")
		bed.expectStarts("web-2", 1)
	})
	t.Run("a node without power and its return", func(t *testing.T) {
		pod := bed.pod("web-0")
		bed.kubectl("annotate", "node", pod.Spec.NodeName, "testbed.partita.dev/failure=down").must()
		bed.kubectl("wait", "node", pod.Spec.NodeName, "--for=condition=Ready=Unknown", "--timeout=60s").must()
		expectGone(t, pod.pid(t))
		bed.kubectl("annotate", "node", pod.Spec.NodeName, "testbed.partita.dev/failure-").must()
		bed.kubectl("wait", "node", pod.Spec.NodeName, "--for=condition=Ready", "--timeout=60s").must()
		bed.await("a restart", func() bool { return bed.pod("web-0").restarts() == 1 })
		bed.awaitReady("web-0")
	})
	t.Run("an unknown image waits, a known one starts", func(t *testing.T) {
		bed.kubectl("run", "other", "--image=registry.example/other:1").must()
		bed.await("ErrImagePull", func() bool { return bed.pod("other").waiting() == "ErrImagePull" })
		bed.kubectl("delete", "pod", "other").must()
	})

	pids := []int{bed.pod("web-0").pid(t), bed.pod("web-1").pid(t), bed.pod("web-2").pid(t)}
	restarts := bed.pod("web-2").restarts()
	bed.stop()
	expectGone(t, pids...)
	bed = start(t, bed.directory)
	bed.await("the pods' restart", func() bool { return bed.pod("web-2").restarts() == restarts+1 })
	bed.awaitReady("web-0", "web-1", "web-2")
	bed.expectStarts("web-2", 2)
	bed.stop()
}

func TestTwoAtOnceAndTheirEnds(t *testing.T) {
	first, second := launch(t, t.TempDir()), launch(t, t.TempDir())
	first.awaitUp()
	second.awaitUp()
	for _, bed := range []*testbed{first, second} {
		bed.kubectl("apply", "--filename=-").withInput(statefulSet).must()
		bed.awaitReady("web-0", "web-1", "web-2")
	}
	if one, other := first.pod("web-0").Status.PodIP, second.pod("web-0").Status.PodIP; one == other {
		t.Errorf("both have a pod at %s", one)
	}

	t.Run("a second one on the same directory is refused", func(t *testing.T) {
		output, err := exec.Command(binary(t), "up", "--dir", first.directory).CombinedOutput()
		if err == nil || !strings.Contains(string(output), "another testbed is running") {
			t.Errorf("%v: %s", err, output)
		}
	})
	t.Run("closed input stops in order", func(t *testing.T) {
		pids := append(children(t, first.pid()), first.pod("web-0").pid(t))
		_ = first.input.Close()
		first.awaitEnd(0)
		expectGone(t, pids...)
	})
	t.Run("SIGKILL leaves no orphan", func(t *testing.T) {
		pids := append(children(t, second.pid()), second.pod("web-0").pid(t))
		kill(t, second.pid())
		expectGone(t, pids...)
	})
}

// testbed is a running "testbed up".
type testbed struct {
	t         *testing.T
	directory string
	command   *exec.Cmd
	input     io.Closer
	output    *bytes.Buffer
	ended     chan struct{}
}

func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("TESTBED")
	if path == "" {
		t.Skip("TESTBED does not name the built binary")
	}
	return path
}

func start(t *testing.T, directory string) *testbed {
	t.Helper()
	bed := launch(t, directory)
	bed.awaitUp()
	return bed
}

func launch(t *testing.T, directory string) *testbed {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	images := filepath.Join(directory, "images.json")
	if err := os.WriteFile(images, fmt.Appendf(nil, `{"registry.example/web": [%q]}`, self), 0o600); err != nil {
		t.Fatal(err)
	}
	bed := &testbed{t: t, directory: directory, output: &bytes.Buffer{}, ended: make(chan struct{})}
	bed.command = exec.Command(binary(t), "up", "--dir", directory, "--images", images)
	bed.command.Stdout, bed.command.Stderr = bed.output, bed.output
	if bed.input, err = bed.command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := bed.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = bed.command.Wait()
		close(bed.ended)
	}()
	t.Cleanup(func() {
		_ = bed.command.Process.Signal(syscall.SIGTERM)
		<-bed.ended
		if t.Failed() {
			t.Log(bed.output.String())
		}
	})
	return bed
}

func (b *testbed) awaitUp() {
	b.t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(b.directory, "kubeconfig")); err == nil {
			return
		}
		select {
		case <-b.ended:
			b.t.Fatal("the testbed ended")
		default:
		}
	}
	b.t.Fatal("the testbed is not ready")
}

func (b *testbed) pid() int { return b.command.Process.Pid }

func (b *testbed) stop() {
	b.t.Helper()
	_ = b.command.Process.Signal(syscall.SIGTERM)
	b.awaitEnd(0)
}

func (b *testbed) awaitEnd(exitCode int) {
	b.t.Helper()
	select {
	case <-b.ended:
	case <-time.After(patience):
		b.t.Fatal("the testbed does not stop")
	}
	if code := b.command.ProcessState.ExitCode(); code != exitCode {
		b.t.Errorf("exit code %d, want %d", code, exitCode)
	}
	if _, err := os.Stat(filepath.Join(b.directory, "kubeconfig")); err == nil {
		b.t.Error("the kubeconfig is still there")
	}
}

func (b *testbed) read(name string) string {
	b.t.Helper()
	content, err := os.ReadFile(filepath.Join(b.directory, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return string(content)
}

type kubectl struct {
	t       *testing.T
	command *exec.Cmd
}

func (b *testbed) kubectl(arguments ...string) *kubectl {
	kubeconfig := filepath.Join(b.directory, "kubeconfig")
	return &kubectl{b.t, exec.Command(os.Getenv("TESTBED"), append([]string{"kubectl", "--kubeconfig", kubeconfig}, arguments...)...)}
}

func (k *kubectl) withInput(text string) *kubectl {
	k.command.Stdin = strings.NewReader(text)
	return k
}

func (k *kubectl) must() string {
	k.t.Helper()
	var failure bytes.Buffer
	k.command.Stderr = &failure
	output, err := k.command.Output()
	if err != nil {
		k.t.Fatalf("%s: %v: %s", strings.Join(k.command.Args[4:], " "), err, failure.String())
	}
	return string(output)
}

// pod is the part of a Pod that these tests look at.
type pod struct {
	Metadata struct {
		Name, UID string
	}
	Spec struct {
		NodeName string
	}
	Status struct {
		PodIP      string
		Conditions []struct {
			Type, Status string
		}
		ContainerStatuses []struct {
			RestartCount int
			ContainerID  string
			State        struct {
				Waiting *struct{ Reason string }
			}
		}
	}
}

func (b *testbed) pod(name string) pod {
	b.t.Helper()
	var decoded pod
	output := b.kubectl("get", "pod", name, "--ignore-not-found", "--output=json").must()
	if output == "" {
		return pod{}
	}
	if err := json.Unmarshal([]byte(output), &decoded); err != nil {
		b.t.Fatal(err)
	}
	return decoded
}

func (b *testbed) exists(name string) bool {
	b.t.Helper()
	return b.pod(name).Metadata.Name != ""
}

func (p pod) ready() bool {
	for _, condition := range p.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status == "True"
		}
	}
	return false
}

func (p pod) restarts() int {
	if len(p.Status.ContainerStatuses) == 0 {
		return 0
	}
	return p.Status.ContainerStatuses[0].RestartCount
}

func (p pod) waiting() string {
	if len(p.Status.ContainerStatuses) == 0 || p.Status.ContainerStatuses[0].State.Waiting == nil {
		return ""
	}
	return p.Status.ContainerStatuses[0].State.Waiting.Reason
}

func (p pod) pid(t *testing.T) int {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimPrefix(p.Status.ContainerStatuses[0].ContainerID, "testbed://"))
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func (b *testbed) awaitReady(names ...string) {
	b.t.Helper()
	for _, name := range names {
		b.await(name+" to be ready", func() bool { return b.pod(name).ready() })
	}
}

func (b *testbed) await(what string, reached func() bool) {
	b.t.Helper()
	for deadline := time.Now().Add(patience); !reached(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("waited in vain for %s:\n%s", what, b.kubectl("get", "pods,pvc,nodes", "--output=wide").must())
		}
	}
}

// replace deletes a pod and waits for the next one of that name. It does not let kubectl wait: kubectl waits for ever
// when the next pod is there before its watch is.
func (b *testbed) replace(name string) {
	b.t.Helper()
	old := b.pod(name).Metadata.UID
	b.kubectl("delete", "pod", name, "--wait=false").must()
	b.await("another "+name, func() bool { return b.exists(name) && b.pod(name).Metadata.UID != old })
	b.awaitReady(name)
}

func (b *testbed) expectStarts(name string, count int) {
	b.t.Helper()
	if starts := b.read("volumes/default/data-" + name + "/starts"); len(starts) != count {
		b.t.Errorf("%s has started %d times on its volume, want %d", name, len(starts), count)
	}
}

func get(p pod, path string) string {
	response, err := http.Get("http://" + p.Status.PodIP + ":8080" + path)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	content, _ := io.ReadAll(response.Body)
	return string(content)
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// expectGone allows a moment for the end of the processes.
func expectGone(t *testing.T, pids ...int) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for _, pid := range pids {
		for !gone(pid) {
			if time.Now().After(deadline) {
				t.Errorf("process %d is still there", pid)
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// gone counts a zombie as gone: its parent's parent has not looked yet.
func gone(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(state, "Z")
}

func children(t *testing.T, pid int) []int {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	// Any of a process's threads may be the parent.
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		content, _ = os.ReadFile(task)
		for _, field := range strings.Fields(string(content)) {
			child, _ := strconv.Atoi(field)
			pids = append(pids, child)
		}
	}
	if len(pids) < 5 {
		t.Errorf("only %d children of %d", len(pids), pid)
	}
	return pids
}
