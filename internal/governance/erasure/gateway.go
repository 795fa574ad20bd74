package erasure

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// KeyCopies takes a fresh copy of the key store and removes every older one; backup.Service is one.
type KeyCopies interface {
	RenewKeys(ctx context.Context, who actor.Actor) error
}

// OldBackups opens kept backups, untouched by the ledger, with the newest copy of the key store, and hands
// them over one by one: the oldest, the newest and one between.
type OldBackups interface {
	Examine(ctx context.Context, look func(set string, taken time.Time, main *db.DB, v *vault.Vault) error) error
}

// Certifier is told of every completed erasure, the partial one of a held tenant included, at least once.
type Certifier interface {
	Issue(ctx context.Context, r Record) error
}

// Guard refuses an actor without a permission; package access fills it.
type Guard func(a actor.Actor, permission string) error

const (
	permRun  = "erasure.run"
	permRead = "erasure.read"
)

// Options of a Gateway.
type Options struct {
	Main, Keys *db.DB
	Vault      *vault.Vault
	Log        *audit.Log
	Ledger     *Ledger
	Copies     KeyCopies
	Backups    OldBackups
	Blobs      blob.Store // as the files lie there, under "<tenant>/"
	Guard      Guard
	Tool       string // name and version of the program
	Logger     *slog.Logger

	// Mails removes what lies in the spool for people, or for everybody in a tenant when people is nil, while their
	// addresses can still be opened.
	Mails  func(ctx context.Context, t ids.Tenant, people []ids.Person) (int, error)
	Forget []func(t ids.Tenant) // caches in memory
	// Quoted drops what was quoted of lines that belong to nobody who is known, with the tenant's key; it tells of how
	// many rows of import_batch. Before people are erased from a tenant that stays.
	Quoted func(ctx context.Context, t ids.Tenant) (int, error)
}

// Gateway is the one way to erase.
type Gateway struct {
	o       Options
	certify Certifier
	one     sync.Mutex // one run at a time in this process
	unlike  sync.Map   // holds whose rows were found altered, told once

	crash func(point string) error // tests: ends a run at a point, as a kill would
	weak  string                   // sabotage of a mutant; see Sabotages
}

// New makes the gateway. Nothing is erased before a verb is called.
func New(o Options) *Gateway {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &Gateway{o: o}
}

// SetCertifier says who issues certificates; without one the record alone is kept.
func (g *Gateway) SetCertifier(c Certifier) { g.certify = c }

// maxPeople bounds one order over people or records.
const maxPeople = 50_000

func (o Order) check() error {
	if _, err := glyph.Reason(o.Reason, 500, "erasure.reason", "理由"); err != nil {
		return err
	}
	by := slices.DeleteFunc(slices.Clone(o.ApprovedBy), func(s string) bool { return strings.TrimSpace(s) == "" })
	slices.Sort(by)
	if len(slices.Compact(by)) < 2 || len(by) != len(o.ApprovedBy) || o.RequestedBy == "" {
		return fault.New(fault.Denied, "erasure.two_people")
	}
	return nil
}

// ErasePersons erases some people of a tenant: their rows, accounts, sessions, keys. When one of them is held
// nothing happens: fault.Conflict "erasure.held". The record says what was done; an error after the decision
// means that the run is to be taken up again (Resume).
func (g *Gateway) ErasePersons(ctx context.Context, who actor.Actor, t ids.Tenant, people []ids.Person, o Order) (Record, error) {
	people = slices.Clone(people)
	slices.Sort(people)
	people = slices.Compact(people)
	if len(people) == 0 || len(people) > maxPeople || slices.Contains(people, "") {
		return Record{}, fault.New(fault.Invalid, "erasure.people", "most", itoa(maxPeople))
	}
	return g.begin(ctx, who, Record{Tenant: t, Kind: Persons, People: people, Order: o})
}

// EraseTenant erases everything of a tenant. People under a legal hold stay, with what they need to be read, and
// the record's state is Waiting until the hold is released; a hold on the tenant or on a class of its records
// stops everything: fault.Conflict "erasure.held". The caller has checked the schedule, the hand-over and the
// approvals.
func (g *Gateway) EraseTenant(ctx context.Context, who actor.Actor, t ids.Tenant, o Order) (Record, error) {
	if t == ids.System {
		return Record{}, fault.New(fault.Denied, "erasure.system")
	}
	return g.begin(ctx, who, Record{Tenant: t, Kind: Tenant, Order: o})
}

