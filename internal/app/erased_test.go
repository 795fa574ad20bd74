package app

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/vault"
)

// TestWhatAnotherNodeErasedLeavesMemory: another process on the same key store destroys a tenant's key; the directory
// that this service has in memory is served until the sweep, and not afterwards.
func TestWhatAnotherNodeErasedLeavesMemory(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	ctx, gone, stays := t.Context(), r.probes.tenants[0], r.probes.tenants[1]
	other, err := vault.Open(ctx, r.Keys, r.root)
	if err != nil {
		t.Fatal(err)
	}
	before, err := r.Org.Directory(ctx, gone)
	if err != nil || before.Len() == 0 {
		t.Fatal(err)
	}
	kept, err := r.Org.Directory(ctx, stays)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.DestroyTenant(ctx, gone); err != nil {
		t.Fatal(err)
	}
	if d, err := r.Org.Directory(ctx, gone); err != nil || d != before {
		t.Fatalf("the directory was not in memory: %v", err)
	}
	swept := r.forgetErased(ctx, nil)
	if len(swept) != 1 || swept[0] != gone {
		t.Errorf("swept %v, want %v", swept, gone)
	}
	if _, err := r.Org.Directory(ctx, gone); !fault.Is(err, fault.Missing) {
		t.Errorf("still in memory: %v", err)
	}
	if d, err := r.Org.Directory(ctx, stays); err != nil || d != kept {
		t.Errorf("that of a tenant that lives was dropped: %v", err)
	}
	if again := r.forgetErased(ctx, swept); len(again) != 0 {
		t.Errorf("swept again: %v", again)
	}
}

// TestARunningServiceSweepsItsMemory: it does so by itself.
func TestARunningServiceSweepsItsMemory(t *testing.T) {
	c := DefaultConfig()
	c.Data, c.Listen, c.sabotage, c.sweep = filepath.Join(t.TempDir(), "data"), "127.0.0.1:0", map[string]bool{"none": true}, 10*time.Millisecond
	r, err := Start(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // what it left is thrown away
	ctx, gone := t.Context(), r.probes.tenants[0]
	other, err := vault.Open(ctx, r.Keys, r.root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Org.Directory(ctx, gone); err != nil {
		t.Fatal(err)
	}
	if err := other.DestroyTenant(ctx, gone); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := r.Org.Directory(ctx, gone); fault.Is(err, fault.Missing) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("still in memory")
		}
	}
}
