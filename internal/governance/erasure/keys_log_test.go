package erasure

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

var qWrapped = db.Q("erasure_test.wrapped", `select wrapped from key_tenant where tenant_id = $1 union all select wrapped from key_person where tenant_id = $1`)

// TestNoKeyIsLeftWithItsServer: after an erasure none of the wrapped keys stands anywhere in the folder of the key store's
// server, its log of changes and its statistics among it; where the service may not do that, the record says so.
func TestNoKeyIsLeftWithItsServer(t *testing.T) {
	apart, c := testdb.Apart(t, "")
	ctx := t.Context()
	d, err := c.Create(ctx, "keys")
	if err != nil {
		t.Fatal(err)
	}
	does := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if err := c.ExecIn(ctx, "keys", s); err != nil {
				t.Fatal(err)
			}
		}
	}
	part := []string{"select pg_logical_emit_message(false, 'x', 'x')", "select pg_switch_wal()", "checkpoint"}
	does(slices.Repeat(part, 3)...) // parts to come, as a server has them that was busy once
	b := newBed(t, testdb.WithKeys(t, apart, db.Config{Engine: db.Postgres, DSN: d.AppDSN, OwnerDSN: d.OwnerDSN, Readers: 4}), 4)
	does("analyze")
	wrapped := func(id ids.Tenant) (all [][]byte) {
		b.must(b.e.Keys.View(ctx, id, func(tx *db.Tx) (err error) {
			all, err = db.Column[[]byte](tx, qWrapped, id)
			return err
		}))
		if len(all) != 5 {
			t.Fatalf("%d keys", len(all))
		}
		return all
	}
	erases := func(id ids.Tenant, keys [][]byte, want db.LogKept) (in []string) {
		t.Helper()
		does(part...)
		r, err := b.gate.EraseTenant(ctx, machine, id, order)
		b.must(err)
		said := slices.ContainsFunc(r.Exceptions, func(x Exception) bool { return x.What == "鍵のデータベースの先行書込みログ（WAL）" })
		if r.KeyLog != want || said != (want != "") {
			t.Errorf("%q, said: %v", r.KeyLog, said)
		}
		does("checkpoint")
		b.must(filepath.WalkDir(filepath.Dir(c.WAL()), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
				return nil // the server takes files away meanwhile
			}
			content, err := os.ReadFile(path)
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if slices.ContainsFunc(keys, func(k []byte) bool { return bytes.Contains(content, k) }) {
				in = append(in, path)
			}
			return err
		}))
		return in
	}
	keys := wrapped(b.neighbour)
	in := erases(b.neighbour, keys, db.LogRights)
	if len(in) == 0 {
		t.Error("the log holds no key: this proves nothing")
	}
	for _, path := range in {
		if filepath.Dir(path) != c.WAL() {
			t.Errorf("destroyed keys are in %s", path)
		}
	}
	does("grant pg_checkpoint, pg_monitor to "+pg.OwnerRole, "grant execute on function pg_switch_wal() to "+pg.OwnerRole)
	if in := erases(b.ours, append(keys, wrapped(b.ours)...), ""); len(in) > 0 {
		t.Errorf("destroyed keys are in %v", in)
	}
}
