package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/tenant"
)

// acts are the controls whose probes look at nothing that is stored for them: they act over the network or in a sandbox,
// or read files that carry a seal of their own. Why a row can't turn them stands beside each.
var acts = map[string]string{
	"NET-TLS13": "shakes hands", "TM-JST": "reads pages and clocks", "CR-REST": "writes words and looks for them; a row can only add what is found",
	"KM-KEYS":   "makes, copies and destroys a key; ages come from the key store, which lies apart from the records",
	"LG-ACCESS": "acts, and reads the log", "LG-INTEGRITY": "recomputes the log's chains against its published tree",
	"AC-LEAST": "asks every page", "AC-OPERATOR": "asks for support", "AC-BREAKGLASS": "seals and opens an envelope",
	"AC-UNIQUE": "signs in", "AC-AUTHN": "signs in", "AC-PWPOL": "signs in", "AC-LOCK": "signs in", "AC-2STEP": "signs in", "AC-SESSION": "signs in",
	"AC-SCREENLOCK": "signs in", "AC-ROWS": "writes past the service itself", "AC-PASSKEY": "signs in", "AC-FEDERATE": "answers as a provider, over the network",
	"ER-BACKUP": "erases in a sandbox; ages are those of the backups' names", "ER-LEDGER": "erases in a sandbox; the ledger is signed",
	"LH-HOLD": "holds in a sandbox", "ER-HANDOVER": "asks to leave and to confirm", "ER-PRESENT": "presents a certificate and reads what it wrote",
	"AST-DISPOSE": "disposes of a canary", "ER-REUSE": "reads a place again", "BK-OFFLINE": "tries to erase in the second place",
}

// forging is one way of turning a probe by its rows. $1 is the service's own tenant, $2 a customer, $3 the instant.
type forging struct {
	what string
	sql  []db.Query
}

func forge(what string, sql ...db.Query) forging { return forging{what, sql} }

var (
	fDrillNew  = db.Q("forge.drill_new", `insert into backup_drill (tenant_id, drill_id, set_id, at, ok, receipt) values ($1, 'zz', 'zz', $3, 1, '{"id":"zz","at":"2099-01-01T00:00:00Z","ok":true,"tables":4711,"rows":123456789}')`)
	fDrillEdit = db.Q("forge.drill_edit", `update backup_drill set ok = 1, receipt = replace(receipt, '"ok":false', '"ok":true') where tenant_id = $1`)
	fDrillGone = db.Q("forge.drill_gone", `delete from backup_drill where tenant_id = $1`)
	fSinceNow  = db.Q("forge.since_now", `update backup_since set since = $3 where tenant_id = $1`)
	fSinceGone = db.Q("forge.since_gone", `delete from backup_since where tenant_id = $1`)
	fSetsGone  = db.Q("forge.sets_gone", `delete from backup_set where tenant_id = $1`)
	fAssetBy   = db.Q("forge.asset_by", `insert into asset_entry (tenant_id, asset_id, kind, name, location, facts, class, owner, disposal, created_by, first_seen, last_seen, disposed_at)
		values ($1, 'store:stranger.csv', 'store', 'x', 'x', '', 'internal', 'SRE', 'x', 'somebody', 1, 1, 0)`)
	fAssetOurs = db.Q("forge.asset_ours", `update asset_entry set created_by = 'service' where tenant_id = $1 and asset_id = 'store:stranger.csv'`)
	fAsked     = db.Q("forge.asked", `delete from asset_disposal where tenant_id = $1`)
	fAssets    = db.Q("forge.assets", `delete from asset_entry where tenant_id = $1`)
	fClosed    = db.Q("forge.closed", `update termination set phase = 'closed' where tenant_id = $1`)
	fCases     = db.Q("forge.cases", `delete from termination where tenant_id = $1`)
	fRuns      = db.GlobalQ("forge.runs", `delete from erasure_run`)
	fShown     = db.Q("forge.shown", `delete from certificate_presentation where tenant_id = $1`)
	fCerts     = db.Q("forge.certificates", `delete from certificate where tenant_id = $1`)
	fProbe     = db.Q("forge.probe", `update tenant set kind = 'probe' where tenant_id = $2`)
	fGone      = db.Q("forge.gone", `update tenant set kind = 'customer', closed_at = 1 where tenant_id = $2`)
	fNobody    = db.Q("forge.nobody", `update tenant set tenant_id = 'x' where tenant_id = $2`)
	fBack      = db.Q("forge.back", `update tenant set tenant_id = $2, closed_at = 0 where tenant_id = 'x'`)
	fQuarter   = db.Q("forge.quarter", `insert into review_campaign (tenant_id, campaign_id, purpose, state, opened_at, due_at, ends_at, snapshot, opened_ref, closed_at, closed_ref, report)
		values ($2, '2020-Q1', 'quarter', 'closed', 1, 2, 3, '', '', 2, '', '{"total":5,"reviewed":5,"kept":5}')`)
)

