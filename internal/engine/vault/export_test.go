package vault

import (
	"bytes"
	"context"
	"os"
	"testing"
	"time"

	"rakudos/internal/base/ids"
)

// Age makes every cached key older.
func Age(v *Vault, by time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for t, c := range v.cache {
		c.loaded = c.loaded.Add(-by)
		v.cache[t] = c
	}
}

// Contains tells whether a file holds the raw bytes of a key.
func Contains(t *testing.T, path string, k *Key) bool {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(b, k.current().raw[:])
}

// DestroyTenantKey is the first half of DestroyTenant: what is done when a kill comes between.
func (v *Vault) DestroyTenantKey(ctx context.Context, t ids.Tenant) error {
	return v.destroyTenantKey(ctx, t)
}

// Raw are the bytes of a key.
func Raw(k *Key) []byte { return bytes.Clone(k.current().raw[:]) }

// Cached tells whether a tenant's key is in memory.
func Cached(v *Vault, t ids.Tenant) bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	_, ok := v.cache[t]
	return ok
}
