// Package accessreview asks every fiscal quarter who still needs what (clause 3-1): campaigns that open by
// themselves, lines that nobody decides about himself, and revocations that are carried out and read back.
// It must never let silence keep a right, never count its own doing as a person's decision, and never take
// the last administrator away.
package accessreview

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// Accounts are the people and their grants; *identity.Service is one.
type Accounts interface {
	Accounts(ctx context.Context, a actor.Actor) ([]identity.Account, error)
	RevokeGrant(ctx context.Context, a actor.Actor, id ids.Account, g identity.Grant, reason string) error
	NarrowGrant(ctx context.Context, a actor.Actor, id ids.Account, g identity.Grant, site ids.Site, reason string) error
	Effective(ctx context.Context, t ids.Tenant, id ids.Account) (actor.Actor, error)
}

// Letters mails the owner of an account; *identity.Service does. An address alone is never written to.
type Letters interface {
	SendTo(ctx context.Context, t ids.Tenant, id ids.Account, subject, text string) error
}

// Second tells who stands behind an account on every way (about those it decides nothing), and lets a reviewer's word
// count as that of somebody who vouches; *identity.Service is one.
type Second interface {
	Above(ctx context.Context, rule string, of []ids.Account) (map[ids.Account][]ids.Account, error)
	VouchKept(ctx context.Context, reviewer actor.Actor, of ids.Tenant, id ids.Account, g identity.Grant, reason string) error
}

// ruleDecide is the rule of access.Seconds for reviewers.
const ruleDecide = "review.decide"

// Signs tells what else is known of accounts and the people behind them.
type Signs interface {
	SharedAccounts(ctx context.Context, t ids.Tenant) (map[ids.Account]int, error)
	LeftOn(ctx context.Context, t ids.Tenant, people []ids.Person) (map[ids.Person]jst.Date, error)
}

// Principal is who acts without being a person: a key of another system, a job, a role of the database.
type Principal struct {
	Kind       Kind
	ID         string // stable: the grant is the same in the next quarter
	Name       string
	Holds      string // what it may do, in words
	Privileged string // why it is, when it is
	LastUsed   time.Time
}

// ErrByHand is the answer to a withdrawal that only a person on the host can carry out.
var ErrByHand = errors.New("accessreview: this is withdrawn by hand")

// Principals lists them by tenant and takes them away. A principal is withdrawn when it is listed no more.
type Principals interface {
	Principals(ctx context.Context, t ids.Tenant) ([]Principal, error)
	Withdraw(ctx context.Context, a actor.Actor, p Principal, reason string) error
}

// Tenants is the register; *tenant.Service is one.
type Tenants interface {
	List(ctx context.Context) ([]tenant.Tenant, error)
}

// Keys gives out tenant keys; the vault fills it.
type Keys interface {
	Tenant(ctx context.Context, t ids.Tenant) (*vault.Key, error)
}

// Trail is the audit log.
type Trail interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
	Find(ctx context.Context, a actor.Actor, f audit.Filter) ([]audit.Entry, error)
	Index(ctx context.Context, ref audit.Ref) (int64, bool)
}

// Guard refuses an actor without a permission; package access fills it.
type Guard func(a actor.Actor, permission string) error

const (
	permRead   = "review.read"
	permDecide = "review.decide"
)

// Deps are what the service is made of. All but Sabotage and Logger are needed.
type Deps struct {
	DB         *db.DB
	Keys       Keys
	Log        Trail
	Mail       Letters
	Tenants    Tenants
	Accounts   Accounts
	Second     Second
	Signs      Signs
	Principals Principals
	Restore    Restorer // gives probe accounts back what a probe took
	Guard      Guard
	Site       string // address of the service as people type it
	Logger     *slog.Logger
	// RecordOnly is the sabotage of a sandbox: revocations are written down and not carried out.
	RecordOnly bool
	// AnyRow is another: what a line says is believed whatever its MAC says.
	AnyRow bool
}

// Service runs the campaigns. It is safe for concurrent use, and for several nodes.
type Service struct {
	Deps
	first audit.First // of rows that do not verify
}

// New makes the service.
func New(d Deps) *Service {
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return &Service{Deps: d}
}

// Kinds of jobs.
const (
	jobQuarter = "review.quarter" // one slot a quarter: none is forgotten in a downtime
	jobTick    = "review.tick"    // what falls due in between
)

// Register plans the work.
func (s *Service) Register(q *job.Queue) {
	q.Handle(jobQuarter, func(ctx context.Context, j job.Job) error { return s.Quarter(ctx, slotOf(j.Slot)) }, job.Options{})
	q.Handle(jobTick, func(ctx context.Context, _ job.Job) error { return s.Tick(ctx) }, job.Options{})
	q.Schedule(jobQuarter, Slots{})
	q.Schedule(jobTick, ticks{}, job.NewestOnly())
}

// ticks are the slots of jobTick: each quarter of an hour, and the minute in which campaigns close.
type ticks struct{}

func (ticks) Next(after time.Time) (time.Time, string) {
	at := after.Truncate(15 * time.Minute).Add(15 * time.Minute)
	if c := QuarterOf(after).Closes(); c.After(after) && c.Before(at) {
		at = c
	}
	return at, at.UTC().Format(time.RFC3339)
}

// slotOf reads the quarter out of a job's slot, "review.quarter:2026-Q3".
func slotOf(slot string) Quarter {
	for i := len(slot) - 1; i >= 0; i-- {
		if slot[i] == ':' {
			q, _ := ParseQuarter(slot[i+1:])
			return q
		}
	}
	return Quarter{}
}

// machine is the service acting in a tenant.
func machine(t ids.Tenant) actor.Actor { return actor.System(t, "access-review") }

func (s *Service) record(tx *db.Tx, verb string, a actor.Actor, detail map[string]any) (audit.Ref, error) {
	return s.Log.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "review", Result: "ok", Detail: detail})
}

// refText is how a campaign names its event.
func refText(r audit.Ref) string {
	return string(r.Tenant) + "/" + strconv.FormatInt(r.Seq, 10) + "/" + r.ID
}