// tableOf is a control whose evidence stands in tables. good brings it to where it passes, when it can; bad lets the
// promise be broken in truth; after each forging it must still not pass.
type tableOf struct {
	id       string
	good     func(*walk)
	passes   bool // after good
	bad      func(*walk)
	forgings []forging
}

// stored are all of them.
var stored = []tableOf{
	{"BK-DRILL", func(w *walk) { w.backup(); w.drill(true) }, true, func(w *walk) { w.damage(); w.drill(false) }, []forging{
		forge("a drill that never was", fDrillNew), forge("a failed drill, edited", fDrillEdit), forge("a failed drill, deleted", fDrillGone)}},
	{"BK-RETAIN", (*walk).mend, true, (*walk).damage, []forging{
		forge("due only from now on", fSinceNow), forge("the register of sets is gone", fSetsGone), forge("no day at all", fSinceGone)}},
	{"BK-DAILY", nil, false, nil, []forging{
		forge("no day at all", fSinceGone)}},
	{"AST-LEDGER", func(*walk) {}, true, func(w *walk) { w.put("stranger.csv") }, []forging{
		forge("a stranger, entered", fAssetBy), forge("a stranger, entered by the service", fAssetOurs), forge("the ledger is gone", fAsked, fAssets)}},
	{"ER-RETENTION", (*walk).night, true, (*walk).overdue, []forging{
		forge("the customer is of the probes", fProbe), forge("the customer is gone", fGone), forge("the customer is not there", fNobody), forge("all is as it was, and still late", fBack)}},
	{"ER-TERMINATE", (*walk).leave, true, nil, []forging{forge("cases taken away", fClosed, fCases)}},
	{"ER-CERT", (*walk).published, true, nil, []forging{forge("erasures taken away", fRuns), forge("certificates taken away", fShown, fCerts)}},
	{"AC-REVIEW-Q", nil, false, nil, []forging{forge("a quarter that people closed", fQuarter)}},
}

// walk is one service with one customer.
type walk struct {
	*testing.T
	r        *Running
	customer ids.Tenant
	whole    map[string][]byte // pieces of backups before they were damaged
}

func (w *walk) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *walk) sql(q db.Query, args ...any) {
	w.Helper()
	w.must(w.r.DB.Tx(w.Context(), db.Global, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err }))
}

func (w *walk) put(name string) {
	w.must(os.WriteFile(filepath.Join(w.r.Config.Data, name), []byte("x"), 0o600))
}

func (w *walk) backup() {
	_, err := w.r.App.Backup.Run(w.Context(), actor.System(ids.System, "backup"))
	w.must(err)
}

func (w *walk) drill(ok bool) {
	w.Helper()
	d, err := w.r.App.Backup.Drill(w.Context(), actor.System(ids.System, "backup"))
	w.must(err)
	if d.OK != ok {
		w.Fatalf("%+v", d)
	}
}

// damage turns a bit in every table of contents; mend takes it back.
func (w *walk) damage() {
	w.whole = map[string][]byte{}
	all, err := filepath.Glob(filepath.Join(w.r.Config.backupDir(), "sets", "*", "*"))
	w.must(err)
	for _, file := range all {
		b, err := os.ReadFile(file)
		w.must(err)
		w.whole[file] = slices.Clone(b)
		b[len(b)/2] ^= 1
		w.must(os.WriteFile(file, b, 0o600))
	}
	if len(all) == 0 {
		w.Fatal("no backup to damage")
	}
}

