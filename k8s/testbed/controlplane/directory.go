package controlplane

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
)

// Directory is the testbed's home on disk. Its layout, all below Root:
//
//	kubeconfig       for the user; exists only while the testbed is ready
//	hosts            names and addresses of the pods, in the format of /etc/hosts
//	settings.json    ports, kept so that a restart answers at the same place
//	pki/             the certificate authority, certificates, keys
//	etcd/            the cluster's state
//	control-plane/   logs and kubeconfigs of the components
//	logs/            <namespace>/<pod>.log
//	volumes/         <namespace>/<claim name>, the contents of the persistent volumes
//	pods/            <uid>/, what else a pod sees: ConfigMaps, Secrets, empty directories
//	addresses.json   the pods' addresses
type Directory struct {
	Root string

	lock *os.File
}

// ErrDirectoryInUse says that another testbed runs on the same directory.
var ErrDirectoryInUse = errors.New("another testbed is running on this directory")

// OpenDirectory creates what is missing and takes the directory's lock, which ends with this process at the latest.
func OpenDirectory(root string) (*Directory, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	directory := &Directory{Root: root}
	for _, name := range []string{"pki", "etcd", "control-plane", "logs", "volumes", "pods"} {
		// Private keys and the API's state lie here: nobody else may read them. etcd insists on 0700.
		if err := os.MkdirAll(directory.Path(name), 0o700); err != nil {
			return nil, err
		}
	}
	directory.lock, err = os.OpenFile(directory.Path("lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(directory.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("%w: %s", ErrDirectoryInUse, root)
	}
	return directory, nil
}

// Path is the absolute path of a name below the root.
func (d *Directory) Path(elements ...string) string {
	return filepath.Join(append([]string{d.Root}, elements...)...)
}

// Close releases the lock.
func (d *Directory) Close() error {
	return d.lock.Close()
}

// Ports are where the components listen on 127.0.0.1. The controller manager and the scheduler do not listen.
type Ports struct {
	APIServer int `json:"apiServer"`
	Etcd      int `json:"etcd"`
}

// ChoosePorts takes base and base+1 when base is given; else the ports of the last run if they are still free, so that
// a kubeconfig stays good over a restart; else free ones.
func (d *Directory) ChoosePorts(base int) (Ports, error) {
	var ports Ports
	file := d.Path("settings.json")
	if err := readJSON(file, &ports); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Ports{}, err
	}
	switch {
	case base != 0:
		ports = Ports{APIServer: base, Etcd: base + 1}
		for _, port := range []int{ports.APIServer, ports.Etcd} {
			if !isFree(port) {
				return Ports{}, fmt.Errorf("port %d of 127.0.0.1 is taken", port)
			}
		}
	case ports.APIServer == 0 || !isFree(ports.APIServer) || !isFree(ports.Etcd):
		free, err := freePorts(2)
		if err != nil {
			return Ports{}, err
		}
		ports = Ports{APIServer: free[0], Etcd: free[1]}
	}
	return ports, WriteJSON(file, ports)
}

func isFree(port int) bool {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	_ = listener.Close()
	return true
}

// freePorts holds all listeners until every port is known, else the same one could come twice.
func freePorts(count int) ([]int, error) {
	var ports []int
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func readJSON(file string, into any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	return nil
}

// WriteJSON is WriteFile with the JSON form of a value.
func WriteJSON(file string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return WriteFile(file, append(content, '\n'))
}

func WriteFile(file string, content []byte) error {
	next := file + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, file)
}
