package bucket_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"rakudos/internal/testkit/azurite"
)

func wrongKey() string { return base64.StdEncoding.EncodeToString([]byte(strings.Repeat("wrong", 12))) }

// TestAzure against the service's emulator, which checks every signature.
func TestAzure(t *testing.T) {
	c := azurite.Start(t)
	keeps(t, c, wrongKey())
	b := open(t, c)
	// It knows no policies: what is written is there, and is not called locked.
	if _, err := b.PutLocked(t.Context(), "sets/l/manifest", strings.NewReader("x"), time.Now().Add(time.Hour)); codeOf(err) != "blob.no_lock" {
		t.Errorf("a lock on a store without locks: %v", err)
	}
	if until, err := b.LockedUntil(t.Context(), "sets/l/manifest"); err != nil || !until.IsZero() {
		t.Errorf("locked until %v %v", until, err)
	}
}

// TestAzureVersions: a container that locks keeps versions, so that deleting a blob leaves it there. Versions and
// policies are played (azurite.Worm).
func TestAzureVersions(t *testing.T) {
	w := azurite.StartWorm(t)
	b := open(t, w.Config)
	generations(t, b)
	ctx := t.Context()
	put := func(key, text string) {
		t.Helper()
		if _, err := b.Put(ctx, key, strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
	}
	// A copy of keys, written twice, deleted once: all of it goes.
	put("keys/a/manifest", "1")
	put("keys/a/manifest", "2")
	if err := b.Delete(ctx, "keys/a/manifest"); err != nil || w.Versions("rk/keys/a/manifest") != 2 {
		t.Errorf("%d versions, %v: a delete covers, as the service documents", w.Versions("rk/keys/a/manifest"), err)
	}
	put("keys/a/manifest", "3")
	for range 2 {
		if err := b.Erase(ctx, "keys/a/manifest"); err != nil || w.Versions("rk/keys/a/manifest") != 0 {
			t.Errorf("%d versions are left: %v", w.Versions("rk/keys/a/manifest"), err)
		}
	}
	// A lock holds against those who set it, and the file stays where it is.
	if _, err := b.PutLocked(ctx, "sets/l/manifest", strings.NewReader("locked"), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Erase(ctx, "sets/l/manifest"); codeOf(err) != "blob.locked" || read(t, b, "sets/l/manifest") != "locked" {
			t.Errorf("a locked file: %v", err)
		}
	}
	if until, err := b.LockedUntil(ctx, "sets/l/manifest"); err != nil || time.Until(until) < 50*time.Minute {
		t.Errorf("%v %v", until, err)
	}
	// Overwritten, it is a previous version, and holds as such.
	put("sets/l/manifest", "over")
	if err := b.Erase(ctx, "sets/l/manifest"); codeOf(err) != "blob.locked" || w.Versions("rk/sets/l/manifest") == 0 {
		t.Errorf("a locked previous version: %v", err)
	}
	// A lock that is over holds nothing.
	if _, err := b.PutLocked(ctx, "sets/o/manifest", strings.NewReader("x"), time.Now().Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(2 * time.Second)
	if err := b.Erase(ctx, "sets/o/manifest"); err != nil || w.Versions("rk/sets/o/manifest") != 0 {
		t.Errorf("after its lock: %v", err)
	}
	// An account that keeps what is deleted has not erased it, and it is said each time.
	w.Soft = true
	put("keys/s/manifest", "x")
	for range 2 {
		if err := b.Erase(ctx, "keys/s/manifest"); codeOf(err) != "blob.kept" {
			t.Errorf("kept by the account: %v", err)
		}
	}
	w.Soft, w.Off = false, true
	if _, err := b.PutLocked(ctx, "sets/c/manifest", strings.NewReader("x"), time.Now().Add(time.Hour)); codeOf(err) != "blob.no_lock" {
		t.Errorf("a container that allows no policy: %v", err)
	}
}