// Status is the record of one run; fault.Missing "erasure.no_run".
func (g *Gateway) Status(ctx context.Context, who actor.Actor, t ids.Tenant, id string) (Record, error) {
	if err := g.o.Guard(who, permRead); err != nil {
		return Record{}, err
	}
	w, err := g.load(ctx, t, id)
	if err != nil {
		return Record{}, err
	}
	return w.rec, nil
}

// Runs lists the newest records of a tenant.
func (g *Gateway) Runs(ctx context.Context, who actor.Actor, t ids.Tenant, limit int) ([]Record, error) {
	if err := g.o.Guard(who, permRead); err != nil {
		return nil, err
	}
	return g.records(ctx, t, qRuns, t, min(max(limit, 1), 1000))
}

// Resume takes up every run that a crash or a failure has left, and those whose holds were released. It tells
// how many it has completed.
func (g *Gateway) Resume(ctx context.Context, who actor.Actor) (done int, err error) {
	if err := g.o.Guard(who, permRun); err != nil {
		return 0, err
	}
	all, err := g.records(ctx, db.Global, qRunsOpen)
	if err != nil {
		return 0, err
	}
	var first error
	for _, r := range all {
		got, err := g.resume(ctx, who, r.Tenant, r.ID)
		if err != nil && first == nil {
			first = err
		}
		if err == nil && got.State == Done {
			done++
		}
	}
	return done, first
}

func (g *Gateway) resume(ctx context.Context, who actor.Actor, t ids.Tenant, id string) (Record, error) {
	g.one.Lock()
	defer g.one.Unlock()
	w, err := g.load(ctx, t, id)
	if err != nil || w.rec.State == Done {
		return w.rec, err
	}
	w.who = who
	return w.rec, w.run(ctx)
}

// begin decides, under the holds, and runs.
func (g *Gateway) begin(ctx context.Context, who actor.Actor, r Record) (Record, error) {
	if err := g.o.Guard(who, permRun); err != nil {
		return Record{}, err
	}
	if err := r.Order.check(); err != nil {
		return Record{}, err
	}
	g.one.Lock()
	defer g.one.Unlock()
	if _, err := g.o.Ledger.Read(ctx, g.o.Vault); err != nil { // before anything is decided
		return Record{}, err
	}
	w, err := g.decide(ctx, who, r)
	if err != nil {
		return Record{}, err
	}
	err = w.run(ctx)
	return w.rec, err
}

// decide is the point of no return: in one transaction the holds are asked and the run is written down.
func (g *Gateway) decide(ctx context.Context, who actor.Actor, r Record) (*work, error) {
	r.ID, r.Started, r.State, r.Step, r.Tool = ids.New[string](), time.Now().UTC().Truncate(time.Microsecond), Running, stepDecided, g.o.Tool
	w := &work{Gateway: g, who: who, rec: r}
	err := g.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) error {
		if err := turn(tx, r.Tenant); err != nil {
			return err
		}
		if _, err := db.Value[int64](tx, qTenantKnown, r.Tenant); err != nil {
			return fault.New(fault.Missing, "erasure.no_tenant").Because(err)
		}
		if _, err := g.o.Vault.Tenant(ctx, r.Tenant); err != nil {
			return fault.New(fault.Conflict, "erasure.gone").Because(err)
		}
		if r.Kind == Tenant {
			n, err := db.Value[int64](tx, qOpenOf, r.Tenant)
			if err != nil || n > 0 {
				return fault.New(fault.Conflict, "erasure.under_way").Because(err)
			}
		}
		if err := w.askHolds(tx); err != nil {
			return err
		}
		sealed, err := w.sealed(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(qRunAdd, r.Tenant, r.ID, string(r.Kind), w.waiting(), []byte{}, sealed, db.Micros(r.Started)); err != nil {
			return err
		}
		return w.event(tx, "erasure.decided", "ok", map[string]any{"people": len(w.rec.People), "held": len(w.rec.Held), "approved": len(r.Order.ApprovedBy)})
	})
	return w, err
}

