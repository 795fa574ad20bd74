package checkup

import (
	"context"
	"sync"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/org"
)

// People supplies who works where. org.Service is one.
type People interface {
	Directory(ctx context.Context, t ids.Tenant) (*org.Directory, error)
}

// Journal is the audit log; audit.Log is one.
type Journal interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
	Record(ctx context.Context, e audit.Event) (audit.Ref, error)
}

// Deps is what the service stands on. Jobs may be nil where only ImportNow is used (CLI); Rule may be nil
// for the default rule.
type Deps struct {
	DB     *db.DB
	Vault  *vault.Vault
	Audit  Journal
	Jobs   *job.Queue
	Blobs  *blob.SealedStore
	People People
	Rule   func(context.Context, ids.Tenant) (access.TenantRule, error)
}

// Service keeps check-up results. It is safe for concurrent use.
type Service struct {
	db     *db.DB
	vault  *vault.Vault
	audit  Journal
	jobs   *job.Queue
	blobs  *blob.SealedStore
	people People
	rule   func(context.Context, ids.Tenant) (access.TenantRule, error)

	progress progress
	snaps    snapshots
	criteria criteriaCache
	first    audit.First // of rows that do not verify
	stray    sync.Map    // uploads that no import needs → since when the hourly sweep has known it

	crash func(point string) // tests stop the import here; nil otherwise
}

// New makes the service; Register must follow where jobs are to run.
func New(d Deps) *Service {
	s := &Service{db: d.DB, vault: d.Vault, audit: d.Audit, jobs: d.Jobs, blobs: d.Blobs, people: d.People, rule: d.Rule}
	if s.rule == nil {
		s.rule = func(context.Context, ids.Tenant) (access.TenantRule, error) { return access.DefaultRule(), nil }
	}
	return s
}

// Register names the service's jobs to the queue: once, before the queue runs.
func (s *Service) Register() {
	if s.jobs != nil {
		read, apply := readOptions, jobOptions
		read.GivenUp, apply.GivenUp = s.givenUp, s.givenUp
		s.jobs.Handle(jobRead, s.handle(s.read), read)
		s.jobs.Handle(jobApply, s.handle(s.apply), apply)
		s.jobs.Handle(jobRejudge, s.rejudgeJob, jobOptions)
		s.jobs.Handle(jobSweep, func(ctx context.Context, _ job.Job) error { return s.sweep(ctx, underWay) }, job.Options{})
		s.jobs.Schedule(jobSweep, job.Every(time.Hour), job.NewestOnly())
	}
}

func (s *Service) at(point string) {
	if s.crash != nil {
		s.crash(point)
	}
}

// record writes an audit event in a transaction of its own: reads of a person's data.
func (s *Service) record(ctx context.Context, a actor.Actor, verb, kind string, subjects []ids.Person, detail map[string]any) error {
	_, err := s.audit.Record(ctx, audit.Event{Verb: verb, Actor: a, Kind: kind, Subjects: subjects, Detail: detail})
	return err
}

// require is access.Require that leaves a trace of what was refused.
func (s *Service) require(ctx context.Context, a actor.Actor, p access.Permission, verb string) error {
	err := access.Require(a, p)
	if err == nil {
		return nil
	}
	if _, e := s.audit.Record(ctx, audit.Event{Verb: verb, Actor: a, Result: "denied"}); e != nil {
		return e
	}
	return err
}

func toSex(x org.Sex) Sex { return Sex(x) }

func missing(code string) error { return fault.New(fault.Missing, code) }
