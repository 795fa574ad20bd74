package sso

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/time/rate"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

// People finds a person by the employee number; fault.Missing when there is none. Package org fills it.
type People interface {
	PersonByNumber(ctx context.Context, t ids.Tenant, number string) (ids.Person, error)
}

// permManage is what an administrator needs.
const permManage = "federation.manage"

// Options are what the service is made of. All are needed but Roots and AllowPrivate.
type Options struct {
	DB       *db.DB
	Keys     identity.Keys
	Log      identity.Recorder
	Identity *identity.Service
	Tenants  identity.Tenants
	People   People
	Guard    identity.Guard
	Net      Net
	Logger   *slog.Logger
	Weak     string // a sabotaged protection; only a sandbox has one
}

// Service keeps the connections of the tenants and signs people in through them.
type Service struct {
	Options
	client *http.Client

	mu        sync.Mutex
	providers map[string]cached // by issuer
	starts    map[string]*rate.Limiter
}

type cached struct {
	p     *oidc.Provider
	until time.Time
}

// New makes the service; a file of roots that can't be read is refused.
func New(o Options) (*Service, error) {
	skew()
	client, err := o.Net.client()
	if err != nil {
		return nil, err
	}
	return &Service{Options: o, client: client, providers: map[string]cached{}, starts: map[string]*rate.Limiter{}}, nil
}

func at(table, id, column string) vault.Loc { return vault.Loc{Table: table, ID: id, Column: column} }

func (s *Service) record(tx *db.Tx, verb string, a actor.Actor, result string, detail map[string]any) error {
	_, err := s.Log.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "federation", Result: result, Detail: detail})
	return err
}

// machine is the service acting for a tenant before anybody is signed in.
func machine(t ids.Tenant, v identity.Visit) actor.Actor {
	a := actor.System(t, "sso")
	a.Addr, a.Request = v.Addr, v.Request
	return a
}

// allow bounds how often one network may begin: each begin makes the service ask a provider. What it
// remembers is bounded too.
func (s *Service) allow(addr string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	addr = identity.Network(addr)
	l, ok := s.starts[addr]
	if !ok {
		if len(s.starts) >= 10_000 {
			clear(s.starts)
		}
		l = rate.NewLimiter(rate.Every(2*time.Second), 20)
		s.starts[addr] = l
	}
	return l.Allow()
}

// Sweep removes attempts and used assertions that have run out.
func (s *Service) Sweep(ctx context.Context) error {
	now := time.Now()
	return s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		if _, err := tx.Exec(qFlowsSweep, db.Micros(now.Add(-24*time.Hour))); err != nil {
			return err
		}
		_, err := tx.Exec(qAssertionsSweep, db.Micros(now))
		return err
	})
}
