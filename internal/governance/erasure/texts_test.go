package erasure

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

var (
	tDecline = db.Q("erasure_test.decline", `insert into retention_candidate (tenant_id, candidate_id, kind, unit, subject, person_id, class, base, keep_until, state, listed_at, reason)
		values ($1, $2, 'person', '', $2, $3, 'x', '2020-01-01', '2025-01-01', 'declined', 1, $4)`)
	tHoldText    = db.Q("erasure_test.hold_text", `select hold_id, sealed from erasure_hold where tenant_id = $1`)
	tDeclineText = db.Q("erasure_test.decline_text", `select candidate_id, reason from retention_candidate where tenant_id = $1`)
)

const whyHeld = "試験 太郎一さんの労災（うつ病）の訴訟"

// words puts in holds and declines: of two people, of one who stays held, and of the whole tenant, each by this
// version and by an earlier one, which used the service's key.
type words struct {
	*bed
	people []ids.Person
	of     map[string]ids.Person // identifier of a row; "": of the whole tenant
	house  map[string]bool       // rows of an earlier version
	before map[string][]byte     // the sealed words of every row
}

func (b *bed) words(t ids.Tenant) *words {
	b.Helper()
	w := &words{bed: b, people: b.people(t), of: map[string]ids.Person{}, house: map[string]bool{}}
	system, err := b.vault.Tenant(b.Context(), ids.System)
	b.must(err)
	own, err := b.vault.Tenant(b.Context(), t)
	b.must(err)
	for _, p := range append(slices.Clone(w.people[:2]), "") {
		h := b.aHold(p)
		h.Tenant, h.Reason, h.Authority, h.Reviewer = t, whyHeld, "京都地裁", "山田花子"
		if p == "" {
			h.Scope = HoldTenant
		}
		placed, err := b.gate.Place(b.Context(), machine, h)
		b.must(err)
		b.must(b.gate.Release(b.Context(), machine, t, placed.ID, "うつ病の訴訟が和解"))
		old := ids.New[string]()
		text, err := json.Marshal(sealedHold{h.Reason, h.Authority, h.Reviewer})
		b.must(err)
		b.exec(t, tHold, t, old, h.Scope, p, "", system.Seal(holdAt(old), text))
		b.exec(t, tRelease, t, old)
		w.of[placed.ID], w.of[old], w.house[old] = p, p, true
		for _, k := range []*vault.Key{own, system} {
			if p != "" {
				id := ids.New[string]()
				b.exec(t, tDecline, t, id, p, k.Seal(vault.Loc{Table: "retention_candidate", ID: id, Column: "reason"}, []byte("うつ病の労災で係争中")))
				w.of[id], w.house[id] = p, k == system
			}
		}
	}
	w.before = w.texts(b.e.DB, t)
	if len(w.before) != 10 {
		b.Fatalf("%d rows", len(w.before))
	}
	return w
}

// texts reads the sealed words of every row.
func (w *words) texts(d *db.DB, t ids.Tenant) map[string][]byte {
	w.Helper()
	out := map[string][]byte{}
	w.must(d.View(context.Background(), t, func(tx *db.Tx) error {
		for _, q := range []db.Query{tHoldText, tDeclineText} {
			if err := db.Each(tx, q, func(s db.Scanner) error {
				var id string
				var sealed []byte
				err := s.Scan(&id, &sealed)
				out[id] = sealed
				return err
			}, t); err != nil {
				return err
			}
		}
		return nil
	}))
	return out
}

// opened tells whether any key that is still there opens what the row held before.
func (w *words) opened(t ids.Tenant, id string) bool {
	w.Helper()
	for _, table := range []string{"erasure_hold.sealed", "retention_candidate.reason"} {
		name, column, _ := strings.Cut(table, ".")
		ok, err := tryOpen(w.Context(), w.vault, t, old{table: name, column: column, id: id, sealed: w.before[id]})
		w.must(err)
		if ok {
			return true
		}
	}
	return false
}

// lying names files of the records that hold any of the bytes.
func (w *words) lying(needles [][]byte) (found []string) {
	w.Helper()
	dir := w.e.Dir
	if w.e.Engine == db.Postgres {
		var err error
		dir, _, err = pg.Files(w.Context(), w.e.Main.OwnerDSN)
		w.must(err)
	}
	w.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || w.e.Engine == db.SQLite && !strings.HasPrefix(filepath.Base(path), "main.db") {
			return nil // gone meanwhile, or no file of the records
		}
		text, err := os.ReadFile(path)
		if err == nil && slices.ContainsFunc(needles, func(n []byte) bool { return bytes.Contains(text, n) }) {
			found = append(found, path)
		}
		return nil
	}))
	return found
}

func (w *words) needles(which func(id string) bool) (out [][]byte) {
	for id, sealed := range w.before {
		if which(id) {
			out = append(out, sealed)
		}
	}
	return out
}

func said(r Record, what string) bool {
	return slices.ContainsFunc(r.Exceptions, func(x Exception) bool { return strings.Contains(x.What+x.Why, what) })
}

