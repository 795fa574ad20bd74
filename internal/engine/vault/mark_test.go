package vault

import (
	"testing"

	"rakudos/internal/testkit/testdb"
)

// A new key store has every mark; one from before gets each once, and it survives another opening.
func TestMarks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		root, err := FileRoot(e.Dir + "/root.key")
		if err != nil {
			t.Fatal(err)
		}
		open := func() *Vault {
			v, err := Open(ctx, e.Keys, root)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		marked := func(v *Vault) bool {
			ok, err := v.Marked(ctx, MarkRows)
			if err != nil {
				t.Fatal(err)
			}
			return ok
		}
		v := open()
		if !marked(v) {
			t.Error("a new key store has something from before")
		}
		if err := v.DropMark(ctx, MarkRows); err != nil || marked(v) {
			t.Errorf("the mark stands: %v", err)
		}
		if err := v.DropMark(ctx, 1); err != nil {
			t.Error(err)
		}
		if v = open(); marked(v) {
			t.Error("an older key store was taken for a new one")
		}
		for range 2 {
			if err := v.SetMark(ctx, MarkRows); err != nil {
				t.Fatal(err)
			}
		}
		if !marked(open()) {
			t.Error("the mark was forgotten")
		}
	})
}
