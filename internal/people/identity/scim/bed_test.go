package scim

import (
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
	"rakudos/internal/engine/mail"
	"rakudos/internal/people/identity"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

// bed is the service on one engine with two tenants of the same accounts, each with a token.
type bed struct {
	*Service
	t       testing.TB
	id      *identity.Service
	box     *mail.Memory
	log     *audit.Log
	tenants members.Register
	admin   map[string]actor.Actor
	ids     map[string]ids.Account
	token   map[string]Token
	secret  map[string]string
}

const rightPW = members.Password

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
	k := members.New(t, e, members.Options{Roles: []actor.Role{actor.TenantAdmin, actor.HR}, Apart: apartTest})
	b := &bed{t: t, log: k.Log, box: k.Box, id: k.Identity, tenants: k.Tenants, admin: k.Admin, ids: k.Accounts, token: map[string]Token{}, secret: map[string]string{}}
	b.Service = New(Options{DB: e.DB, Keys: k.Keys, Log: k.Log, Identity: k.Identity, Tenants: k.Tenants, People: k, Guard: members.Guard, Logger: slog.New(slog.DiscardHandler)})
	for code, admin := range k.Admin {
		var err error
		b.token[code], b.secret[code], err = b.CreateToken(t.Context(), admin, "人事システム", 90)
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
