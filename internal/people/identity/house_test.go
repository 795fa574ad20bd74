package identity

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
	"rakudos/internal/testkit/testdb"
)

// house is the service on one engine with two tenants, "midori" (a probe tenant, so that its rows can be
// aged) and "hikari", and the same accounts in both.
type house struct {
	*Service
	t       testing.TB
	env     *testdb.Env
	log     *audit.Log
	box     *mail.Memory
	tenants register
	admin   map[string]actor.Actor
	ids     map[string]ids.Account // "midori/hr"
}

type register map[string]TenantInfo

func (r register) TenantByCode(_ context.Context, code string) (TenantInfo, error) {
	if i, ok := r[NormalLogin(code)]; ok {
		return i, nil
	}
	return TenantInfo{}, fault.New(fault.Missing, "tenant.missing")
}

func (r register) TenantByID(_ context.Context, t ids.Tenant) (TenantInfo, error) {
	for _, i := range r {
		if i.ID == t {
			return i, nil
		}
	}
	return TenantInfo{}, fault.New(fault.Missing, "tenant.missing")
}

func (r register) Associations(context.Context) (out []ids.Tenant, err error) {
	for _, i := range r {
		if i.Association {
			out = append(out, i.ID)
		}
	}
	return out, nil
}

var qTestTenant = db.GlobalQ("identity.test_tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'probe', $3, 1)`)

const (
	rightPW = "Kx7#mq2v-Z"
	wrongPW = "Kx7#mq2v-Y"
)

// guardTest lets administrators, machines and the host manage accounts.
func guardTest(a actor.Actor, _ string) error {
	if a.Kind != actor.Human || a.Has(actor.TenantAdmin) {
		return nil
	}
	return fault.New(fault.Denied, "access.denied")
}

// rulesTest names the roles that decide under every rule; those of adding roles and judging accounts are one-way.
func rulesTest(rule string) (decides, asks []actor.Role, oneWay, ok bool) {
	return administrators, administrators, rule == "roles.add" || rule == "account.judge", rule != "unknown"
}

// quick is the policy with cheap hashes and without waiting, for tests of other rules.
func quick() Policy {
	p := DefaultPolicy()
	p.Hash, p.ThrottleFrom = cheap, 1<<20
	return p
}

func newHouse(t testing.TB, e *testdb.Env, p Policy) *house {
	t.Helper()
	ctx := t.Context()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	must(t, err)
	v, err := vault.Open(ctx, e.Keys, root)
	must(t, err)
	log, err := audit.Open(ctx, e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { _ = log.Close() })
	h := &house{t: t, env: e, log: log, box: &mail.Memory{}, tenants: register{}, admin: map[string]actor.Actor{}, ids: map[string]ids.Account{}}
	h.Service, err = New(Options{DB: e.DB, Keys: v, Log: log, Mail: h.box, Tenants: h.tenants, Guard: guardTest, Rules: rulesTest, Policy: p, Sandbox: true})
	must(t, err)
	t.Cleanup(func() { must(t, h.Close()) })
	for code, name := range map[string]string{"midori": "株式会社みどり製作所", "hikari": "ひかり商事"} {
		id := ids.New[ids.Tenant]()
		h.tenants[code] = TenantInfo{ID: id, Code: code, Name: name, Probe: code == "midori"}
		must(t, v.CreateTenant(ctx, id))
		must(t, e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(qTestTenant, id, code, []byte("x")); return err }))
		h.admin[code] = actor.System(id, "test")
		must(t, h.SetTwoFactor(ctx, h.admin[code], nil)) // the literal policy of the clause
		for _, role := range []actor.Role{actor.HR, actor.Nurse, actor.TenantAdmin} {
			h.ids[code+"/"+string(role)] = h.account(code, NewAccount{LoginID: string(role), Name: "担当 " + string(role), Email: string(role) + "@" + code + ".example", Password: rightPW, Grants: []Grant{{Role: role}}}).ID
		}
	}
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (h *house) account(code string, n NewAccount) Account {
	h.t.Helper()
	a, err := h.CreateAccount(h.t.Context(), h.admin[code], n)
	must(h.t, err)
	return a
}

var eight = regexp.MustCompile(`\d{8,}`)

// mailed takes the newest code mailed to an address.
func (h *house) mailed(to string) string {
	h.t.Helper()
	m, ok := h.box.Take(to, time.Time{})
	for ok && !eight.MatchString(m.Text) { // notices come at any time
		m, ok = h.box.Take(to, time.Time{})
	}
	if !ok {
		h.t.Fatalf("no mail to %s", to)
	}
	runs := eight.FindAllString(m.Subject+m.Text, -1)
	if len(runs) != 1 || len(runs[0]) != 8 {
		h.t.Fatalf("runs of digits %v in %q", runs, m.Text)
	}
	return runs[0]
}

// first is the password step from an address of its own, so that throttling by network stays out of it.
func (h *house) first(code, login, password string, v Visit) (Pending, error) {
	if v.Addr == "" {
		v.Addr = "192.0.2.1"
	}
	return h.SignIn(h.t.Context(), v, code, login, password)
}

// in signs somebody in completely.
func (h *house) in(code, login string, v Visit) SignedIn {
	h.t.Helper()
	p, err := h.first(code, login, rightPW, v)
	must(h.t, err)
	got, err := h.SubmitCode(h.t.Context(), v, p.Token, h.mailed(login+"@"+code+".example"))
	must(h.t, err)
	return got
}

func (h *house) want(err error, code string) {
	h.t.Helper()
	f := fault.Of(err)
	switch {
	case code == "" && err == nil:
	case f == nil || f.Code != code:
		h.t.Fatalf("got %v, want %q", err, code)
	}
}

// verbs lists the audit verbs of a tenant, oldest first, without those of making accounts.
func (h *house) verbs(code string) string {
	h.t.Helper()
	entries := h.entries(code)
	var out []string
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Verb != "account.created" && entries[i].Verb != "settings.two_factor" {
			out = append(out, strings.TrimPrefix(entries[i].Verb, "auth."))
		}
	}
	return strings.Join(out, " ")
}

// entries is a tenant's log, newest first.
func (h *house) entries(code string) []audit.Entry {
	h.t.Helper()
	entries, err := h.log.Find(h.t.Context(), actor.System(h.tenants[code].ID, "test"), audit.Filter{Limit: 500})
	must(h.t, err)
	return entries
}

// one reads an account's row.
func (h *house) one(code, role string) account {
	h.t.Helper()
	var a account
	must(h.t, h.db.View(h.t.Context(), h.tenants[code].ID, func(tx *db.Tx) (err error) {
		a, err = db.One(tx, qAccountByID, scanAccount, h.tenants[code].ID, h.ids[code+"/"+role])
		return err
	}))
	return a
}

// eventually waits for what a notice goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 3000 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("did not happen: " + what)
}

func faultCode(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}
