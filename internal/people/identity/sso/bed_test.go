package sso

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/mail"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

// bed is the service on one engine with two tenants of the same accounts: midori has providers, hikari is
// the neighbour.
type bed struct {
	*Service
	t       testing.TB
	log     *audit.Log
	id      *identity.Service
	box     *mail.Memory
	tenants members.Register
	admin   map[string]actor.Actor
	ids     map[string]ids.Account // "midori/hr"
	away    actor.Actor            // a second administrator of midori, stopped for now
}

const rightPW = members.Password

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newBed(t testing.TB, e *testdb.Env, n Net) *bed {
	t.Helper()
	k := members.New(t, e, members.Options{Roles: []actor.Role{actor.TenantAdmin, actor.HR, actor.Employee}, Owner: actor.Employee})
	b := &bed{t: t, log: k.Log, id: k.Identity, box: k.Box, tenants: k.Tenants, admin: k.Admin, ids: k.Accounts}
	var err error
	b.Service, err = New(Options{DB: e.DB, Keys: k.Keys, Log: k.Log, Identity: k.Identity, Tenants: k.Tenants, People: k, Guard: members.Guard, Net: n, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	b.away = b.hire(actor.System(k.Admin["midori"].Tenant, "setup"), "away")
	must(t, b.id.Disable(t.Context(), k.Admin["midori"], b.away.Account, "休職"))
	return b
}

const base = "https://rakudos.example"

var here = identity.Visit{Addr: "192.0.2.7", Agent: "test"}

// connect makes a connection of midori in use.
func (b *bed) connect(k Kind, s Settings) Connection {
	b.t.Helper()
	if s.Name == "" {
		s.Name = "会社のアカウント"
	}
	if s.LinkBy == "" {
		s.LinkBy = ByEmail
	}
	c, err := b.Save(b.t.Context(), b.admin["midori"], "", k, s, true)
	must(b.t, err)
	return c
}

func (b *bed) begin() Start {
	b.t.Helper()
	s, err := b.Begin(b.t.Context(), here, "midori", "", base, "/worklist")
	must(b.t, err)
	return s
}

func (b *bed) want(err error, code string) {
	b.t.Helper()
	if f := fault.Of(err); f == nil || f.Code != code {
		b.t.Fatalf("got %v, want %q", err, code)
	}
}

var code8 = regexp.MustCompile(`\b[0-9]{8}\b`)

// code is the one that was mailed.
func (b *bed) code(to string) string {
	b.t.Helper()
	for range 6000 {
		if m, ok := b.box.Take(to, time.Time{}); ok {
			if c := code8.FindString(m.Text); c != "" {
				return c
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
	b.t.Fatal("no mail to " + to)
	return ""
}

// events lists the verbs of a tenant's log that begin with a prefix, oldest first, with their reason.
func (b *bed) events(code, prefix string) string {
	b.t.Helper()
	entries, err := b.log.Find(b.t.Context(), actor.System(b.tenants[code].ID, "test"), audit.Filter{Limit: 500})
	must(b.t, err)
	var out []string
	for i := len(entries) - 1; i >= 0; i-- {
		if e := entries[i]; strings.HasPrefix(e.Verb, prefix) {
			v := e.Verb
			if why, ok := e.Detail["why"].(string); ok {
				v += ":" + why
			}
			out = append(out, v)
		}
	}
	return strings.Join(out, " ")
}
