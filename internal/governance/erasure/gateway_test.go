package erasure

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/testdb"
)

func code(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

// verified: the log holds after an erasure as before it.
func (b *bed) verified() {
	b.Helper()
	r, err := audit.Verify(b.Context(), b.e.DB, b.vault, audit.Config{Dir: filepath.Join(b.e.Dir, "log")})
	b.must(err)
	if !r.OK {
		b.Fatalf("audit verify: %v", r.First)
	}
}

func (b *bed) same(before map[string]int64, why string) {
	b.Helper()
	after := b.counts(b.e.DB, b.neighbour)
	for name, n := range before {
		if after[name] != n && name != "audit_event" && name != "audit_person" {
			b.Errorf("%s: the neighbour had %d rows in %s and has %d", why, n, name, after[name])
		}
	}
}

// TestTenantIsErased: every declared table had rows and has none; the keys are gone with receipts, an older
// backup cannot be read, the log still verifies, the neighbour has lost nothing.
func TestTenantIsErased(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 30)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		before, next := b.counts(e.DB, b.ours), b.counts(e.DB, b.neighbour)
		for _, s := range sweeps {
			if (s.Erase == Rows || s.Erase == AfterKeys) && (before[s.Name] == 0 || next[s.Name] == 0) {
				t.Errorf("%s has no rows to lose: the test proves nothing about it; fill it in fill_more_test.go", s.Name)
			}
		}
		r, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order)
		b.must(err)
		after := b.counts(e.DB, b.ours)
		for _, s := range sweeps {
			if (s.Erase == Rows || s.Erase == AfterKeys) && after[s.Name] != 0 {
				t.Errorf("%d rows are left in %s", after[s.Name], s.Name)
			}
		}
		if len(r.Scope) < 20 {
			t.Errorf("the record names %d stores", len(r.Scope))
		}
		for _, sc := range r.Scope {
			if want, ok := before[sc.Store[len("main."):]]; ok && sc.Store != "main.tenant" && sc.Count != want {
				t.Errorf("%s: %d counted, %d were there", sc.Store, sc.Count, want)
			}
		}
		if r.State != Done || len(r.Receipts) != 1 || r.KeysGone != 31 || !r.Copies.Purged || !r.Verification.OK || r.LedgerN != 1 || len(r.LedgerHash) != 64 {
			t.Errorf("%+v", r)
		}
		if v := r.Verification; v.Tried < 60 || v.Opened != 0 || len(v.Backups) != 1 || v.Stores < 30 {
			t.Errorf("%+v", v)
		}
		if b.mailed != 1 {
			t.Errorf("mails: dropped %d times", b.mailed)
		}
		if _, err := b.vault.Tenant(t.Context(), b.ours); code(err) != "vault.key_destroyed" {
			t.Errorf("the key: %v", err)
		}
		if names, err := b.raw.List(t.Context(), string(b.ours)+"/"); err != nil || len(names) != 0 {
			t.Errorf("files: %v %v", names, err)
		}
		b.same(next, "tenant")
		b.verified()
		got, err := b.gate.Status(t.Context(), machine, b.ours, r.ID)
		b.must(err)
		if got.State != Done || len(got.Scope) != len(r.Scope) {
			t.Errorf("%+v", got)
		}
	})
}

// TestPersonsAreErased: three people go with everything that is theirs, the others and their log stay.
func TestPersonsAreErased(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 25)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		next := b.counts(e.DB, b.neighbour)
		all := b.people(b.ours)
		gone := all[3:6]
		r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, slices.Concat(gone, gone[:1]), order)
		b.must(err)
		if r.State != Done || r.KeysGone != 3 || r.Subjects != 3 || !r.Verification.OK || r.Verification.Tried == 0 || r.Verification.Opened != 0 {
			t.Errorf("%+v", r)
		}
		after := b.counts(e.DB, b.ours)
		for name, want := range map[string]int64{"person": 22, "checkup_result": 44, "checkup_judgement": 44, "identity_accounts": 22, "identity_sessions": 22, "identity_grants": 22, "roster_stage": 22, "consent": 22, "identity_retired": 4,
			"checkup_followup": 22, "sso_links": 22, "scim_users": 22, "scim_given": 22, "review_pace": 22, "review_notice": 22, "support_accesses": 22, "review_line": 1} {
			if after[name] != want {
				t.Errorf("%s: %d rows, want %d", name, after[name], want)
			}
		}
		keys, err := b.vault.Persons(t.Context(), b.ours, all)
		b.must(err)
		if len(keys) != 22 {
			t.Errorf("%d keys", len(keys))
		}
		b.same(next, "persons")
		b.verified()
		again, err := b.gate.ErasePersons(t.Context(), machine, b.ours, gone, order)
		if err != nil || again.State != Done || len(again.Scope) > 1 { // the bed always has a mail
			t.Errorf("again: %+v %v", again, err)
		}
	})
}

