package accessreview

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
	"rakudos/internal/testkit/testdb"
)

// journal is an audit log in memory: the real one has a clock of its own that ticks every second.
type journal struct {
	mu     sync.Mutex
	events []audit.Entry
	last   int64
}

func (j *journal) Append(tx *db.Tx, e audit.Event) (audit.Ref, error) {
	j.mu.Lock()
	j.last++
	ref := audit.Ref{Tenant: e.Actor.Tenant, ID: ids.New[string](), Seq: j.last}
	j.mu.Unlock()
	if ref.Tenant == "" {
		ref.Tenant = ids.System
	}
	entry := audit.Entry{Ref: ref, At: time.Now(), Verb: e.Verb, Actor: audit.Who{Kind: e.Actor.Kind, Account: e.Actor.Account}, Detail: e.Detail, Result: e.Result, Readable: true}
	tx.OnCommit(func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.events = append(j.events, entry)
	})
	return ref, nil
}

func (j *journal) Find(_ context.Context, a actor.Actor, f audit.Filter) (out []audit.Entry, _ error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range slices.Backward(j.events) {
		if e.Tenant == a.Tenant && (f.Verb == "" || f.Verb == e.Verb) && !e.At.Before(f.From) && (f.To.IsZero() || e.At.Before(f.To)) && (f.Before == 0 || e.Seq < f.Before) && len(out) < f.Limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (j *journal) Index(_ context.Context, ref audit.Ref) (int64, bool) { return 7, ref.Seq >= 0 }

// count tells how often a verb stands in a tenant's log.
func (j *journal) count(t ids.Tenant, verb string) (n int) {
	all, _ := j.Find(context.Background(), actor.System(t, ""), audit.Filter{Verb: verb, Limit: 1 << 20})
	return len(all)
}

// use writes an event as if an account had done something.
func (j *journal) use(t ids.Tenant, who ids.Account, verb string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.last++
	j.events = append(j.events, audit.Entry{Ref: audit.Ref{Tenant: t, Seq: j.last}, At: time.Now(), Verb: verb, Actor: audit.Who{Kind: actor.Human, Account: who}, Result: "ok", Readable: true})
}

// box keeps every mail; while broken it takes none.
type box struct {
	mail   []mail.Message
	broken bool
}

func (b *box) Send(_ context.Context, m mail.Message) error {
	if b.broken {
		return fault.New(fault.Busy, "mail.refused")
	}
	if err := mail.Check(m); err != nil {
		return err
	}
	b.mail = append(b.mail, m)
	return nil
}

// to counts the mails to an address whose subject contains a word.
func (b *box) to(addr, word string) (n int) {
	for _, m := range b.mail {
		if m.To == addr && strings.Contains(m.Subject, word) {
			n++
		}
	}
	return n
}

// others are the machines and database roles of the association, and who has left.
type others struct {
	*identity.Service
	machines map[ids.Tenant][]Principal
	left     map[ids.Person]jst.Date
}

func (o *others) LeftOn(context.Context, ids.Tenant, []ids.Person) (map[ids.Person]jst.Date, error) {
	return o.left, nil
}

func (o *others) Principals(_ context.Context, t ids.Tenant) ([]Principal, error) {
	return slices.Clone(o.machines[t]), nil
}

func (o *others) Withdraw(_ context.Context, a actor.Actor, p Principal, _ string) error {
	if p.Kind == Database {
		return ErrByHand
	}
	o.machines[a.Tenant] = slices.DeleteFunc(o.machines[a.Tenant], func(q Principal) bool { return q.ID == p.ID })
	return nil
}

// house is the service with real accounts in three tenants: midori with two administrators, hikari with
// one, and the association.
type house struct {
	*Service
	t    *testing.T
	log  *journal
	box  *box
	ids  *identity.Service
	reg  *tenant.Service
	keys *vault.Vault
	etc  *others
	of   map[string]tenant.Tenant
	acc  map[string]identity.Account // "midori/hr"
}

// quarters runs fn in a bubble of time, on both engines, from the first of January 2000 (UTC) on: the last
// quarter of fiscal 1999.
func quarters(t *testing.T, fn func(h *house)) {
	t.Helper()
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		synctest.Test(t, func(t *testing.T) { fn(newHouse(t, e)) })
	})
}

