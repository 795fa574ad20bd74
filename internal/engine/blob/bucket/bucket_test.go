package bucket_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/blob/bucket"
	"rakudos/internal/testkit/s3server"
)

var _ blob.Store = (*bucket.Bucket)(nil)

func open(t *testing.T, c bucket.Config) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func read(t *testing.T, b *bucket.Bucket, key string) string {
	t.Helper()
	r, err := b.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestS3 against a real server with object locks.
func TestS3(t *testing.T) {
	c := s3server.Start(t)
	ctx := t.Context()
	keeps(t, c, "test-access\nanother-secret\n")
	b := open(t, c)
	// A lock holds against those who wrote it, and ends.
	if _, err := b.PutLocked(ctx, "sets/l/manifest", strings.NewReader("locked"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := b.Erase(ctx, "sets/l/manifest"); fault.Of(err) == nil || fault.Of(err).Code != "blob.locked" {
		t.Errorf("a locked file is erased: %v", err)
	}
	if until, err := b.LockedUntil(ctx, "sets/l/manifest"); err != nil || time.Until(until) < 50*time.Minute {
		t.Errorf("locked until %v %v", until, err)
	}
	if until, err := b.LockedUntil(ctx, "sets/a/manifest"); err != nil || !until.IsZero() {
		t.Errorf("a lock that nobody set: %v %v", until, err)
	}
	if got := read(t, b, "sets/l/manifest"); got != "locked" {
		t.Errorf("%q", got)
	}
	if err := b.Erase(ctx, "sets/a/manifest"); err != nil {
		t.Errorf("one without a lock: %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "c")
	if err := os.WriteFile(secret, []byte("a b"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, bucket.Config{URL: "s3://x", Endpoint: "http://127.0.0.1:1", Region: "r", CredentialsFile: secret})
	if _, err := b.Put(t.Context(), "a", bytes.NewReader(nil)); !fault.Is(err, fault.Busy) {
		t.Errorf("%v", err)
	}
}

func TestConfig(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good, open, short := write("good", "id secret\n", 0o600), write("open", "id secret\n", 0o644), write("short", "id\n", 0o600)
	for name, c := range map[string]bucket.Config{
		"no url":          {},
		"scheme":          {URL: "ftp://x"},
		"query":           {URL: "s3://x?endpoint=http://evil"},
		"user":            {URL: "s3://a:b@x"},
		"climbing prefix": {URL: "s3://x/../y", CredentialsFile: good},
		"plain http":      {URL: "s3://x", Endpoint: "http://store.example", CredentialsFile: good},
		"readable secret": {URL: "s3://x", CredentialsFile: open},
		"short secret":    {URL: "s3://x", CredentialsFile: short},
		"no secret file":  {URL: "s3://x", CredentialsFile: filepath.Join(dir, "none")},
		"azure, no host":  {URL: "azblob://x", CredentialsFile: short},
		"azure, two keys": {URL: "azblob://x", Endpoint: "https://a.blob.core.windows.net", CredentialsFile: good},
	} {
		if _, err := bucket.Open(t.Context(), c); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
