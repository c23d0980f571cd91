package apply_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"time"
)

// issuer is a certificate authority with what it signed, by kind: good, expired, wrong-host, and a self-signed one.
type issuer struct {
	pool         *x509.CertPool
	certificates map[string]tls.Certificate
}

var authority = sync.OnceValue(func() issuer {
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	rootKey, rootDER := signed(root, root, nil)
	parsed, err := x509.ParseCertificate(rootDER)
	if err != nil {
		panic(err)
	}
	i := issuer{x509.NewCertPool(), map[string]tls.Certificate{}}
	i.pool.AddCert(parsed)
	for kind, host := range map[string]string{"good": netHost, "expired": netHost, "wrong-host": "other.example.test", "untrusted": netHost} {
		leaf := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, KeyUsage: x509.KeyUsageDigitalSignature}
		if kind == "expired" {
			leaf.NotAfter = time.Now().Add(-time.Hour)
		}
		parent, parentKey := root, rootKey
		if kind == "untrusted" {
			parent, parentKey = leaf, nil
		}
		key, der := signed(leaf, parent, parentKey)
		i.certificates[kind] = tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
	}
	return i
})

// signed makes a key and a certificate for it, signed by a parent's key, or by itself.
func signed(c, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	if parentKey == nil {
		parentKey = key
	}
	c.NotBefore = time.Now().Add(-24 * time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(24 * time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, parentKey)
	if err != nil {
		panic(err)
	}
	return key, der
}

// certificates is a server's side of TLS. At each connection it shows the certificate of the kind asked for.
func certificates(kind func() string) *tls.Config {
	return &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c := authority().certificates[kind()]
		return &c, nil
	}}
}
