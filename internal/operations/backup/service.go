package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
)

// File is one file of the environment.
type File struct {
	Name    string
	Content []byte
}

// Ledger is the erasure ledger, which lives outside of the backups. Replay destroys in restored databases
// what was erased since the backup was taken, before anybody may open them, and tells how many entries it
// applied.
type Ledger interface {
	Replay(ctx context.Context, main, keys *db.DB) (applied int, err error)
}

// Options of a Service.
type Options struct {
	Main, Keys  *db.DB
	Vault       *vault.Vault
	Root        vault.Root
	Log         *audit.Log
	Blobs       blob.Store                            // as the files lie there, sealed
	Environment func(context.Context) ([]File, error) // configuration without secrets, versions
	Target      blob.Store
	Second      Second // nil: there is none
	Temp        string // folder for trial restores
	Policy      Policy
	Ledger      Ledger // nil: there is none yet, and drills say so
	Physical    *Physical
	Build       string
	Logger      *slog.Logger
	Missed      func(ctx context.Context, days []jst.Date) // tells people of days without a backup; may be nil
}

// Service makes, checks, tries and drops backups. One backup or drill runs at a time.
type Service struct {
	o     Options
	shelf shelf
	busy  chan struct{}

	basing chan struct{} // copies of the cluster have a turn of their own

	mu       sync.Mutex
	standing Standing
	checked  map[string]time.Time // sets whose every byte was read, and when
	spoil    func(dir string) error
	hoard    bool                   // sabotage of a mutant: older copies of the key store stay
	skips    func(file string) bool // sabotage of a proof: WAL files that are not shipped, without a word
}

// Open binds the service to its place and notes, the first time, since when backups are due. What a
// killed process left in Temp is removed.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Service{o: o, busy: make(chan struct{}, 1), basing: make(chan struct{}, 1), checked: map[string]time.Time{}}
	s.shelf = shelf{store: o.Target, root: o.Root, key: vaultKey(o.Vault)}
	err := o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		_, err := tx.Exec(qSinceAdd, ids.System, db.Micros(time.Now()))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, s.sweepTemp()
}

// tempName begins the names of sandboxes.
const tempName = "drill-"

func (s *Service) sweepTemp() error {
	left, err := filepath.Glob(filepath.Join(s.o.Temp, tempName+"*"))
	for _, dir := range left {
		if e := os.RemoveAll(dir); e != nil {
			err = e
		}
	}
	return err
}

// enter waits until no other backup or drill runs.
func (s *Service) enter(ctx context.Context) (leave func(), err error) {
	select {
	case s.busy <- struct{}{}:
		return func() { <-s.busy }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// newID is a set's name: its instant, and enough chance that two never meet.
func newID(at time.Time) string {
	b := make([]byte, 4)
	rand.Read(b)
	return at.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(b)
}

// list reads both kinds.
func (s *Service) list(ctx context.Context) (data, keys *contents, err error) {
	if data, err = s.shelf.list(ctx, Data); err == nil {
		keys, err = s.shelf.list(ctx, Keys)
	}
	return data, keys, err
}

// List shows every generation that is kept, the oldest first, with what it is kept as.
func (s *Service) List(ctx context.Context) ([]Generation, error) {
	data, keys, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	l := s.o.Policy.plan(data.generations(), now)
	k := s.o.Policy.planKeys(keys.generations(), now)
	out := slices.Concat(l.Keep, l.Drop, k.Keep, k.Drop)
	known, err := s.registered(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range append(data.bad, keys.bad...) {
		g := Generation{ID: b.Set}
		if i := slices.IndexFunc(known, func(g Generation) bool { return g.ID == b.Set }); i >= 0 {
			g = known[i]
		}
		g.Damaged = true
		out = append(out, g)
	}
	bases, err := s.listBases(ctx)
	return append(out, bases...), err
}

// registered are the sets that the database remembers as kept.
func (s *Service) registered(ctx context.Context) (out []Generation, err error) {
	err = s.o.Main.View(ctx, ids.System, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qSets, scanSet, ids.System)
		return err
	})
	return out, err
}

// record appends an event about backups to the service's own chain.
func (s *Service) record(ctx context.Context, who actor.Actor, verb, result string, detail map[string]any) {
	who.Tenant = ids.System
	_, err := s.o.Log.Record(ctx, audit.Event{Verb: verb, Actor: who, Kind: "backup", Result: result, Detail: detail})
	if err != nil {
		s.o.Logger.Error("backup: event not recorded", "verb", verb, "err", err)
	}
}

// code is what an event may say of an error.
func code(err error) string {
	f := fault.Of(err)
	return f.Code
}

// Settled forgets what the restored database remembers of backups that lie elsewhere, lets backups be due
// from now on, the first as soon as the service runs, and says in its log where it came from.
func (s *Service) Settled(ctx context.Context, q *job.Queue, who actor.Actor, r *Restored) error {
	who.Tenant = ids.System
	return s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		if err := startAnew(tx, time.Now()); err != nil {
			return err
		}
		if _, err := q.Enqueue(tx, ids.System, JobRun, nil, job.EnqueueOptions{}); err != nil {
			return err
		}
		_, err := s.o.Log.Append(tx, restoredEvent(who, r))
		return err
	})
}

// startAnew forgets backups that lie elsewhere, and lets them be due from now on.
func startAnew(tx *db.Tx, now time.Time) error {
	for _, q := range []db.Query{qSetsGo, qSinceMove, qBasesGo} {
		if _, err := tx.Exec(q, ids.System, db.Micros(now)); err != nil {
			return err
		}
	}
	_, err := tx.Exec(qBeatGo, ids.System)
	return err
}

// restoredEvent says in the restored log where it came from.
func restoredEvent(who actor.Actor, r *Restored) audit.Event {
	detail := map[string]any{"set": r.Set, "day": r.Day.String(), "keys": r.Keys}
	if p := r.Point; p != nil {
		detail["base"], detail["instant"] = p.Base, p.Asked.Format(time.RFC3339Nano)
	}
	return audit.Event{Verb: verbRestored, Actor: who, Kind: "backup", Result: "ok", Detail: detail}
}
