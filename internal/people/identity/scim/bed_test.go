package scim

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

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

// bed is the service on one engine with two tenants of the same accounts, each with a token.
type bed struct {
	*Service
	t       testing.TB
	id      *identity.Service
	box     *mail.Memory
	log     *audit.Log
	tenants register
	admin   map[string]actor.Actor
	ids     map[string]ids.Account
	token   map[string]Token
	secret  map[string]string
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

type numbered struct{ person ids.Person }

func (n numbered) PersonWithEmail(_ context.Context, _ ids.Tenant, number string) (ids.Person, string, error) {
	if number == "M0001" {
		return n.person, "sato@midori.example", nil
	}
	return "", "", fault.New(fault.Missing, "sso.no_person")
}

var qTestTenant = db.GlobalQ("scim.test_tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, 1)`)

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

// apartTest keeps auditors and personnel staff apart, and whoever has personnel authority from stress checks.
func apartTest(roles []actor.Role, say actor.Personnel) error {
	if slices.Contains(roles, actor.StressStaff) && say.Counts(roles) {
		return fault.New(fault.Conflict, "access.personnel")
	}
	if slices.Contains(roles, actor.Auditor) && slices.Contains(roles, actor.HR) {
		return fault.New(fault.Conflict, "access.duties")
	}
	return nil
}

func newBed(t testing.TB, e *testdb.Env) *bed {
	t.Helper()
	ctx := t.Context()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	must(t, err)
	v, err := vault.Open(ctx, e.Keys, root)
	must(t, err)
	log, err := audit.Open(ctx, e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = log.Close() })
	b := &bed{t: t, log: log, box: &mail.Memory{}, tenants: register{}, admin: map[string]actor.Actor{}, ids: map[string]ids.Account{}, token: map[string]Token{}, secret: map[string]string{}}
	policy := identity.DefaultPolicy()
	policy.Hash = identity.HashParams{MemoryKiB: 64, Time: 1, Threads: 1}
	b.id, err = identity.New(identity.Options{DB: e.DB, Keys: v, Log: log, Mail: b.box, Tenants: b.tenants, Guard: guardTest, Apart: apartTest, Policy: policy, Sandbox: true})
	must(t, err)
	t.Cleanup(func() { must(t, b.id.Close()) })
	b.Service = New(Options{DB: e.DB, Keys: v, Log: log, Identity: b.id, Tenants: b.tenants, People: numbered{ids.New[ids.Person]()}, Guard: guardTest, Logger: slog.New(slog.DiscardHandler)})
	for _, code := range []string{"midori", "hikari"} {
		id := ids.New[ids.Tenant]()
		b.tenants[code] = identity.TenantInfo{ID: id, Code: code, Name: code}
		must(t, v.CreateTenant(ctx, id))
		must(t, e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(qTestTenant, id, code, []byte("x")); return err }))
		for _, role := range []actor.Role{actor.TenantAdmin, actor.HR} {
			a, err := b.id.CreateAccount(ctx, actor.System(id, "test"), identity.NewAccount{LoginID: string(role), Name: "担当", Email: string(role) + "@" + code + ".example", Password: rightPW, Grants: []identity.Grant{{Role: role}}})
			must(t, err)
			b.ids[code+"/"+string(role)] = a.ID
		}
		b.admin[code] = actor.Actor{Kind: actor.Human, Tenant: id, Account: b.ids[code+"/tenantadmin"], Roles: []actor.Role{actor.TenantAdmin}}
		b.token[code], b.secret[code], err = b.CreateToken(ctx, b.admin[code], "人事システム", 90)
		must(t, err)
	}
	return b
}

// call is one request of a tenant's personnel system.
func (b *bed) call(code, method, path, text string) Response {
	b.t.Helper()
	u, err := url.Parse(path)
	must(b.t, err)
	part := strings.Split(strings.Trim(u.Path, "/"), "/")
	r := Request{Method: method, Resource: part[0], Query: u.Query(), Body: []byte(text), Base: "https://rakudos.example", Addr: "192.0.2.1"}
	if len(part) > 1 {
		r.ID = part[1]
	}
	return b.Serve(b.t.Context(), b.token[code], r)
}

// ok demands a status and gives the body as it goes over the wire.
func (b *bed) ok(status int, r Response) map[string]any {
	b.t.Helper()
	raw, err := json.Marshal(r.Body)
	must(b.t, err)
	if r.Status != status {
		b.t.Fatalf("%d, want %d: %s", r.Status, status, raw)
	}
	out := map[string]any{}
	if r.Body != nil {
		must(b.t, json.Unmarshal(raw, &out))
	}
	return out
}

// bad demands a refusal in the protocol's form.
func (b *bed) bad(status int, kind string, r Response) {
	b.t.Helper()
	got := b.ok(status, r)
	if k, _ := got["scimType"].(string); k != kind || got["status"] != itoa(status) || got["schemas"].([]any)[0] != schemaError {
		b.t.Errorf("refused with %v, want scimType %q", got, kind)
	}
}

const newcomer = `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],"externalId":"e-1","userName":"Sato@midori.example","displayName":"佐藤 一郎","active":true,
	"password":"Chosen-By-The-1-Attacker","emails":[{"value":"sato@midori.example","type":"work","primary":true}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"M0001"}}`

// join makes the newcomer and gives the id.
func (b *bed) join(code string) string {
	b.t.Helper()
	return b.ok(http.StatusCreated, b.call(code, "POST", "/Users", newcomer))["id"].(string)
}

func (b *bed) account(code, id string) identity.Account {
	b.t.Helper()
	a, err := b.id.Account(b.t.Context(), b.admin[code], ids.Account(id))
	must(b.t, err)
	return a
}

func (b *bed) roles(code, id string) string {
	var out []string
	for _, g := range b.account(code, id).Grants {
		out = append(out, string(g.Role))
	}
	return strings.Join(out, " ")
}
