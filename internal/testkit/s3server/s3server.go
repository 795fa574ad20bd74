// Package s3server runs a real S3 server for tests: versitygw on a temporary folder, with versions and object locks.
// It must never listen beyond the loopback address, nor outlive its test.
package s3server

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"rakudos/internal/engine/blob/bucket"
)

// program finds versitygw: in PATH, or where tools/install-test-needs put it.
func program() (string, error) {
	if p, err := exec.LookPath("versitygw"); err == nil {
		return p, nil
	}
	_, here, _, _ := runtime.Caller(0)
	p := filepath.Join(filepath.Dir(here), "..", "..", "..", "bin", "versitygw")
	_, err := os.Stat(p)
	return p, err
}

// Start runs a server with one bucket whose objects can be locked, and says how to reach it.
func Start(t testing.TB) bucket.Config {
	t.Helper()
	exe, err := program()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("s3server: %v", err)
		}
		t.Skipf("\n*** NOT TESTED AGAINST S3: %v\n*** `make test` installs it; in CI this is a failure.", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	dir, versions := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cmd := exec.CommandContext(ctx, exe, "--quiet", "--port", addr, "--access", "test-access", "--secret", "test-secret-key", "posix", "--sidecar", t.TempDir(), "--versioning-dir", versions, dir)
	said, err := os.Create(filepath.Join(t.TempDir(), "s3.log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait(); _ = said.Close() })
	secret := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(secret, []byte("test-access\ntest-secret-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := bucket.Config{URL: "s3://copies", Endpoint: "http://" + addr, Region: "us-east-1", CredentialsFile: secret}
	cl := s3.New(s3.Options{BaseEndpoint: aws.String(c.Endpoint), UsePathStyle: true, Region: c.Region, Credentials: credentials.NewStaticCredentialsProvider("test-access", "test-secret-key", "")})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		_, err = cl.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("copies"), ObjectLockEnabledForBucket: aws.Bool(true)})
		if err == nil {
			return c
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(said.Name())
			t.Fatalf("s3server: %v\n%s", err, log)
		}
	}
}
