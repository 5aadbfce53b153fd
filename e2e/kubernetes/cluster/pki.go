package cluster

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// An authority signs what the parts of the cluster show to each other.
type authority struct {
	dir  string // where files go
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	leaf *rsa.PrivateKey // of all that it issues; the client in Spark reads no other kind without being told
}

func newAuthority(dir string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := certificate(pkix.Name{CommonName: "cluster"})
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage |= x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("making the cluster's authority: %w", err)
	}
	a := &authority{dir: dir, key: key}
	if a.leaf, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	return a, os.WriteFile(a.file("ca.crt"), a.pem(), 0o644)
}

func certificate(subject pkix.Name) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // cannot fail
	return &x509.Certificate{
		SerialNumber: serial, Subject: subject,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func (a *authority) file(name string) string { return filepath.Join(a.dir, name) }

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// issue writes NAME.crt and NAME.key. hosts are names and addresses of a server.
func (a *authority) issue(name string, subject pkix.Name, hosts ...string) error {
	template := certificate(subject)
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, a.leaf.Public(), a.key)
	if err != nil {
		return fmt.Errorf("making the certificate %s: %w", name, err)
	}
	if err := writeKey(a.file(name+".key"), a.leaf); err != nil {
		return err
	}
	return os.WriteFile(a.file(name+".crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644)
}

func writeKey(path string, key crypto.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// tokenKey makes the pair that signs the tokens of service accounts: RSA, as EKS has it.
func (a *authority) tokenKey() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := os.WriteFile(a.file("tokens.pub"), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), 0o644); err != nil {
		return err
	}
	return writeKey(a.file("tokens.key"), key)
}

// kubeconfig issues a client certificate and writes NAME.conf, which has it.
func (a *authority) kubeconfig(name string, subject pkix.Name) error {
	if err := a.issue(name, subject); err != nil {
		return err
	}
	crt, err := os.ReadFile(a.file(name + ".crt"))
	if err != nil {
		return err
	}
	key, err := os.ReadFile(a.file(name + ".key"))
	if err != nil {
		return err
	}
	type object = map[string]any
	config := object{
		"apiVersion": "v1", "kind": "Config", "current-context": "cluster",
		"clusters": []object{{"name": "cluster", "cluster": object{"server": Server, "certificate-authority-data": a.pem()}}},
		"users":    []object{{"name": name, "user": object{"client-certificate-data": crt, "client-key-data": key}}},
		"contexts": []object{{"name": "cluster", "context": object{"cluster": "cluster", "user": name}}},
	}
	data, err := json.Marshal(config) // which is YAML as well, and has bytes in base64
	if err != nil {
		return err
	}
	return os.WriteFile(a.file(name+".conf"), data, 0o600)
}
