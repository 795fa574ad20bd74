// Package keys looks after the keys of the vault: an inventory with ages, limits and copies, and rotations
// that run beside the service and may be killed at any step (clause 3-11a, KM-KEYS).
// It must never hold the bytes of a key, and never destroy a version under which anything still stands.
package keys

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
)

// Kind of work on keys.
type Kind string

// Root, Tenant and Person make a new version and bring what stands under the old one over to it; Rewrap
// makes none and only finishes that; Move stands for a move of the root key to another place.
const (
	Root   Kind = "root"
	Tenant Kind = "tenant"
	Person Kind = "person"
	Rewrap Kind = "rewrap"
	Move   Kind = "move"
)

// State of work.
type State string

// A running one is resumed by the next start; a failed one never goes on.
const (
	Running State = "running"
	Done    State = "done"
	Failed  State = "failed"
)

// Work is one rotation.
type Work struct {
	ID      string
	Kind    Kind
	Tenant  ids.Tenant // ids.System for the root key
	Person  ids.Person
	From    string // the newest version when it began
	State   State
	Step    string
	Done    int64
	Total   int64
	Error   string
	Started time.Time
	Changed time.Time
}

// Policy is the limits. They are printed on the inventory and in the statement.
type Policy struct {
	Age     time.Duration // the newest version of a root or tenant key must not be older
	Ahead   time.Duration // so long before that the service rotates by itself
	Keep    time.Duration // a superseded version stays so long: as long as any backup that was sealed under it
	Copy    time.Duration // a copy of the key store must not be older
	Settle  time.Duration // at the very least a superseded version stays so long, for what is under way
	Schemes string
}

// DefaultPolicy is what the statement promises.
func DefaultPolicy() Policy {
	day := 24 * time.Hour
	return Policy{Age: 365 * day, Ahead: 30 * day, Keep: 366 * day, Copy: 7 * day, Settle: day, Schemes: "AES-256-GCM"}
}

// Copies are the copies of the key store in backups.
type Copies interface {
	KeyCopies(ctx context.Context) ([]Copy, error)
	RenewKeys(ctx context.Context, who actor.Actor) error
}

// Copy is one copy of the key store.
type Copy struct {
	ID      string    `json:"id"`
	Taken   time.Time `json:"taken"`
	Damaged bool      `json:"damaged"`
}

// Options of a Service.
type Options struct {
	Main, Keys *db.DB
	Vault      *vault.Vault
	Log        *audit.Log
	Jobs       *job.Queue
	Copies     Copies
	Columns    []vault.Column
	// Files counts a tenant's files that begin with the given bytes.
	Files  func(ctx context.Context, t ids.Tenant, prefix []byte) (int64, error)
	Guard  func(a actor.Actor, permission string) error
	Policy Policy
	Logger *slog.Logger
	Dir    string // the data folder, in which copies of the key store are looked for
}

// Service looks after the keys.
type Service struct {
	o Options

	mu     sync.Mutex
	alerts []Alert
	looked time.Time
	strays atomic.Pointer[strays]
}

// The permissions that it asks for.
const (
	PermissionRead   = "key.read"
	PermissionRotate = "key.rotate"
)

// jobWork is the kind of the durable job; jobDaily looks at ages and retires what is over.
const (
	jobWork  = "keys.work"
	jobDaily = "keys.daily"
)

// New builds the service and says how its jobs run; call it before the queue runs.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Service{o: o}
	o.Jobs.Handle(jobWork, func(ctx context.Context, j job.Job) error {
		w, err := s.work(ctx, ids.Tenant(j.Tenant), string(j.Payload))
		if fault.Is(err, fault.Missing) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.Do(ctx, w, nil)
	}, job.Options{MaxAttempts: 40})
	return s
}

// Register plans the daily look and puts every rotation that was broken off back to work.
func (s *Service) Register(ctx context.Context) error {
	s.o.Jobs.Handle(jobDaily, func(ctx context.Context, _ job.Job) error { return s.Daily(ctx) }, job.Options{MaxAttempts: 10})
	s.o.Jobs.Schedule(jobDaily, job.Daily(5, 0), job.NewestOnly())
	open, err := s.open(ctx)
	if err != nil {
		return err
	}
	for _, w := range open {
		if err := s.o.Main.Tx(ctx, w.Tenant, func(tx *db.Tx) error { return s.enqueue(tx, w) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) enqueue(tx *db.Tx, w *Work) error {
	_, err := s.o.Jobs.Enqueue(tx, w.Tenant, jobWork, []byte(w.ID), job.EnqueueOptions{Slot: jobWork + ":" + w.ID})
	return err
}
