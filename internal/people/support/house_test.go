package support

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
	"rakudos/internal/testkit/members"
	"rakudos/internal/testkit/testdb"
)

// house is the service on one engine with the association "kyokai", the customers "midori" and "hikari".
type house struct {
	*Service
	t       *testing.T
	log     *audit.Log
	tenants map[string]TenantInfo
	mails   mails
}

// mails keeps what was announced, as "tenant role subject text".
type mails struct {
	mu  sync.Mutex
	all []string
}

func (m *mails) said(part ...string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.ContainsFunc(m.all, func(s string) bool {
		return !slices.ContainsFunc(part, func(p string) bool { return !strings.Contains(s, p) })
	})
}

func (h *house) NameOf(_ context.Context, _ ids.Tenant, a ids.Account) (string, error) {
	return "担当 " + string(a), nil
}

func (h *house) ByNumber(_ context.Context, t ids.Tenant, number string) (ids.Person, error) {
	if number != "M0001" {
		return "", fault.New(fault.Missing, "support.no_person")
	}
	return ids.Person("person of " + t), nil
}

func (h *house) Announce(t ids.Tenant, roles []actor.Role, _, subject, text string) {
	h.mails.mu.Lock()
	defer h.mails.mu.Unlock()
	for _, r := range roles {
		h.mails.all = append(h.mails.all, h.codeOf(t)+" "+string(r)+" "+subject+" "+text)
	}
}

func (h *house) codeOf(t ids.Tenant) string {
	for code, i := range h.tenants {
		if i.ID == t {
			return code
		}
	}
	return "?"
}

func (h *house) TenantByCode(_ context.Context, code string) (TenantInfo, error) {
	if i, ok := h.tenants[code]; ok {
		return i, nil
	}
	return TenantInfo{}, fault.New(fault.Missing, "tenant.missing")
}

func (h *house) TenantByID(_ context.Context, t ids.Tenant) (TenantInfo, error) {
	return h.TenantByCode(context.Background(), h.codeOf(t))
}

func (h *house) Tenants(context.Context) (out []TenantInfo, err error) {
	for _, i := range h.tenants {
		out = append(out, i)
	}
	return out, nil
}

var (
	qTestAsked  = db.GlobalQ("support.test_asked", `update support_accesses set asked_at = $2 where access_id = $1`)
	qTestTenant = db.GlobalQ("support.test_tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, $3, $4, 1)`)
)

func newHouse(t *testing.T, e *testdb.Env, weak bool) *house {
	t.Helper()
	ctx := t.Context()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	must(t, err)
	v, err := vault.Open(ctx, e.Keys, root)
	must(t, err)
	log, err := audit.Open(ctx, e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = log.Close() })
	h := &house{t: t, log: log, tenants: map[string]TenantInfo{}}
	for code, kind := range map[string]string{"kyokai": "association", "midori": "customer", "hikari": "customer"} {
		id := ids.New[ids.Tenant]()
		h.tenants[code] = TenantInfo{ID: id, Code: code, Name: "名 " + code, Association: kind == "association"}
		must(t, v.CreateTenant(ctx, id))
		must(t, e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
			_, err := tx.Exec(qTestTenant, id, code, kind, []byte("x"))
			return err
		}))
	}
	guard := func(a actor.Actor, p string) error { return access.Require(a, access.Permission(p)) }
	h.Service, err = New(Options{DB: e.DB, Keys: v, Log: log, Tenants: h, People: h, Guard: guard, Second: members.Beside, Weak: weak, Sandbox: true})
	must(t, err)
	return h
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// as is somebody of a tenant in one role and one session.
func (h *house) as(code, account string, role actor.Role) actor.Actor {
	return actor.Actor{Kind: actor.Human, Tenant: h.tenants[code].ID, Account: ids.Account(account), Session: ids.Session("session of " + account), Roles: []actor.Role{role}}
}

func (h *house) asked(a actor.Actor, to string) Access {
	h.t.Helper()
	got, err := h.Ask(h.t.Context(), a, Ask{TenantCode: to, Scope: Person, Number: "M0001", Reason: "値が違うとの問合せ", Ticket: "INC-1024", Minutes: 30})
	must(h.t, err)
	return got
}

// age moves everything about an access into the past, as if that time had gone by.
func (h *house) age(id string, by time.Duration) {
	h.t.Helper()
	must(h.t, h.db.Tx(h.t.Context(), db.Global, func(tx *db.Tx) error {
		r, err := h.one(tx, actor.Actor{Tenant: h.tenants["kyokai"].ID}, id)
		if err != nil {
			return err
		}
		// The time of asking is never changed by the service itself.
		if _, err := tx.Exec(qTestAsked, id, db.Micros(r.AskedAt.Add(-by))); err != nil {
			return err
		}
		return h.amendAged(tx, &r, by)
	}))
}

func (h *house) amendAged(tx *db.Tx, r *row, by time.Duration) error {
	return h.amend(tx, r, func(_ *vault.Key, r *row) {
		r.AskedAt = r.AskedAt.Add(-by)
		if !r.DecidedAt.IsZero() {
			r.DecidedAt, r.EndsAt = r.DecidedAt.Add(-by), r.EndsAt.Add(-by)
		}
	})
}

func (h *house) want(err error, code string) {
	h.t.Helper()
	f := fault.Of(err)
	if err == nil && code == "" {
		return
	}
	if f == nil || f.Code != code {
		h.t.Fatalf("got %v, want %q", err, code)
	}
}

// verbs lists the log of a tenant, oldest first, with the results that are not ok.
func (h *house) verbs(code string) string {
	h.t.Helper()
	entries, err := h.log.Find(h.t.Context(), actor.System(h.tenants[code].ID, "test"), audit.Filter{Limit: 500})
	must(h.t, err)
	var out []string
	for _, e := range slices.Backward(entries) {
		v := strings.TrimPrefix(e.Verb, "support.")
		if e.Result != "ok" {
			v += "!" + e.Result
		}
		if e.Detail["ticket"] != "INC-1024" || e.Purpose != Purpose {
			h.t.Errorf("%s lacks its ticket or purpose: %+v", e.Verb, e)
		}
		out = append(out, v)
	}
	return strings.Join(out, " ")
}
