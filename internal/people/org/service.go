package org

import (
	"context"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
)

// The permissions that the verbs ask for, by the names in package access.
const (
	permImport   = "people.import"
	permList     = "people.read"
	permPerson   = "person.read"
	permSelf     = "person.read.self"
	permMeasures = "measures.read"
	permChange   = "people.change"
)

// Guard says whether an actor has a permission, fault.Denied when not, and how far it reaches. Filled from access.
type Guard interface {
	Require(a actor.Actor, permission string) error
	Reach(a actor.Actor, permission string) actor.Reach
}

// Journal is the audit log.
type Journal interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
	Record(ctx context.Context, e audit.Event) (audit.Ref, error)
}

// Config is what the service stands on.
type Config struct {
	DB    *db.DB
	Vault *vault.Vault
	Audit Journal
	Jobs  *job.Queue // nil: only ImportNow imports
	Blobs *blob.SealedStore
	Guard Guard
}

// Service is the tenant's people and how they change.
type Service struct {
	db    *db.DB
	vault *vault.Vault
	audit Journal
	jobs  *job.Queue
	blobs *blob.SealedStore
	guard Guard

	mu    sync.Mutex
	cache map[ids.Tenant]*cached

	chunk int               // lines staged at a time
	step  func(name string) // called between the steps of an import; the crash tests stop there
}

// New registers the kinds of jobs of imports, so it comes before the queue runs.
func New(c Config) *Service {
	s := &Service{
		db: c.DB, vault: c.Vault, audit: c.Audit, jobs: c.Jobs, blobs: c.Blobs, guard: c.Guard,
		cache: map[ids.Tenant]*cached{}, chunk: chunkLines, step: func(string) {},
	}
	s.registerJobs()
	return s
}

// record writes the audit event of a reading verb.
func (s *Service) record(ctx context.Context, a actor.Actor, verb, kind string, subjects []ids.Person, detail map[string]any) error {
	_, err := s.audit.Record(ctx, audit.Event{Verb: verb, Actor: a, Kind: kind, Subjects: subjects, Result: "ok", Detail: detail})
	return err
}

// append writes the audit event of a changing verb into its transaction.
func (s *Service) append(tx *db.Tx, a actor.Actor, verb string, subjects []ids.Person, detail map[string]any) error {
	_, err := s.audit.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "person", Subjects: subjects, Result: "ok", Detail: detail})
	return err
}

func today() jst.Date { return jst.Of(time.Now()) }

// personAt is the place that a person's sealed record is bound to.
func personAt(id ids.Person) vault.Loc {
	return vault.Loc{Table: "person", ID: string(id), Column: "sealed"}
}
