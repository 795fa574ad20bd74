package support

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Keys gives out tenant keys; the vault fills it.
type Keys interface {
	Tenant(ctx context.Context, t ids.Tenant) (*vault.Key, error)
}

// Recorder writes an audit event in the caller's transaction.
type Recorder interface {
	Append(tx *db.Tx, e audit.Event) (audit.Ref, error)
}

// TenantInfo is what an access needs to know of a tenant.
type TenantInfo struct {
	ID          ids.Tenant
	Code, Name  string
	Closed      bool
	Probe       bool // of the service's own probes: they see each other and nobody else
	Association bool
}

// Tenants finds tenants; an unknown one is fault.Missing.
type Tenants interface {
	TenantByCode(ctx context.Context, code string) (TenantInfo, error)
	TenantByID(ctx context.Context, t ids.Tenant) (TenantInfo, error)
	Tenants(ctx context.Context) ([]TenantInfo, error)
}

// People knows accounts, and employees by their number; identity and org fill it.
type People interface {
	NameOf(ctx context.Context, t ids.Tenant, a ids.Account) (string, error)
	ByNumber(ctx context.Context, t ids.Tenant, number string) (ids.Person, error)
	// Announce mails whoever holds one of the roles in a tenant, without making the caller wait; whether the
	// mails went out is an event of that tenant.
	Announce(t ids.Tenant, roles []actor.Role, verb, subject, text string)
}

// Guard refuses an actor without a permission; package access fills it.
type Guard func(a actor.Actor, permission string) error

// The permissions of the matrix.
const (
	permDesk    = "support.desk"
	permAsk     = "support.ask"
	permApprove = "support.approve"
	permSee     = "support.see"
	permStop    = "support.stop"
)

// SabotageApproval names the sandbox in which an access needs no approval.
const SabotageApproval = "support.approval"

// Options are what the service is made of.
type Options struct {
	DB      *db.DB
	Keys    Keys
	Log     Recorder
	Tenants Tenants
	People  People
	Guard   Guard
	Second  actor.Second // refuses an approval by somebody who is not independent of the asker
	Weak    bool         // SabotageApproval, refused outside a sandbox
	Sandbox bool
}

// Service keeps the accesses. It is safe for concurrent use.
type Service struct {
	db      *db.DB
	keys    Keys
	log     Recorder
	tenants Tenants
	people  People
	guard   Guard
	second  actor.Second
	weak    bool
	first   audit.First
}

// New makes the service.
func New(o Options) (*Service, error) {
	if o.Weak && !o.Sandbox {
		return nil, fault.New(fault.Internal, "support.sabotaged")
	}
	return &Service{db: o.DB, keys: o.Keys, log: o.Log, tenants: o.Tenants, people: o.People, guard: o.Guard, second: o.Second, weak: o.Weak}, nil
}

// both records an event in the log of whoever acts and, under the same words, in that of the tenant looked
// into: each side sees it without asking the other.
func (s *Service) both(tx *db.Tx, verb string, by actor.Actor, a *Access, result string, more map[string]any) error {
	d := map[string]any{"access": a.ID, "ticket": a.Ticket, "scope": string(a.Scope), "minutes": a.Minutes, "asker": string(a.Asker)}
	for k, v := range more {
		d[k] = v
	}
	for _, t := range []ids.Tenant{a.Home, a.Tenant} {
		who := by
		who.Tenant, who.Purpose = t, Purpose
		if _, err := s.log.Append(tx, audit.Event{Verb: verb, Actor: who, Kind: "support", Result: result, Detail: d}); err != nil {
			return err
		}
	}
	return nil
}

// reaches tells whether people of one tenant may ask for access to another: the association to its
// customers, and the service's own probe tenants to each other.
func reaches(home, to TenantInfo) bool {
	if home.ID == to.ID || to.Closed || to.ID == ids.System {
		return false
	}
	return home.Association && !to.Probe && !to.Association || home.Probe && to.Probe
}

func missing() error { return fault.New(fault.Missing, "support.missing") }

// one finds an access of the actor's own desk.
func (s *Service) one(tx *db.Tx, a actor.Actor, id string) (row, error) {
	r, err := db.One(tx, qOne, scan, id, a.Tenant)
	if fault.Is(err, fault.Missing) {
		return r, missing()
	}
	return r, err
}

func clockTime(t time.Time) string { return t.In(zone).Format("15:04") }

func describe(s Scope) string {
	if s == Person {
		return "一人の記録の閲覧"
	}
	return "一覧の閲覧"
}

func lasting(minutes int) string { return fmt.Sprintf("%d分", minutes) }