// TestWordsGoWithTheirPerson: why a person was held and the erasure of the records declined goes with the person, also
// from the files; what is said of others and of the whole tenant stays readable, and the record says what stays.
func TestWordsGoWithTheirPerson(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 4)
		w := b.words(b.ours)
		gone := w.people[0]
		of := func(id string) bool { return w.of[id] == gone }
		if len(w.lying(w.needles(of))) == 0 {
			t.Error("the search does not see what is there: it proves nothing")
		}
		r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, []ids.Person{gone}, order)
		b.must(err)
		for id, sealed := range w.texts(e.DB, b.ours) {
			if (len(sealed) == 0) != of(id) {
				t.Errorf("%s of %q: %d bytes", id, w.of[id], len(sealed))
			}
		}
		if left := w.lying(w.needles(of)); len(left) > 0 {
			t.Errorf("emptied words are still in %v", left)
		}
		if !said(r, "会社全体と記録の種類の保全の理由などは人ごとに分けられないため残り") || !said(r, "以前の版はサービスの鍵で封をしていた") || !r.Verification.OK {
			t.Errorf("%+v %+v", r.Exceptions, r.Verification)
		}
		all, err := b.gate.Holds(t.Context(), machine, b.ours)
		if err != nil || len(all) != 6 {
			t.Fatalf("%d holds, %v", len(all), err)
		}
		for _, h := range all {
			want := [3]string{whyHeld, "京都地裁", "山田花子"}
			if of(h.ID) {
				want = [3]string{erasedText, erasedText, erasedText}
			}
			if got := [3]string{h.Reason, h.Authority, h.Reviewer}; got != want || h.Unread || h.Erased != of(h.ID) {
				t.Errorf("%s: %+v", w.of[h.ID], h)
			}
		}
		other, err := b.gate.ErasePersons(t.Context(), machine, b.ours, w.people[3:4], order)
		if err != nil || said(other, "以前の版はサービスの鍵") {
			t.Errorf("of whom an earlier version wrote nothing: %+v %v", other.Exceptions, err)
		}
	})
}

// TestWordsGoWithTheirTenant: nothing of what was said about holds and declines is there or opens; lists and probes go
// on; a restore of an older backup empties them too; and what an earlier version has left of an erased tenant is
// emptied at the next start.
func TestWordsGoWithTheirTenant(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 4)
		w, next := b.words(b.ours), b.words(b.neighbour)
		_, err := b.backup.Run(t.Context(), machine)
		b.must(err)
		r, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order)
		b.must(err)
		if r.State != Done || !r.Verification.OK || !said(r, "以前の版はサービスの鍵で封をしていた") {
			t.Errorf("%+v %+v", r.Exceptions, r.Verification)
		}
		empty := func(what string, d *db.DB) {
			t.Helper()
			got := w.texts(d, b.ours)
			if len(got) != len(w.before) {
				t.Errorf("%s: %d rows", what, len(got))
			}
			for id, sealed := range got {
				if len(sealed) > 0 {
					t.Errorf("%s: %s has %d bytes", what, id, len(sealed))
				}
			}
			for id, sealed := range next.texts(d, b.neighbour) {
				if !bytes.Equal(sealed, next.before[id]) {
					t.Errorf("%s: the neighbour's %s was changed", what, id)
				}
			}
		}
		empty("erased", e.DB)
		for id := range w.before {
			if w.opened(b.ours, id) != w.house[id] { // of an earlier version: as the record says
				t.Errorf("a copy of %s opens: %v", id, !w.house[id])
			}
		}
		if left := w.lying(w.needles(func(string) bool { return true })); len(left) > 0 {
			t.Errorf("emptied words are still in %v", left)
		}
		listed := func(what string) {
			t.Helper()
			all, err := b.gate.Holds(t.Context(), machine, b.ours)
			if err != nil || len(all) != 6 {
				t.Fatalf("%s: %d holds, %v", what, len(all), err)
			}
			for _, h := range all {
				if !h.Erased || h.Unread || h.Reason != erasedText || h.Authority != erasedText || h.Reviewer != erasedText {
					t.Errorf("%s: %+v", what, h)
				}
			}
		}
		listed("erased")
		if _, err := b.gate.Place(t.Context(), machine, Hold{Tenant: b.ours, Scope: HoldTenant, Reason: "x", Authority: "x", Reviewer: "x", ReviewBy: b.aHold("").ReviewBy}); code(err) != "erasure.gone" {
			t.Errorf("a hold on what is gone: %v", err)
		}
		fine := func(context.Context) (control.Evidence, error) {
			return control.Evidence{OK: true, Facts: map[string]any{}}, nil
		}
		if ev, err := (Probing{Live: b.gate}).withHolds(fine)(t.Context()); err != nil || !ev.OK || ev.Facts["unread"] != 0 {
			t.Errorf("%+v %v", ev, err)
		}

		dir := filepath.Join(t.TempDir(), "back")
		_, err = (backup.Source{Target: b.target(), Root: b.root, Ledger: b.replay}).Restore(t.Context(), dir, jst.Date{})
		b.must(err)
		old, err := db.Open(t.Context(), db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db"), Readers: 1})
		b.must(err)
		defer old.Close()
		empty("restored", old)

		for id, sealed := range w.before { // as an earlier version has left them
			b.exec(b.ours, qHoldSpoil, b.ours, id, sealed)
		}
		listed("left")
		_, err = b.replay.CatchUp(t.Context(), e.DB, b.vault)
		b.must(err)
		empty("started", e.DB)
	})
}

