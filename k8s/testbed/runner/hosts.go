package runner

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	v1 "k8s.io/api/core/v1"

	"dev.partita/testbed/controlplane"
)

const clusterDomain = "cluster.local"

// hostsFile publishes the pods' DNS names, which nothing resolves outside a cluster, in the format of /etc/hosts. Safe
// for concurrent use.
type hostsFile struct {
	file string

	mutex sync.Mutex
	lines map[string]string // By "namespace/pod".
}

func newHostsFile(file string) (*hostsFile, error) {
	hosts := &hostsFile{file: file, lines: map[string]string{}}
	return hosts, hosts.write()
}

func (h *hostsFile) put(pod *v1.Pod, ip string) error {
	line := hostsLine(pod, ip)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if line == "" || h.lines[podName(pod)] == line {
		return nil
	}
	h.lines[podName(pod)] = line
	return h.write()
}

func (h *hostsFile) remove(pod string) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if _, ok := h.lines[pod]; !ok {
		return nil
	}
	delete(h.lines, pod)
	return h.write()
}

func (h *hostsFile) write() error {
	var lines []string
	for _, line := range h.lines {
		lines = append(lines, line+"\n")
	}
	slices.Sort(lines)
	return controlplane.WriteFile(h.file, []byte(strings.Join(lines, "")))
}

// hostsLine is "" for a pod without a DNS name: one that is not part of a (headless) service by spec.subdomain.
func hostsLine(pod *v1.Pod, ip string) string {
	if pod.Spec.Subdomain == "" {
		return ""
	}
	name := fmt.Sprintf("%s.%s.%s.svc", hostname(pod), pod.Spec.Subdomain, pod.Namespace)
	return fmt.Sprintf("%s %s.%s %s", ip, name, clusterDomain, name)
}

func hostname(pod *v1.Pod) string {
	if pod.Spec.Hostname != "" {
		return pod.Spec.Hostname
	}
	return pod.Name
}

func podName(pod *v1.Pod) string {
	return pod.Namespace + "/" + pod.Name
}