func newHouse(t *testing.T, e *testdb.Env) *house {
	t.Helper()
	ctx := t.Context()
	h := &house{t: t, log: &journal{}, box: &box{}, of: map[string]tenant.Tenant{}, acc: map[string]identity.Account{}}
	d, err := db.Open(ctx, e.Main)
	h.must(err)
	k, err := db.Open(ctx, e.KeyStore)
	h.must(err)
	t.Cleanup(func() { h.must(d.Close()); h.must(k.Close()) })
	root, err := vault.FileRoot(e.Dir + "/root.key")
	h.must(err)
	h.keys, err = vault.Open(ctx, k, root)
	h.must(err)
	guard := func(a actor.Actor, p string) error { return access.Require(a, access.Permission(p)) }
	h.reg = tenant.NewService(d, h.keys, h.log, guard)
	p := identity.DefaultPolicy()
	p.Hash = identity.HashParams{MemoryKiB: 64, Time: 1, Threads: 1}
	h.ids, err = identity.New(identity.Options{DB: d, Keys: h.keys, Log: h.log, Mail: h.box, Tenants: lookup{h.reg}, Guard: guard, Rules: access.Deciders, Policy: p, Returns: "bounces@example.jp", Sandbox: true})
	h.must(err)
	t.Cleanup(func() { h.must(h.ids.Close()) })
	h.etc = &others{Service: h.ids, machines: map[ids.Tenant][]Principal{}, left: map[ids.Person]jst.Date{}}
	h.Service = New(Deps{DB: d, Keys: h.keys, Log: h.log, Mail: h.ids, Tenants: h.reg, Accounts: h.ids, Second: h.ids, Signs: h.etc, Principals: h.etc, Restore: h.ids, Guard: guard, Site: "https://example.jp"})
	h.join("midori", tenant.Customer, "tenantadmin", "tenantadmin2", "hr", "nurse")
	h.join("hikari", tenant.Customer, "tenantadmin", "hr")
	h.join("kyokai", tenant.Association, "itsm", "operator", "auditor")
	h.etc.machines[h.of["kyokai"].ID] = []Principal{{Kind: Machine, ID: "job", Name: "自動処理", Holds: "取り込みと点検"}, {Kind: Database, ID: "main:rakudos", Name: "rakudos", Holds: "全テーブルの読み書き", Privileged: "所有者です"}}
	return h
}

type lookup struct{ reg *tenant.Service }

func (l lookup) TenantByCode(ctx context.Context, code string) (identity.TenantInfo, error) {
	t, err := l.reg.ByCode(ctx, code)
	return identity.TenantInfo{ID: t.ID, Code: t.Code, Association: t.Kind == tenant.Association, Probe: t.Kind == tenant.Probe}, err
}

func (l lookup) TenantByID(ctx context.Context, id ids.Tenant) (identity.TenantInfo, error) {
	t, err := l.reg.ByID(ctx, id)
	return identity.TenantInfo{ID: t.ID, Code: t.Code, Association: t.Kind == tenant.Association, Probe: t.Kind == tenant.Probe}, err
}

func (l lookup) Associations(context.Context) ([]ids.Tenant, error) { return nil, nil }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) want(err error, code string) {
	h.t.Helper()
	if f := fault.Of(err); f == nil || f.Code != code {
		h.t.Fatalf("got %v, want %s", err, code)
	}
}

// join registers a tenant with an account a role; a digit behind a role makes another account of it.
func (h *house) join(code string, kind tenant.Kind, roles ...string) {
	h.t.Helper()
	t, err := h.reg.Create(h.t.Context(), actor.System(ids.System, "test"), tenant.New{Code: code, Name: code, Kind: kind})
	h.must(err)
	h.of[code] = t
	for _, r := range roles {
		h.hire(code, r)
	}
}

func (h *house) hire(code, login string) identity.Account {
	h.t.Helper()
	role := actor.Role(strings.TrimRight(login, "0123456789"))
	a, err := h.ids.CreateAccount(h.t.Context(), actor.System(h.of[code].ID, "test"), identity.NewAccount{
		LoginID: login, Name: "担当 " + login, Email: login + "@" + code + ".example", Password: "Kx7#mq2v-Z", Grants: []identity.Grant{{Role: role}}})
	h.must(err)
	h.acc[code+"/"+login] = a
	return a
}

// as is an account acting.
func (h *house) as(who string) actor.Actor {
	h.t.Helper()
	a := h.acc[who]
	eff, err := h.ids.Effective(h.t.Context(), a.Tenant, a.ID)
	h.must(err)
	return eff
}

func (h *house) sheet(who, of, campaign string) *Sheet {
	h.t.Helper()
	s, err := h.Sheet(h.t.Context(), h.as(who), of, campaign)
	h.must(err)
	return s
}

// until lets time go by to an instant, with a round of work every day and one at the end.
func (h *house) until(at time.Time) {
	h.t.Helper()
	for time.Now().Before(at) {
		time.Sleep(min(24*time.Hour, time.Until(at)))
		h.must(h.Tick(h.t.Context()))
	}
}

// line finds the line of an account in a sheet.
func (h *house) line(s *Sheet, who string) Line {
	h.t.Helper()
	for _, l := range s.Lines {
		if l.Subject == string(h.acc[who].ID) {
			return l
		}
	}
	h.t.Fatalf("%s has no line", who)
	return Line{}
}

// answer decides everything that waits for somebody in a campaign, keeping it with a reason.
func (h *house) answer(who, of, campaign string) int {
	h.t.Helper()
	s := h.sheet(who, of, campaign)
	h.must(h.Begin(h.t.Context(), h.as(who), s))
	n := 0
	for _, l := range s.Lines {
		if l.Reviewer == h.acc[who].ID && l.Decision == Open {
			time.Sleep(10 * time.Second)
			h.must(h.Decide(h.t.Context(), h.as(who), of, campaign, []Verdict{{No: l.No, Decision: Keep, Reason: "業務に必要"}}))
			n++
		}
	}
	return n
}

func (h *house) standing(code string) Standing {
	h.t.Helper()
	all, err := h.Standings(h.t.Context())
	h.must(err)
	for _, s := range all {
		if s.Code == code {
			return s
		}
	}
	h.t.Fatalf("%s stands nowhere", code)
	return Standing{}
}

func identityGrant(role actor.Role) identity.Grant { return identity.Grant{Role: role} }