// askHolds refuses what is held. A tenant's run goes on without the people who are.
func (w *work) askHolds(tx *db.Tx) error {
	h, err := holdsIn(tx, w.rec.Tenant)
	if err != nil {
		return err
	}
	told, err := w.toldHolds(tx.Context(), w.rec.Tenant)
	if err != nil {
		return err
	}
	h.keeps(told)
	switch w.weak {
	case SabotageHold:
		h = held{}
	case SabotageLapse, SabotageUnread:
		if h, err = w.lax(tx.Context(), w.rec.Tenant); err != nil {
			return err
		}
	}
	n := 0
	for _, p := range w.rec.People {
		if h.people[p] {
			n++
		}
	}
	if h.whole || w.heldClass(h) || n > 0 {
		return fault.New(fault.Conflict, "erasure.held", "people", itoa(int64(n)))
	}
	w.rec.Held = nil
	if w.rec.Kind == Tenant {
		for p := range h.people {
			w.rec.Held = append(w.rec.Held, p)
		}
		slices.Sort(w.rec.Held)
	}
	return nil
}

// heldClass: a class that is held keeps whoever may have records of it; of single records, those of the class.
func (w *work) heldClass(h held) bool {
	if w.rec.Kind == Records {
		return h.classes[w.rec.Class]
	}
	return len(h.classes) > 0
}

// event goes into the service's own chain, which no erasure touches; of a tenant that stays, into its own too.
func (w *work) event(tx *db.Tx, verb, result string, detail map[string]any) error {
	detail["run"], detail["tenant"], detail["kind"] = w.rec.ID, string(w.rec.Tenant), string(w.rec.Kind)
	who := w.who
	who.Tenant = ids.System
	_, err := w.o.Log.Append(tx, audit.Event{Verb: verb, Actor: who, Kind: "erasure", Result: result, Detail: detail})
	if err != nil || w.rec.Kind == Tenant || w.rec.Tenant == ids.System {
		return err
	}
	who.Tenant = w.rec.Tenant
	_, err = w.o.Log.Append(tx, audit.Event{Verb: verb, Actor: who, Kind: "erasure", Result: result, Detail: detail})
	return err
}

func runAt(id string) vault.Loc {
	return vault.Loc{Table: "erasure_run", ID: id, Column: "sealed"}
}

func (w *work) sealed(ctx context.Context) ([]byte, error) {
	k, err := w.o.Vault.Tenant(ctx, ids.System)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(w.rec)
	if err != nil {
		return nil, err
	}
	return k.Seal(runAt(w.rec.ID), b), nil
}

func (g *Gateway) load(ctx context.Context, t ids.Tenant, id string) (*work, error) {
	all, err := g.rows(ctx, t, qRun, t, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New(fault.Missing, "erasure.no_run")
	}
	r, err := g.open(ctx, all[0])
	return &work{Gateway: g, rec: r}, err
}

func (g *Gateway) rows(ctx context.Context, scope ids.Tenant, q db.Query, args ...any) (out []runRow, err error) {
	err = g.o.Main.View(ctx, scope, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, q, scanRun, args...)
		return err
	})
	return out, err
}

func (g *Gateway) records(ctx context.Context, scope ids.Tenant, q db.Query, args ...any) ([]Record, error) {
	all, err := g.rows(ctx, scope, q, args...)
	if err != nil {
		return nil, err
	}
	out := make([]Record, 0, len(all))
	for _, row := range all {
		r, err := g.open(ctx, row)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// open unseals a run and adds what stands beside the seal: the counts so far.
func (g *Gateway) open(ctx context.Context, row runRow) (r Record, err error) {
	k, err := g.o.Vault.Tenant(ctx, ids.System)
	if err != nil {
		return r, err
	}
	b, err := k.Open(runAt(row.id), row.sealed)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return r, err
	}
	return r, g.o.Main.View(ctx, row.tenant, func(tx *db.Tx) (err error) {
		r.Scope, err = scopeIn(tx, row.tenant, row.id)
		return err
	})
}

func scopeIn(tx *db.Tx, t ids.Tenant, run string) ([]Scope, error) {
	n := map[string]int64{}
	err := db.Each(tx, qCounts, func(s db.Scanner) error {
		var store string
		var count int64
		err := s.Scan(&store, &count)
		n[store] = count
		return err
	}, t, run)
	out := []Scope{}
	for _, s := range Stores {
		if c, ok := n[s.ID()]; ok {
			out = append(out, Scope{s.ID(), s.Says, c})
		}
	}
	return out, err
}
