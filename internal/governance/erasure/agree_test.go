package erasure

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/testdb"
)

// unaware is a signer whose key store has forgotten the head, as an older copy of it has.
type unaware struct{ *vault.Vault }

func (unaware) LedgerHead(context.Context) (vault.Head, error) { return vault.Head{}, nil }
func (unaware) KeepHead(context.Context, vault.Head) error     { return nil }

// forged is a ledger of the same length that names somebody else, made with the service's own key; short lacks the
// newest entry. Both are valid by themselves.
func (b *bed) forged(n int) (file string) {
	b.Helper()
	dir := b.TempDir()
	l := NewLedger(dir, "")
	for range n {
		_, err := l.Append(b.Context(), unaware{b.vault}, Entry{Run: ids.New[string](), Kind: Persons, Tenant: b.neighbour, People: []ids.Person{ids.New[ids.Person]()}})
		b.must(err)
	}
	return filepath.Join(dir, ledgerName)
}

var tForgetHead = db.GlobalQ("erasure_test.forget_head", `delete from erasure_head`)

// TestAnExchangedLedgerIsRefused: a ledger that was exchanged for another of the service's own, together with the key
// store's memory of it, and the database's list of runs with it: the audit log still knows the head. Neither a start,
// nor a check, nor a restore accepts it; with the right one they do.
func TestAnExchangedLedgerIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		all := b.people(b.ours)
		for _, p := range all[:2] {
			_, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{p}, order)
			b.must(err)
		}
		file := filepath.Join(e.Dir, "erasure", ledgerName)
		right, err := os.ReadFile(file)
		b.must(err)
		b.must(e.Keys.Tx(t.Context(), ids.System, func(tx *db.Tx) error { _, err := tx.Exec(tForgetHead); return err }))
		_, err = b.backup.Run(t.Context(), machine) // of a key store that knows nothing
		b.must(err)
		other, err := os.ReadFile(b.forged(2))
		b.must(err)
		one, err := os.ReadFile(b.forged(1))
		b.must(err)
		look := func(why, want string) {
			t.Helper()
			if _, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); code(err) != want {
				t.Errorf("%s: a start: %v", why, err)
			}
			if _, err := b.replay.Ledger.Check(t.Context(), e.DB, b.vault); code(err) != want {
				t.Errorf("%s: a check: %v", why, err)
			}
			refused := ""
			if want != "" {
				refused = "backup.ledger"
			}
			if _, err := (backup.Source{Target: b.target(), Root: b.root, Ledger: b.replay}).Restore(t.Context(), filepath.Join(t.TempDir(), "to"), jst.Date{}); code(err) != refused {
				t.Errorf("%s: a restore: %v", why, err)
			}
		}
		look("the right one", "")
		b.must(os.WriteFile(file, other, 0o600))
		look("exchanged", "erasure.ledger_exchanged")
		b.must(os.WriteFile(file, one, 0o600))
		look("exchanged for a shorter one", "erasure.ledger_exchanged")
		b.must(os.Remove(file))
		look("none at all", "erasure.ledger_short")

		b.exec(db.Global, tForgetRuns) // whoever writes into the database takes its memory too
		for why, x := range map[string]struct {
			text []byte
			code string
		}{"exchanged": {other, "erasure.ledger_exchanged"}, "shorter": {one, "erasure.ledger_short"}} {
			b.must(os.WriteFile(file, x.text, 0o600))
			if _, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); code(err) != x.code {
				t.Errorf("the log alone remembers: %s: %v", why, err)
			}
		}
		b.must(os.WriteFile(file, right, 0o600))
		if n, err := b.replay.CatchUp(t.Context(), e.DB, b.vault); err != nil {
			t.Errorf("the right one again: %d %v", n, err)
		}
		entry, ok, err := audit.Latest(t.Context(), e.DB, b.vault, ids.System, verbEntered)
		if n, hash, known := headOf(entry); err != nil || !ok || !known || n != 2 || len(hash) != 64 {
			t.Errorf("%+v %v %v", entry, ok, err)
		}
		for why, detail := range map[string]map[string]any{
			"nothing": nil, "no hash": {"ledger_entry": 1.0}, "a short hash": {"ledger_entry": 1.0, "ledger_hash": "ab"}, "no number": {"ledger_hash": strings.Repeat("a", 64)}, "a text": {"ledger_entry": "1", "ledger_hash": strings.Repeat("a", 64)},
		} {
			if _, _, ok := headOf(audit.Entry{Detail: detail}); ok {
				t.Errorf("a head is read from %s", why)
			}
		}
		if _, ok, err := audit.Latest(t.Context(), e.DB, b.vault, b.neighbour, "nothing.such"); ok || err != nil {
			t.Errorf("an event that is not there: %v %v", ok, err)
		}
	})
}
