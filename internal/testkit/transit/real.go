package transit

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start runs a real server on the loopback address with a certificate of its own, in a folder of the test, and opens
// its seal.
func start(t *testing.T, program string) *Service {
	t.Helper()
	version, err := exec.Command(program, "version").Output()
	if err != nil {
		t.Fatalf("%s version: %v", program, err)
	}
	s := &Service{Name: strings.TrimSpace(string(version)), dir: t.TempDir()}
	s.Pair = func(t *testing.T) (*Service, string) { return pair(t, program) }
	s.CAFile = filepath.Join(s.dir, "cert.pem")
	certify(t, s.CAFile, filepath.Join(s.dir, "key.pem"))
	s.listen(t, program, `storage "file" { path = "`+s.dir+`/data" }`)
	s.ready(t, 501)
	s.init(t)
	return s
}

// pair is a cluster of two: one that is active, and the address of one that stands by.
func pair(t *testing.T, program string) (*Service, string) {
	t.Helper()
	active, other := &Service{Name: program, dir: t.TempDir()}, &Service{Name: program + " standing by", dir: t.TempDir()}
	active.CAFile = filepath.Join(active.dir, "cert.pem")
	other.CAFile = active.CAFile
	certify(t, active.CAFile, filepath.Join(active.dir, "key.pem"))
	raft := func(dir, join string) string {
		return fmt.Sprintf("storage \"raft\" {\n path = %q\n node_id = %q\n performance_multiplier = 1\n%s}", dir, filepath.Base(dir), join)
	}
	active.listen(t, program, raft(active.dir, ""))
	active.ready(t, 501)
	active.init(t)
	other.listen(t, program, raft(other.dir, fmt.Sprintf(" retry_join {\n leader_api_addr = %q\n leader_ca_cert_file = %q\n }\n", active.Address, active.CAFile)))
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) { // it joins by itself, and can be opened then
		_, _, _ = other.Try("PUT", "sys/unseal", map[string]any{"key": active.share})
		if status, _, err := other.Try("GET", "sys/health", nil); err == nil && status == 429 {
			return active, other.Address
		}
		if time.Now().After(end) {
			t.Fatalf("%s does not stand by", program)
		}
	}
}

// free finds an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// listen starts a process with a storage, and the certificate that CAFile names.
func (s *Service) listen(t *testing.T, program, storage string) {
	t.Helper()
	at := free(t)
	s.Address = "https://" + at
	config := s.File(t, "hcl", fmt.Sprintf(`disable_mlock = true
api_addr     = "https://%[1]s"
cluster_addr = "https://%[5]s"
listener "tcp" {
  address         = "%[1]s"
  cluster_address = "%[5]s"
  tls_cert_file   = "%[2]s"
  tls_key_file    = "%[3]s"
}
%[4]s
`, at, s.CAFile, strings.Replace(s.CAFile, "cert.pem", "key.pem", 1), storage, free(t)))
	s.trust(t)
	s.run(t, program, config)
}

func (s *Service) init(t *testing.T) {
	t.Helper()
	out := s.Do(t, "PUT", "sys/init", map[string]any{"secret_shares": 1, "secret_threshold": 1})
	s.root, s.share = out["root_token"].(string), out["keys"].([]any)[0].(string)
	s.Unseal(t)
}

// run starts the process, and says how to stop it and start it again.
func (s *Service) run(t *testing.T, program, config string) {
	t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	stop := func() {}
	s.Stop = func() { stop() }
	s.Start = func() {
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		cmd := exec.CommandContext(ctx, program, "server", "-config="+config)
		cmd.Stdout, cmd.Stderr = log, log
		cmd.Env = append(os.Environ(), "HOME="+s.dir)
		if err := cmd.Start(); err != nil {
			cancel()
			t.Fatal(err)
		}
		stop = func() { cancel(); _ = cmd.Wait(); stop = func() {} }
	}
	s.Start()
	t.Cleanup(func() {
		s.Stop()
		_ = log.Close()
		if said, err := os.ReadFile(log.Name()); err == nil && t.Failed() {
			t.Logf("%s said:\n%s", s.Name, said)
		}
	})
}

// certify makes a certificate for the loopback address alone, which is its own authority.
func certify(t *testing.T, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	as := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "transit"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	cert, err := x509.CreateCertificate(rand.Reader, as, as, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for path, b := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: raw}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
