package controlplane

import (
	"fmt"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// contextName is the cluster, user and context name in every kubeconfig written here.
const contextName = "testbed"

func newKubeconfig(server string, authorityFile string, user *clientcmdapi.AuthInfo) (*clientcmdapi.Config, error) {
	// The certificates go inside, so that the file can be copied elsewhere.
	authorityData, err := os.ReadFile(authorityFile)
	if err != nil {
		return nil, err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[contextName] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: authorityData}
	config.AuthInfos[contextName] = user
	config.Contexts[contextName] = &clientcmdapi.Context{Cluster: contextName, AuthInfo: contextName}
	config.CurrentContext = contextName
	return config, nil
}

// TokenKubeconfig is a kubeconfig that authenticates with a bearer token.
func TokenKubeconfig(server, authorityFile, namespace, token string) ([]byte, error) {
	config, err := newKubeconfig(server, authorityFile, &clientcmdapi.AuthInfo{Token: token})
	if err != nil {
		return nil, err
	}
	config.Contexts[contextName].Namespace = namespace
	return clientcmd.Write(*config)
}

// clientKubeconfig is a kubeconfig that authenticates with the certificate pki/<name>.crt.
func (a *authority) clientKubeconfig(server, name string) ([]byte, error) {
	certificate, err := os.ReadFile(a.certificateFile(name))
	if err != nil {
		return nil, err
	}
	key, err := os.ReadFile(a.keyFile(name))
	if err != nil {
		return nil, err
	}
	user := &clientcmdapi.AuthInfo{ClientCertificateData: certificate, ClientKeyData: key}
	config, err := newKubeconfig(server, a.certificateFile("ca"), user)
	if err != nil {
		return nil, err
	}
	return clientcmd.Write(*config)
}

func restConfig(kubeconfig []byte) (*rest.Config, error) {
	config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read our own kubeconfig: %w", err)
	}
	// The runner is alone on this API server: client-side rate limits would only slow the pods down.
	config.QPS = -1
	return config, nil
}
