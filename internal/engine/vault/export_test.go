package vault

import (
	"bytes"
	"os"
	"testing"
	"time"
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
