package retention

import (
	"context"
	"fmt"
	"log/slog"
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
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

// bed is the engine on the real deletion gateway, with two tenants. Only backups are left out.
type bed struct {
	testing.TB
	*Service
	e     *testdb.Env
	vault *vault.Vault
	gate  *erasure.Gateway

	ours, neighbour ids.Tenant
	admin, desk     actor.Actor
	certified       map[string]bool // runs that the gateway told of
	verbs           []string
	crash           error // of the gateway, before it begins
}

var (
	tTenant = db.Q("retention_test.tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, 1)`)
	tPerson = db.Q("retention_test.person", `insert into person (tenant_id, person_id, number_index, identity_index, site_id, dept_id, left_on, sealed, import_id, created_at, updated_at)
		values ($1, $2, $3, $3, null, null, $4, $5, '', 1, 1)`)
	tLeave = db.Q("retention_test.leave", `update person set left_on = $3 where tenant_id = $1 and person_id = $2`)
	tBatch = db.Q("retention_test.batch", `insert into import_batch (tenant_id, id, state, runner, mapping_id, blob_key, accepted_mac, about, detail, started_by, started_at, applied_at)
		values ($1, 'b', 'applied', 'call', '', '', $2, $2, $2, '', 1, 1) on conflict do nothing`)
	tResult  = db.Q("retention_test.result", `insert into checkup_result (tenant_id, id, batch_id, person_id, year, exam_day, digest, sealed) values ($1, $2, 'b', $3, $4, $5, $6, $6)`)
	tOpinion = db.Q("retention_test.opinion", `insert into work_opinion (tenant_id, id, person_id, result_id, year, decided_by, decided_at, sealed)
		select tenant_id, $2, person_id, id, year, 'x', $3, sealed from checkup_result where tenant_id = $1 and id = $2`)
	tPeople = db.Q("retention_test.people", `select count(*) from person where tenant_id = $1`)
	tCards  = db.Q("retention_test.cards", `select count(*) from checkup_result where tenant_id = $1`)
)

// Append records the verbs in the order in which they were committed.
func (b *bed) Append(tx *db.Tx, e audit.Event) (audit.Ref, error) {
	if e.Actor.Tenant != ids.System {
		tx.OnCommit(func() { b.verbs = append(b.verbs, e.Verb) })
	}
	return audit.Ref{}, nil
}

// chain is the log of a bed: a real one beside the bed's notes, or, under a simulated clock, one in memory.
type chain struct {
	*bed
	real *audit.Log
	told []audit.Entry // newest first
}

func (c *chain) Append(tx *db.Tx, e audit.Event) (audit.Ref, error) {
	r, err := c.bed.Append(tx, e)
	if c.real != nil {
		return c.real.Append(tx, e)
	}
	tx.OnCommit(func() {
		c.told = slices.Insert(c.told, 0, audit.Entry{Ref: audit.Ref{Tenant: e.Actor.Tenant}, At: time.Now(), Verb: e.Verb, Detail: e.Detail})
	})
	return r, err
}

func (c *chain) Find(ctx context.Context, a actor.Actor, f audit.Filter) ([]audit.Entry, error) {
	if c.real != nil {
		return c.real.Find(ctx, a, f)
	}
	out := slices.DeleteFunc(slices.Clone(c.told), func(e audit.Entry) bool { return e.Tenant != a.Tenant || e.Verb != f.Verb })
	return out[:min(len(out), f.Limit)], nil
}

func (b *bed) RenewKeys(context.Context, actor.Actor) error { return nil }

func (b *bed) Examine(context.Context, func(string, time.Time, *db.DB, *vault.Vault) error) error {
	return nil
}

func (b *bed) Issue(_ context.Context, r erasure.Record) error {
	b.certified[r.ID] = true
	return nil
}

func (b *bed) Find(ctx context.Context, t ids.Tenant, batch string) (string, bool, bool, error) {
	runs, err := b.gate.Runs(ctx, machine, t, 1000)
	i := slices.IndexFunc(runs, func(r erasure.Record) bool { return r.Order.Reference == batch })
	if err != nil || i < 0 {
		return "", false, false, err
	}
	if runs[i].State != erasure.Done {
		_, err = b.gate.Resume(ctx, machine)
	}
	return runs[i].ID, true, err == nil, err
}

func (b *bed) Erase(ctx context.Context, x Batch) (string, bool, error) {
	if b.crash != nil {
		return "", false, b.crash
	}
	o := erasure.Order{Reason: "保持期間の終わり", RequestedBy: "retention", ApprovedBy: x.ApprovedBy[:], Reference: x.ID}
	var r erasure.Record
	var err error
	if x.Kind == OfPerson {
		var people []ids.Person
		for _, d := range x.Items {
			people = append(people, d.Person)
		}
		r, err = b.gate.ErasePersons(ctx, machine, x.Tenant, people, o)
	} else {
		var items []erasure.Item
		for _, d := range x.Items {
			items = append(items, erasure.Item{Unit: d.Unit, ID: d.Subject, Person: d.Person})
		}
		r, err = b.gate.EraseRecords(ctx, machine, x.Tenant, x.Class, items, o)
	}
	return r.ID, r.State == erasure.Done, err
}

// newBed with the gateway.
func newBed(t testing.TB, e *testdb.Env) *bed {
	t.Helper()
	b := newNights(t, e)
	quiet := slog.New(slog.DiscardHandler)
	log, err := audit.Open(t.Context(), e.DB, b.vault, audit.Config{Dir: filepath.Join(e.Dir, "log"), Logger: quiet})
	b.must(err)
	t.Cleanup(func() { _ = log.Close() })
	files, err := blob.Local(filepath.Join(e.Dir, "blobs"))
	b.must(err)
	b.gate = erasure.New(erasure.Options{
		Main: e.DB, Keys: e.Keys, Vault: b.vault, Log: log, Ledger: erasure.NewLedger(filepath.Join(e.Dir, "erasure"), ""), Copies: b, Backups: b,
		Blobs: files, Guard: func(actor.Actor, string) error { return nil }, Tool: "test", Logger: quiet,
	})
	b.Deps.Log = &chain{bed: b, real: log}
	b.gate.SetCertifier(b)
	return b
}

// newNights lists alone: the log's timers would tick through years of a simulated clock.
func newNights(t testing.TB, e *testdb.Env) *bed {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	b := &bed{TB: t, e: e, certified: map[string]bool{}}
	root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	b.must(err)
	b.vault, err = vault.Open(t.Context(), e.Keys, root)
	b.must(err)
	b.ours, b.neighbour = b.tenant("ours"), b.tenant("neighbour")
	b.admin = actor.Actor{Kind: actor.Human, Tenant: b.ours, Account: "admin", Roles: []actor.Role{actor.TenantAdmin}}
	b.desk = actor.Actor{Kind: actor.Human, Tenant: "kyokai", Account: "desk", Roles: []actor.Role{actor.ITSM}}
	b.Service = New(Deps{
		DB: e.DB, Keys: b.vault, Log: &chain{bed: b}, Eraser: b, Second: members.Beside, Logger: quiet,
		Guard: func(a actor.Actor, p string) error {
			if (p == permRead || p == permCustomer) && a.Has(actor.TenantAdmin) || p == permDesk && a.Has(actor.ITSM) {
				return nil
			}
			return fault.New(fault.Denied, "access.denied")
		},
		Reach: func(_ context.Context, _ actor.Actor, t ids.Tenant) error {
			if t != b.ours {
				return fault.New(fault.Denied, "access.denied")
			}
			return nil
		},
	})
	return b
}

func (b *bed) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bed) tx(t ids.Tenant, fn func(tx *db.Tx) error) {
	b.Helper()
	b.must(b.e.DB.Tx(context.Background(), t, fn))
}

func (b *bed) tenant(code string) ids.Tenant {
	b.Helper()
	t := ids.New[ids.Tenant]()
	b.must(b.vault.CreateTenant(b.Context(), t))
	b.tx(t, func(tx *db.Tx) error {
		_, err := tx.Exec(tTenant, t, code+string(t), []byte("x"))
		return err
	})
	return t
}

// someone enters a person with check-ups of some days; left is 20160331, or 0.
func (b *bed) someone(t ids.Tenant, left int, days ...string) ids.Person {
	b.Helper()
	p := ids.New[ids.Person]()
	b.must(b.vault.CreatePersons(b.Context(), t, []ids.Person{p}))
	keys, err := b.vault.Persons(b.Context(), t, []ids.Person{p})
	b.must(err)
	k := keys[p]
	b.tx(t, func(tx *db.Tx) error {
		if _, err := tx.Exec(tPerson, t, p, []byte(p), left, k.Seal(vault.Loc{Table: "person", ID: string(p), Column: "sealed"}, []byte("名"))); err != nil {
			return err
		}
		if _, err := tx.Exec(tBatch, t, []byte{}); err != nil {
			return err
		}
		for i, day := range days {
			id := fmt.Sprintf("%s-%d", p, i)
			d, err := jst.ParseDate(day)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(tResult, t, id, p, jst.FiscalYear(d), day, k.Seal(vault.Loc{Table: "checkup_result", ID: fmt.Sprintf("%s|%d|%s|b", id, jst.FiscalYear(d), strings.ReplaceAll(day, "-", "")), Column: "sealed"}, []byte("値"))); err != nil {
				return err
			}
		}
		return nil
	})
	return p
}

func (b *bed) count(t ids.Tenant, q db.Query) (n int64) {
	b.Helper()
	b.tx(t, func(tx *db.Tx) (err error) { n, err = db.Value[int64](tx, q, t); return err })
	return n
}

// open lists the candidates of ours that wait, and all by state.
func (b *bed) open() (open []string, states map[State]int) {
	b.Helper()
	all, err := b.Mine(b.Context(), b.admin)
	b.must(err)
	states = map[State]int{}
	for _, c := range all {
		states[c.State]++
		if c.State == Open {
			open = append(open, c.ID)
		}
	}
	return open, states
}
