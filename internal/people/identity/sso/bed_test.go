package sso

import (
	"context"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
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
	tenants register
	admin   map[string]actor.Actor
	ids     map[string]ids.Account // "midori/hr"
}

type register map[string]identity.TenantInfo

func (r register) TenantByCode(_ context.Context, code string) (identity.TenantInfo, error) {
	if i, ok := r[code]; ok {
		return i, nil
	}
	return identity.TenantInfo{}, fault.New(fault.Missing, "tenant.missing")
}

func (r register) TenantByID(_ context.Context, t ids.Tenant) (identity.TenantInfo, error) {
	for _, i := range r {
		if i.ID == t {
			return i, nil
		}
	}
	return identity.TenantInfo{}, fault.New(fault.Missing, "tenant.missing")
}

// numbered is the one person that has an employee number here.
type numbered struct{ person ids.Person }

func (n numbered) PersonByNumber(_ context.Context, _ ids.Tenant, number string) (ids.Person, error) {
	if number == "M0001" {
		return n.person, nil
	}
	return "", fault.New(fault.Missing, "org.no_person")
}

var qTestTenant = db.GlobalQ("sso.test_tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, 1)`)

const rightPW = "Kx7#mq2v-Z"

func guardTest(a actor.Actor, _ string) error {
	if a.Kind != actor.Human || a.Has(actor.TenantAdmin) {
		return nil
	}
	return fault.New(fault.Denied, "access.denied")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newBed(t testing.TB, e *testdb.Env, n Net) *bed {
	t.Helper()
	ctx := t.Context()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	must(t, err)
	v, err := vault.Open(ctx, e.Keys, root)
	must(t, err)
	log, err := audit.Open(ctx, e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = log.Close() })
	b := &bed{t: t, log: log, box: &mail.Memory{}, tenants: register{}, admin: map[string]actor.Actor{}, ids: map[string]ids.Account{}}
	policy := identity.DefaultPolicy()
	policy.Hash = identity.HashParams{MemoryKiB: 64, Time: 1, Threads: 1}
	b.id, err = identity.New(identity.Options{DB: e.DB, Keys: v, Log: log, Mail: b.box, Tenants: b.tenants, Guard: guardTest, Policy: policy, Returns: "bounce@rakudos.example", Sandbox: true})
	must(t, err)
	t.Cleanup(func() { must(t, b.id.Close()) })
	person := ids.New[ids.Person]()
	b.Service, err = New(Options{DB: e.DB, Keys: v, Log: log, Identity: b.id, Tenants: b.tenants, People: numbered{person}, Guard: guardTest, Net: n, Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	for _, code := range []string{"midori", "hikari"} {
		id := ids.New[ids.Tenant]()
		b.tenants[code] = identity.TenantInfo{ID: id, Code: code, Name: code}
		must(t, v.CreateTenant(ctx, id))
		must(t, e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(qTestTenant, id, code, []byte("x")); return err }))
		machine := actor.System(id, "test")
		for _, role := range []actor.Role{actor.TenantAdmin, actor.HR, actor.Employee} {
			n := identity.NewAccount{LoginID: string(role), Name: "担当", Email: string(role) + "@" + code + ".example", Password: rightPW, Grants: []identity.Grant{{Role: role}}}
			if role == actor.Employee && code == "midori" {
				n.Person = person
			}
			a, err := b.id.CreateAccount(ctx, machine, n)
			must(t, err)
			b.ids[code+"/"+string(role)] = a.ID
		}
		b.admin[code] = actor.Actor{Kind: actor.Human, Tenant: id, Account: b.ids[code+"/tenantadmin"], Roles: []actor.Role{actor.TenantAdmin}}
	}
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
	for range 200 {
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
