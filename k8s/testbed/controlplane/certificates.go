package controlplane

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"time"
)

// validity is longer than any directory lives; there is no renewal.
const validity = 10 * 365 * 24 * time.Hour

// keyBits: RSA, because some Java clients read elliptic-curve keys only with an extra library.
const keyBits = 2048

// authority signs the certificates of one testbed. Both of its files lie in pki/.
type authority struct {
	directory   *Directory
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// openAuthority reads pki/ca.crt and pki/ca.key or creates them.
func openAuthority(directory *Directory) (*authority, error) {
	a := &authority{directory: directory}
	var err error
	if a.key, err = a.readOrCreateKey("ca"); err != nil {
		return nil, err
	}
	content, err := os.ReadFile(a.certificateFile("ca"))
	if errors.Is(err, fs.ErrNotExist) {
		template := &x509.Certificate{
			Subject:               pkix.Name{CommonName: "testbed-ca"},
			IsCA:                  true,
			BasicConstraintsValid: true,
			KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		}
		a.certificate = template // It signs itself.
		content, err = a.sign("ca", template, a.key)
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s holds no certificate", a.certificateFile("ca"))
	}
	a.certificate, err = x509.ParseCertificate(block.Bytes)
	return a, err
}

// ensureServing makes pki/<name>.crt and .key for a server (and client) at the given names and addresses.
func (a *authority) ensureServing(name string, hosts ...string) error {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: name},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, host := range hosts {
		if address := net.ParseIP(host); address != nil {
			template.IPAddresses = append(template.IPAddresses, address)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	return a.ensure(name, template)
}

// ensureClient makes pki/<name>.crt and .key for a user of the API with the given groups.
func (a *authority) ensureClient(name string, groups ...string) error {
	return a.ensure(name, &x509.Certificate{
		Subject:     pkix.Name{CommonName: name, Organization: groups},
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (a *authority) ensure(name string, template *x509.Certificate) error {
	key, err := a.readOrCreateKey(name)
	if err != nil {
		return err
	}
	if _, err := os.Stat(a.certificateFile(name)); err == nil {
		return nil
	}
	_, err = a.sign(name, template, key)
	return err
}

func (a *authority) sign(name string, template *x509.Certificate, key *rsa.PrivateKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour) // Clocks differ a little.
	template.NotAfter = time.Now().Add(validity)
	signed, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	content := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
	return content, WriteFile(a.certificateFile(name), content)
}

func (a *authority) readOrCreateKey(name string) (*rsa.PrivateKey, error) {
	content, err := os.ReadFile(a.keyFile(name))
	if errors.Is(err, fs.ErrNotExist) {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return nil, err
		}
		block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
		return key, WriteFile(a.keyFile(name), pem.EncodeToMemory(block))
	}
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, fmt.Errorf("%s holds no key", a.keyFile(name))
	}
	return x509.ParsePKCS1PrivateKey(block.Bytes)
}

func (a *authority) certificateFile(name string) string { return a.directory.Path("pki", name+".crt") }
func (a *authority) keyFile(name string) string         { return a.directory.Path("pki", name+".key") }
