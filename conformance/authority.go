package main

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

// The names of AWS that resolve to the pod itself, by service. SDKs are not told any endpoint: they go where they go
// in a real pod.
var (
	stsNames = []string{"sts.amazonaws.com", "sts." + region + ".amazonaws.com"}
	s3Names  = []string{"s3.amazonaws.com", "s3." + region + ".amazonaws.com", "s3-" + region + ".amazonaws.com",
		"conformance.s3.amazonaws.com", "conformance.s3." + region + ".amazonaws.com", "conformance.s3-" + region + ".amazonaws.com"}
)

// Files of the authority, in a folder that the pods see.
const (
	bundleFile = "ca.pem"    // the only authority that a pod trusts
	storeFile  = "ca.p12"    // the same for a JVM
	serverFile = "names.pem" // certificate and key of AWS's names
	storePass  = "changeit"
)

// makeAuthority makes a certificate authority and a certificate for AWS's names in dir. The private key of the authority
// is kept nowhere.
func makeAuthority(dir string) error {
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
	ca := valid(1, "rolechain conformance")
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
	authority, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		return fmt.Errorf("making a certificate authority: %w", err)
	}
	names := valid(2, stsNames[0])
	names.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	names.DNSNames = append(append(names.DNSNames, stsNames...), s3Names...)
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	certificate, err := x509.CreateCertificate(rand.Reader, names, ca, serverKey.Public(), key)
	if err != nil {
		return fmt.Errorf("making a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		return err
	}
	encode := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	if err := os.WriteFile(filepath.Join(dir, bundleFile), encode("CERTIFICATE", authority), 0o644); err != nil {
		return err
	}
	both := append(encode("CERTIFICATE", certificate), encode("PRIVATE KEY", private)...)
	if err := os.WriteFile(filepath.Join(dir, serverFile), both, 0o600); err != nil {
		return err
	}
	return makeStore(dir)
}

// makeStore makes the JVM's trust store. Without a JDK there is no JVM among the probes either.
func makeStore(dir string) error {
	if _, err := exec.LookPath("keytool"); err != nil {
		return nil
	}
	cmd := exec.Command("keytool", "-importcert", "-noprompt", "-alias", "conformance", "-storetype", "PKCS12",
		"-keystore", filepath.Join(dir, storeFile), "-storepass", storePass, "-file", filepath.Join(dir, bundleFile))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making a trust store with keytool: %w\n%s", err, out)
	}
	return nil
}
