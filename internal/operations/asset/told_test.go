package asset

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	tEnter = db.Q("asset_test.enter", `insert into asset_entry (tenant_id, asset_id, kind, name, location, facts, class, owner, disposal, created_by, first_seen, last_seen, disposed_at)
		values ($1, $2, 'store', 'x', 'x', '', 'internal', 'SRE', 'x', $3, 1, 1, 0)`)
	tGone   = db.Q("asset_test.gone", `update asset_entry set disposed_at = 5 where tenant_id = $1 and asset_id = $2`)
	tDelete = db.Q("asset_test.delete", `delete from asset_entry where tenant_id = $1 and asset_id = $2`)
)

// TestTheLedgerIsWhatTheLogSays: whoever writes into the table hides no stranger by a line, and nothing that has
// vanished by a date or by taking its line away (ADR 21).
func TestTheLedgerIsWhatTheLogSays(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _ := service(t, e)
		look(t, s)
		exec := func(q db.Query, args ...any) {
			t.Helper()
			if err := e.DB.Tx(t.Context(), ids.System, func(tx *db.Tx) error {
				_, err := tx.Exec(q, append([]any{ids.System}, args...)...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		put := func(name string) {
			if err := os.WriteFile(filepath.Join(s.o.Dir, name), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		has := func(d Difference, id string) string {
			switch {
			case slices.ContainsFunc(d.Orphans, func(f Found) bool { return f.ID == id }):
				return "orphan"
			case slices.ContainsFunc(d.Vanished, func(x Entry) bool { return x.ID == id }):
				return "vanished"
			}
			return ""
		}
		want := func(id, is string) {
			t.Helper()
			if got := has(look(t, s).Difference, id); got != is {
				t.Errorf("%s is %q, want %q", id, got, is)
			}
		}
		one, two := pair()
		put("stranger.csv")
		want("store:stranger.csv", "orphan")
		exec(tEnter, "store:stranger.csv", "service")
		want("store:stranger.csv", "orphan")
		exec(tDelete, "store:stranger.csv")
		exec(tEnter, "store:stranger.csv", string(one.Account))
		want("store:stranger.csv", "orphan") // nobody claimed it
		exec(tDelete, "store:stranger.csv")

		put("mine.csv")
		if err := s.Claim(t.Context(), one, "store:mine.csv", Internal, "SRE"); err != nil {
			t.Fatal(err)
		}
		want("store:mine.csv", "")
		for _, name := range []string{"mine.csv", "log"} {
			if err := os.Remove(filepath.Join(s.o.Dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		for _, id := range []string{"store:mine.csv", "store:log"} {
			want(id, "vanished")
			exec(tGone, id)
			want(id, "vanished")
			exec(tDelete, id)
			want(id, "vanished")
		}
		ev, err := s.probeLedger(t.Context())
		if err != nil || ev.OK {
			t.Errorf("%+v %v", ev, err)
		}

		put("other.csv") // one that is really disposed of stays so
		if err := s.Claim(t.Context(), one, "store:other.csv", Internal, "SRE"); err != nil {
			t.Fatal(err)
		}
		d, err := s.Ask(t.Context(), one, "store:other.csv", "不要になったため")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(t.Context(), two, d.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := carry(t.Context(), s, one, d.ID); err != nil {
			t.Fatal(err)
		}
		want("store:other.csv", "")
	})
}

var (
	tApprove = db.Q("asset_test.approve", `update asset_disposal set state = 'approved', decided_by = $3, decided_at = $4 where tenant_id = $1 and disposal_id = $2`)
	tOther   = db.Q("asset_test.other", `update asset_disposal set asset_id = $3 where tenant_id = $1 and disposal_id = $2`)
)

// TestAnApprovalIsTheLogs: one that was written into the row approves nothing, nor does a true one for another resource;
// both are recorded, and the file stays.
func TestAnApprovalIsTheLogs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, log := service(t, e)
		ctx := t.Context()
		one, two := pair()
		exec := func(q db.Query, args ...any) {
			t.Helper()
			if err := e.DB.Tx(ctx, ids.System, func(tx *db.Tx) error {
				_, err := tx.Exec(q, append([]any{ids.System}, args...)...)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		var asked []*Disposal
		for _, name := range []string{"a.csv", "b.csv", "c.csv"} {
			if err := os.WriteFile(filepath.Join(s.o.Dir, name), []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := s.Claim(ctx, one, "store:"+name, Internal, "SRE"); err != nil {
				t.Fatal(err)
			}
			if name == "c.csv" {
				break
			}
			d, err := s.Ask(ctx, one, "store:"+name, "不要になったため")
			if err != nil {
				t.Fatal(err)
			}
			asked = append(asked, d)
		}
		exec(tApprove, asked[0].ID, string(two.Account), db.Micros(time.Now()))
		if err := s.Decide(ctx, two, asked[1].ID, true); err != nil {
			t.Fatal(err)
		}
		exec(tOther, asked[1].ID, "store:c.csv")
		for i, d := range asked {
			if err := carry(ctx, s, one, d.ID); !fault.Is(err, fault.Denied) {
				t.Errorf("%d: %v", i, err)
			}
		}
		for _, name := range []string{"a.csv", "b.csv", "c.csv"} {
			if _, err := os.Stat(filepath.Join(s.o.Dir, name)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if found, err := log.Find(ctx, one, audit.Filter{Verb: "integrity.row_refused"}); err != nil || len(found) != 2 {
			t.Errorf("told %d times: %v", len(found), err)
		}
		exec(tOther, asked[1].ID, "store:b.csv")
		if err := carry(ctx, s, one, asked[1].ID); err != nil {
			t.Errorf("a true approval: %v", err)
		}
	})
}