// TestOldBackupBringsNobodyBack: a backup from before is restored; the ledger is replayed before anybody can
// open it, for a tenant and for people, also when the key store's copy is older than the ledger.
func TestOldBackupBringsNobodyBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 12)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		person := b.people(b.neighbour)[0]
		_, err = b.gate.ErasePersons(t.Context(), machine, b.neighbour, []ids.Person{person}, order)
		b.must(err)
		_, err = b.gate.EraseTenant(t.Context(), machine, b.ours, order)
		b.must(err)
		d, err := b.backup.Drill(t.Context(), machine)
		b.must(err)
		if !d.OK || d.Ledger != "2件を適用" {
			t.Errorf("drill: %+v", d.Restored)
		}
		dir := filepath.Join(t.TempDir(), "back")
		target := backup.Source{Target: b.target(), Root: b.root, Ledger: b.replay}
		got, err := target.Restore(t.Context(), dir, jst.Of(time.Now()))
		b.must(err)
		if got.Ledger != "2件を適用" {
			t.Errorf("%+v", got)
		}
		old, err := db.Open(t.Context(), db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db"), Readers: 1})
		b.must(err)
		defer old.Close()
		after := b.counts(old, b.ours)
		for _, s := range sweeps {
			if (s.Erase == Rows || s.Erase == AfterKeys) && after[s.Name] != 0 {
				t.Errorf("%d rows of the tenant are back in %s", after[s.Name], s.Name)
			}
		}
		if n := b.counts(old, b.neighbour); n["person"] != 11 || n["checkup_result"] != 22 || n["identity_accounts"] != 11 {
			t.Errorf("the neighbour: %v", n)
		}
	})
}

var tResults = db.Q("erasure_test.results", `select id from checkup_result where tenant_id = $1 and person_id = $2 and year = 2024`)

// TestRecordsAreErased: one year of people who stay goes with its judgements and opinions; the keys stay, and the
// record says what that means for backups.
func TestRecordsAreErased(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 5)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		next, all := b.counts(e.DB, b.neighbour), b.people(b.ours)
		var items []Item
		for _, p := range all[:2] {
			b.must(e.DB.View(t.Context(), b.ours, func(tx *db.Tx) error {
				found, err := db.Column[string](tx, tResults, b.ours, p)
				for _, id := range found {
					items = append(items, Item{"checkup_result", id, p})
				}
				return err
			}))
		}
		for name, bad := range map[string][]Item{
			"nothing": nil, "another table": {{"person", string(all[0]), all[0]}}, "no owner": {{"checkup_result", "x", ""}}, "two words": {{"checkup_result", "x y", all[0]}},
		} {
			if _, err := b.gate.EraseRecords(t.Context(), machine, b.ours, general, bad, order); code(err) != "erasure.records" {
				t.Errorf("%s: %v", name, err)
			}
		}
		r, err := b.gate.EraseRecords(t.Context(), machine, b.ours, general, items, order)
		b.must(err)
		after := b.counts(e.DB, b.ours)
		if len(items) != 2 || r.State != Done || r.KeysGone != 0 || after["checkup_result"] != 8 || after["checkup_judgement"] != 8 || after["person"] != 5 {
			t.Errorf("%d items, %v, %+v", len(items), after, r)
		}
		said := slices.ContainsFunc(r.Exceptions, func(x Exception) bool { return x.What == "バックアップの中の同じ記録" })
		if !said {
			t.Errorf("the record does not say that backups still hold it: %+v", r.Exceptions)
		}
		b.same(next, "records")
		d, err := b.backup.Drill(t.Context(), machine)
		b.must(err)
		if !d.OK || d.Ledger != "1件を適用" {
			t.Errorf("drill: %+v", d.Restored)
		}
	})
}

// TestOrdersAreChecked: who may not, what is missing, and what is not there.
func TestOrdersAreChecked(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 2)
		one := b.people(b.ours)[:1]
		for name, c := range map[string]struct {
			o    Order
			code string
		}{
			"no reason":           {Order{RequestedBy: "a", ApprovedBy: []string{"a", "b"}}, "erasure.reason"},
			"nobody asked":        {Order{Reason: "x", ApprovedBy: []string{"a", "b"}}, "erasure.two_people"},
			"one approver":        {Order{Reason: "x", RequestedBy: "a", ApprovedBy: []string{"a"}}, "erasure.two_people"},
			"one approver twice":  {Order{Reason: "x", RequestedBy: "a", ApprovedBy: []string{"a", "a"}}, "erasure.two_people"},
			"an empty approver":   {Order{Reason: "x", RequestedBy: "a", ApprovedBy: []string{"a", "b", " "}}, "erasure.two_people"},
			"a reason of a novel": {Order{Reason: strings.Repeat("長", 501), RequestedBy: "a", ApprovedBy: []string{"a", "b"}}, "erasure.reason"},
		} {
			if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, one, c.o); code(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.gate.ErasePersons(t.Context(), machine, b.ours, nil, order); code(err) != "erasure.people" {
			t.Errorf("nobody: %v", err)
		}
		if _, err := b.gate.EraseTenant(t.Context(), machine, ids.System, order); code(err) != "erasure.system" {
			t.Errorf("the service itself: %v", err)
		}
		if _, err := b.gate.EraseTenant(t.Context(), machine, ids.New[ids.Tenant](), order); code(err) != "erasure.no_tenant" {
			t.Errorf("a stranger: %v", err)
		}
		human := actor.Actor{Kind: actor.Human, Tenant: b.ours, Account: "a", Roles: actor.Roles}
		if _, err := b.gate.ErasePersons(t.Context(), human, b.ours, one, order); code(err) != "access.denied" {
			t.Errorf("a human: %v", err)
		}
		if _, err := b.gate.Status(t.Context(), machine, b.ours, "x"); code(err) != "erasure.no_run" {
			t.Errorf("no run: %v", err)
		}
		if n := b.counts(e.DB, b.ours); n["person"] != 2 || n["erasure_run"] != 0 {
			t.Errorf("%v", n)
		}
		_, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order)
		b.must(err)
		if _, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order); code(err) != "erasure.gone" {
			t.Errorf("a second time: %v", err)
		}
	})
}
