package controlplane

import (
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	"go.etcd.io/etcd/server/v3/embed"
)

// RunEtcd is the etcd process: one member that serves the API server over mutual TLS until it gets SIGTERM.
// Its arguments are the testbed's root directory and the port.
func RunEtcd(arguments []string) error {
	if len(arguments) != 2 {
		return fmt.Errorf("usage: testbed %s DIR PORT", etcdCommand)
	}
	directory := &Directory{Root: arguments[0]}
	port, err := strconv.Atoi(arguments[1])
	if err != nil {
		return err
	}

	config := embed.NewConfig()
	config.Name = "testbed"
	config.Dir = directory.Path("etcd")
	config.LogLevel = "warn"
	// What a killed process wrote survives in the page cache; only a crash of the machine could lose it.
	config.UnsafeNoFsync = true
	client := url.URL{Scheme: "https", Host: fmt.Sprintf("127.0.0.1:%d", port)}
	// A single member never talks to a peer; etcd wants an address all the same, and takes any free port.
	peer := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.ClientTLSInfo = transport.TLSInfo{
		CertFile:       directory.Path("pki", etcdCertificate+".crt"),
		KeyFile:        directory.Path("pki", etcdCertificate+".key"),
		TrustedCAFile:  directory.Path("pki", "ca.crt"),
		ClientCertAuth: true,
	}

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	defer server.Close()
	select {
	case <-stop:
		return nil
	case err := <-server.Err():
		return err
	}
}