func (w *walk) mend() {
	for file, b := range w.whole {
		w.must(os.WriteFile(file, b, 0o600))
	}
}

func (w *walk) night() { w.must(w.r.Retention.Night(w.Context())) }

var fOld = db.Q("forge.old", `update person set updated_at = 1 where tenant_id = $1`)

// overdue is somebody whose every period ended long ago and whom nobody has listed.
func (w *walk) overdue() {
	who := actor.System(w.customer, "test")
	for _, roster := range []string{"", "2016-03-31"} {
		_, err := w.r.Org.ImportNow(w.Context(), who, "expired.csv", strings.NewReader(strings.Replace(expiredRoster, "%s", roster, 1)), true)
		w.must(err)
	}
	w.sql(fOld, w.customer)
}

func (w *walk) leave() {
	desk := actor.Actor{Kind: actor.Human, Tenant: w.customer, Account: "admin", Roles: []actor.Role{actor.TenantAdmin}}
	_, err := w.r.Leaving.Request(w.Context(), desk, jst.Of(time.Now()).AddMonths(2))
	w.must(err)
}

// published waits until the certificate of the erased canary is in the log.
func (w *walk) published() {
	for range 100 {
		if c, err := w.r.canary(w.Context(), 24*time.Hour); err == nil && c.Certified {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	w.Fatal("the canary has no certificate")
}

// TestNoRowTurnsTheStatement walks every control whose evidence stands in tables: written past the service, a row better
// than the truth, or the truth taken away, lets none of them pass (ADR 21).
func TestNoRowTurnsTheStatement(t *testing.T) {
	w := &walk{T: t, r: started(t, filepath.Join(t.TempDir(), "data"))}
	made, err := w.r.Tenants.Create(t.Context(), actor.System(ids.System, "setup"), tenant.New{Code: "midori", Name: "みどり製作所", Kind: tenant.Customer})
	w.must(err)
	w.customer = made.ID
	by := map[string]control.Control{}
	for _, c := range w.r.controls() {
		by[c.ID] = c
	}
	look := func(id string) (bool, string) {
		e, err := by[id].Probe(t.Context())
		// The page is public: it counts customers and names none.
		if shown := fmt.Sprint(e.Measured, e.Failed, e.Facts); strings.Contains(shown, made.Code) || strings.Contains(shown, made.Name) || strings.Contains(shown, string(made.ID)) {
			t.Errorf("%s names a customer: %s", id, shown)
		}
		return e.OK && err == nil, strings.Join(append(e.Failed, fmt.Sprint(err)), " / ")
	}
	for _, s := range stored {
		if s.good != nil {
			s.good(w)
		}
		if ok, why := look(s.id); ok != s.passes {
			t.Errorf("%s before anything is broken: %t %s", s.id, ok, why)
			continue
		}
		if s.bad != nil {
			s.bad(w)
			if ok, _ := look(s.id); ok {
				t.Errorf("%s passes while its promise is broken", s.id)
			}
		}
		for _, f := range s.forgings {
			for _, q := range f.sql {
				args := []any{ids.System, w.customer, db.Micros(time.Now())}
				n := 0
				for i := range args {
					if strings.Contains(q.Text(), "$"+strconv.Itoa(i+1)) {
						n = i + 1
					}
				}
				w.sql(q, args[:n]...)
			}
			if ok, why := look(s.id); ok {
				t.Errorf("%s passes with %s", s.id, f.what)
			} else {
				t.Log(s.id, f.what, why)
			}
		}
	}
}

// TestEveryControlSaysWhereItsEvidenceStands: a control is in one of the two lists, or somebody has to think about it.
func TestEveryControlSaysWhereItsEvidenceStands(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	left := map[string]bool{}
	for id := range acts {
		left[id] = true
	}
	for _, s := range stored {
		left[s.id] = true
	}
	for _, c := range r.controls() {
		if c.Probe != nil && !left[c.ID] {
			t.Errorf("%s: does its evidence stand in a table? Put it into one of the lists", c.ID)
		}
		delete(left, c.ID)
	}
	for id := range left {
		t.Errorf("%s is no control", id)
	}
}
