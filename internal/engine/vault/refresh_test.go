package vault_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// losing is a root that destroyed its old key between the reading of a row and its unwrapping, as often as
// fails says.
type losing struct {
	vault.Root
	fails int
}

func (l *losing) Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error) {
	if l.fails > 0 {
		l.fails--
		return nil, errors.New("no key of this name")
	}
	return l.Root.Unwrap(ctx, wrapped, aad)
}

// TestAReaderOutlivesTheOldRootKey: a value sealed after a rotation opens for another process, although that
// one read the wrapped version a moment before it was wrapped anew; a key that never opens is asked a
// bounded number of times.
func TestAReaderOutlivesTheOldRootKey(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		here := open(t, e)
		root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
		if err != nil {
			t.Fatal(err)
		}
		slow := &losing{Root: root}
		there, err := vault.Open(ctx, e.Keys, slow)
		if err != nil {
			t.Fatal(err)
		}
		at := vault.Loc{Table: "t", ID: "1", Column: "c"}
		for _, fails := range []int{2, 1000} {
			a := ids.New[ids.Tenant]()
			if err := here.CreateTenant(ctx, a); err != nil {
				t.Fatal(err)
			}
			held, err := there.Tenant(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			if err := here.NextTenant(ctx, a, 1); err != nil {
				t.Fatal(err)
			}
			k, err := here.Tenant(ctx, a)
			if err != nil {
				t.Fatal(err)
			}
			slow.fails = fails
			got, err := held.Open(at, k.Seal(at, []byte("value")))
			if fails == 2 && (err != nil || string(got) != "value") {
				t.Errorf("after two misses: %q, %v", got, err)
			}
			if fails == 1000 && (code(err) != "vault.key_missing" || slow.fails != 997) {
				t.Errorf("a key that never opens: %v, asked %d times", err, 1000-slow.fails)
			}
		}
	})
}
