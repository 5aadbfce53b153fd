package podtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Files of the authority, in a folder that the pods see.
const (
	BundleFile = "ca.pem"    // the only authority that a pod trusts
	StoreFile  = "ca.p12"    // the same for a JVM
	serverFile = "names.pem" // certificate and key of the names; see Certificate
	StorePass  = "changeit"
)

// MakeAuthority makes a certificate authority and its certificate for names in dir, with the trust store of a JVM. The
// private key of the authority is kept nowhere.
func MakeAuthority(dir string, names []string) error {
	if err := MakeCertificates(dir, names); err != nil {
		return err
	}
	return makeStore(dir)
}

// MakeCertificates is MakeAuthority without a JVM's trust store.
func MakeCertificates(dir string, names []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	valid := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			// Clocks run ahead in some pods.
			NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(30 * 24 * time.Hour),
			KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		}
	}
	ca := valid(1, "rolechain tests")
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
	authority, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return fmt.Errorf("making a certificate authority: %w", err)
	}
	server := valid(2, names[0])
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	server.DNSNames = names
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := x509.CreateCertificate(rand.Reader, server, ca, serverKey.Public(), key)
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		return err
	}
	encode := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	if err := os.WriteFile(filepath.Join(dir, BundleFile), encode("CERTIFICATE", authority), 0o644); err != nil {
		return err
	}
	both := append(encode("CERTIFICATE", certificate), encode("PRIVATE KEY", private)...)
	return os.WriteFile(filepath.Join(dir, serverFile), both, 0o600)
}

// makeStore makes the JVM's trust store. Without a JDK there is no JVM either.
func makeStore(dir string) error {
	if _, err := exec.LookPath("keytool"); err != nil {
		return nil
	}
	cmd := exec.Command("keytool", "-importcert", "-noprompt", "-alias", "tests", "-storetype", "PKCS12",
		"-keystore", filepath.Join(dir, StoreFile), "-storepass", StorePass, "-file", filepath.Join(dir, BundleFile))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making a trust store with keytool: %w\n%s", err, out)
	}
	return nil
}