// TestAHoldInForceKeepsItsWords: of a tenant's run that goes over people, those who are held keep the words of their
// holds with the tenant's key, which stays for them; the holds on whom it erases are released ones.
func TestAHoldInForceKeepsItsWords(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		w := b.words(b.ours)
		inForce, err := b.gate.Place(t.Context(), machine, b.aHold(w.people[1]))
		b.must(err)
		r, err := b.gate.EraseTenant(t.Context(), machine, b.ours, order)
		if err != nil || r.State != Waiting {
			t.Fatalf("%+v %v", r, err)
		}
		all, err := b.gate.Holds(t.Context(), machine, b.ours)
		b.must(err)
		for _, h := range all {
			if h.Erased != (h.Person == w.people[0]) || h.Unread || h.ID == inForce.ID && h.Reason != "労災の争い" {
				t.Errorf("%+v", h)
			}
		}
		b.must(b.gate.Release(t.Context(), machine, b.ours, inForce.ID, "終わり"))
		if n, err := b.gate.Resume(t.Context(), machine); err != nil || n != 1 {
			t.Fatalf("%d %v", n, err)
		}
		for id, sealed := range w.texts(e.DB, b.ours) {
			if len(sealed) > 0 {
				t.Errorf("%s has %d bytes", id, len(sealed))
			}
		}
		if _, err := b.vault.Tenant(t.Context(), b.ours); fault.Of(err).Code != "vault.key_destroyed" {
			t.Errorf("the key: %v", err)
		}
	})
}

var tCells = db.Q("erasure_test.cells", `select id, detail from import_batch where tenant_id = $1`)

// TestQuotesGoWithAPerson: what refused lines of ended imports quote goes when anybody of the tenant is erased, also
// from the files, with the neighbour's left; the record says what stays.
func TestQuotesGoWithAPerson(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		w := &words{bed: b}
		const lines = 200 // or PostgreSQL makes room for other rows where the bytes were
		refused := checkupHead
		for range lines {
			refused += "9,だれか,ダレカ,男,1980-04-01,2026-06-01,京都健診センター,170.0,65.0,22.5,80.0,165,80,陽性" + ids.New[string]() + ",100,-,所見なし,いいえ,特記なし\n"
		}
		imports := map[ids.Tenant]ids.Import{}
		for _, tenant := range []ids.Tenant{b.ours, b.neighbour} {
			i, err := b.chk.ImportNow(t.Context(), actor.System(tenant, "test"), "checkup.csv", strings.NewReader(refused), true)
			b.must(err)
			imports[tenant] = i.ID
		}
		see := func(tenant ids.Tenant) *checkup.Import {
			i, err := b.chk.Import(t.Context(), actor.Actor{Kind: actor.Human, Tenant: tenant, Account: "nurse", Roles: []actor.Role{actor.Nurse}, Purpose: "test"}, imports[tenant])
			b.must(err)
			return i
		}
		var sealed [][]byte
		b.must(e.DB.View(t.Context(), b.ours, func(tx *db.Tx) error {
			return db.Each(tx, tCells, func(s db.Scanner) error {
				var id ids.Import
				var detail []byte
				err := s.Scan(&id, &detail)
				if id == imports[b.ours] && err == nil {
					sealed = append(sealed, detail[40:120])
				}
				return err
			}, b.ours)
		}))
		if i := see(b.ours); len(sealed) != 1 || len(w.lying(sealed)) == 0 || len(i.Rejected) != lines || !strings.Contains(i.Rejected[0].Errors[0].Args["value"], "陽性") {
			t.Fatalf("nothing is quoted: it proves nothing: %+v", i.Rejected)
		}
		r, err := b.gate.ErasePersons(t.Context(), machine, b.ours, b.people(b.ours)[:1], order)
		b.must(err)
		if left := w.lying(sealed); len(left) > 0 { // before a read makes PostgreSQL tidy the page
			t.Errorf("quotes are still in %v", left)
		}
		if i := see(b.ours); !i.Emptied || len(i.Rejected) != lines || i.Rejected[0].Line != 2 || i.Rejected[0].Errors[0].Column != "HbA1c" || strings.Contains(i.Rejected[0].Errors[0].Args["value"], "陽性") {
			t.Errorf("%+v", i)
		}
		if i := see(b.neighbour); i.Emptied || !strings.Contains(i.Rejected[0].Errors[0].Args["value"], "陽性") {
			t.Errorf("the neighbour's: %+v", i)
		}
		counted := slices.ContainsFunc(r.Scope, func(s Scope) bool { return s.Store == "main.import_batch" && s.Count == 1 })
		if !counted || !said(r, "確認を待っている取り込みの引用は") {
			t.Errorf("%+v %+v", r.Scope, r.Exceptions)
		}
	})
}
