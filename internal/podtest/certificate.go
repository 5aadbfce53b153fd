package podtest

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
)

// Certificate is the one that MakeAuthority made in dir, for a server.
func Certificate(dir string) (tls.Certificate, error) {
	path := filepath.Join(dir, serverFile)
	certificate, err := tls.LoadX509KeyPair(path, path)
	if err != nil {
		return certificate, fmt.Errorf("reading the certificate of AWS's names: %w", err)
	}
	return certificate, nil
}
