// Package members is what every test of a way in from outside begins with: two tenants on one engine with the same
// accounts, their keys, log and mailbox. It must never be part of the program.
package members

import (
	"context"
	"log/slog"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/testdb"
)

// Password opens every account here.
const Password = "Kx7#mq2v-Z"

// Number is the one employee number that the roster knows, of Bed.Person in every tenant, and Email that person's work
// address.
const (
	Number = "M0001"
	Email  = "sato@midori.example"
)

// Bed is midori and its neighbour hikari.
type Bed struct {
	Keys     *vault.Vault
	Log      *audit.Log
	Identity *identity.Service
	Box      *mail.Memory
	Tenants  Register
	Admin    map[string]actor.Actor // by tenant code: its administrator
	Accounts map[string]ids.Account // "midori/hr"
	Person   ids.Person
}

// Options are what differs between tests.
type Options struct {
	Roles []actor.Role // one account each; the login ID is the role
	Owner actor.Role   // whose account in midori is Person's; empty: nobody's
	Apart func([]actor.Role, actor.Personnel) error
}

// New makes the bed; it is closed with the test.
func New(t testing.TB, e *testdb.Env, o Options) *Bed {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	root, err := vault.FileRoot(e.Dir + "/root.key")
	must(err)
	b := &Bed{Box: &mail.Memory{}, Tenants: Register{}, Admin: map[string]actor.Actor{}, Accounts: map[string]ids.Account{}, Person: ids.New[ids.Person]()}
	b.Keys, err = vault.Open(ctx, e.Keys, root)
	must(err)
	b.Log, err = audit.Open(ctx, e.DB, b.Keys, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	must(err)
	t.Cleanup(func() { _ = b.Log.Close() })
	policy := identity.DefaultPolicy()
	policy.Hash = identity.HashParams{MemoryKiB: 64, Time: 1, Threads: 1}
	b.Identity, err = identity.New(identity.Options{
		DB: e.DB, Keys: b.Keys, Log: b.Log, Mail: b.Box, Tenants: b.Tenants, Guard: Guard, Apart: o.Apart, Rules: access.Deciders, Policy: policy, Returns: "bounce@rakudos.example", Sandbox: true,
	})
	must(err)
	t.Cleanup(func() { must(b.Identity.Close()) })
	for _, code := range []string{"midori", "hikari"} {
		id := ids.New[ids.Tenant]()
		b.Tenants[code] = identity.TenantInfo{ID: id, Code: code, Name: code}
		must(b.Keys.CreateTenant(ctx, id))
		must(e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(qTenant, id, code, []byte("x")); return err }))
		for _, role := range o.Roles {
			n := identity.NewAccount{LoginID: string(role), Name: "担当", Email: string(role) + "@" + code + ".example", Password: Password, Grants: []identity.Grant{{Role: role}}}
			if role == o.Owner && code == "midori" {
				n.Person = b.Person
			}
			a, err := b.Identity.CreateAccount(ctx, actor.System(id, "test"), n)
			must(err)
			b.Accounts[code+"/"+string(role)] = a.ID
		}
		b.Admin[code] = actor.Actor{Kind: actor.Human, Tenant: id, Account: b.Accounts[code+"/"+string(actor.TenantAdmin)], Roles: []actor.Role{actor.TenantAdmin}}
	}
	return b
}

var qTenant = db.GlobalQ("members.tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, 1)`)

// Guard lets administrators and machines do everything, and nobody else anything.
func Guard(a actor.Actor, _ string) error {
	if a.Kind != actor.Human || a.Has(actor.TenantAdmin) {
		return nil
	}
	return fault.New(fault.Denied, "access.denied")
}

// Register finds tenants by their code.
type Register map[string]identity.TenantInfo

// TenantByCode is identity.Tenants.
func (r Register) TenantByCode(_ context.Context, code string) (identity.TenantInfo, error) {
	if i, ok := r[code]; ok {
		return i, nil
	}
	return identity.TenantInfo{}, fault.New(fault.Missing, "tenant.missing")
}

// TenantByID is identity.Tenants.
func (r Register) TenantByID(_ context.Context, t ids.Tenant) (identity.TenantInfo, error) {
	for _, i := range r {
		if i.ID == t {
			return i, nil
		}
	}
	return identity.TenantInfo{}, fault.New(fault.Missing, "tenant.missing")
}

// Associations is identity.Tenants.
func (r Register) Associations(context.Context) (out []ids.Tenant, err error) {
	for _, i := range r {
		if i.Association {
			out = append(out, i.ID)
		}
	}
	return out, nil
}

// PersonByNumber knows Number alone.
func (b *Bed) PersonByNumber(ctx context.Context, t ids.Tenant, number string) (ids.Person, error) {
	p, _, err := b.PersonWithEmail(ctx, t, number)
	return p, err
}

// PersonWithEmail knows Number alone.
func (b *Bed) PersonWithEmail(_ context.Context, _ ids.Tenant, number string) (ids.Person, string, error) {
	if number == Number {
		return b.Person, Email, nil
	}
	return "", "", fault.New(fault.Missing, "sso.no_person")
}
