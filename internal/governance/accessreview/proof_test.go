package accessreview

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/probe"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// desk is the smallest web in front of the service that its probe can look at.
type desk struct{ h *house }

func (d desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, v := r.Context(), identity.Visit{Addr: "127.0.0.1"}
	cookie := func(name string) string {
		c, err := r.Cookie(name)
		if err != nil {
			return ""
		}
		return c.Value
	}
	set := func(name, value string) {
		http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true})
	}
	answer := func(err error) {
		f := fault.Of(err)
		w.WriteHeader(map[fault.Kind]int{fault.Denied: 403, fault.Invalid: 422, fault.Missing: 404, fault.Conflict: 409}[f.Kind])
		_ = json.NewEncoder(w).Encode(map[string]string{"code": f.Code})
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /login":
		p, err := d.h.ids.SignIn(ctx, v, r.FormValue("tenant"), r.FormValue("login_id"), r.FormValue("password"))
		if err != nil {
			answer(err)
			return
		}
		set(identity.CookieSignIn, p.Token)
		http.Redirect(w, r, "/login/code", http.StatusSeeOther)
		return
	case "POST /login/code":
		in, err := d.h.ids.SubmitCode(ctx, v, cookie(identity.CookieSignIn), r.FormValue("code"))
		if err != nil {
			answer(err)
			return
		}
		set(identity.CookieSession, in.Token)
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s, err := d.h.ids.Session(ctx, cookie(identity.CookieSession), true)
	if err != nil {
		http.Redirect(w, r, "/login", http.StatusSeeOther)
		return
	}
	id, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/reviews/"), "/")
	switch {
	case r.URL.Path == "/people":
		if err := access.Require(s.Actor, access.PeopleRead); err != nil {
			answer(err)
		}
	case rest == "report.json":
		sheet, err := d.h.Sheet(ctx, s.Actor, "", id)
		if err != nil {
			answer(err)
			return
		}
		_ = sheet.WriteJSON(w)
	case rest == "decide":
		no, _ := strconv.Atoi(r.FormValue("line"))
		err := d.h.Decide(ctx, s.Actor, "", id, []Verdict{{No: no, Decision: Decision(r.FormValue("decision")), Reason: r.FormValue("reason")}})
		if err != nil {
			answer(err)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// letters reads what the service mails to the probe's accounts.
type letters struct {
	mu  sync.Mutex
	all []mail.Message
}

func (l *letters) Send(_ context.Context, m mail.Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, m)
	return nil
}

var eight = regexp.MustCompile(`\d{8}`)

func (l *letters) Newest(_ context.Context, to string, _ time.Time) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.all) - 1; i >= 0; i-- {
		if l.all[i].To == to && eight.MatchString(l.all[i].Text) {
			return l.all[i].Text, nil
		}
	}
	return "", fmt.Errorf("no mail to %s", to)
}

// bureau opens a house for each look.
type bureau struct {
	t      *testing.T
	env    func() *testdb.Env
	people bool // a quarter has been closed with people's decisions
	houses map[string]*house
}

func (b *bureau) site(recordOnly bool) *probe.Site {
	box := &letters{}
	h := newHouse(b.t, b.env())
	h.Deps.RecordOnly = recordOnly
	h.join("probe-b", tenant.Probe)
	ids, err := identity.New(identity.Options{DB: h.DB, Keys: h.keys, Log: h.log, Mail: box, Tenants: lookup{h.reg}, Guard: identity.Guard(h.Guard), Policy: quickPolicy(), Sandbox: true})
	h.must(err)
	b.t.Cleanup(func() { h.must(ids.Close()) })
	h.ids = ids
	h.must(ids.SetTwoFactor(b.t.Context(), actor.System(h.of["probe-b"].ID, "setup"), nil)) // as the service's own probe tenants have it
	site := &probe.Site{Roots: x509.NewCertPool(), Mail: box}
	for _, role := range []actor.Role{actor.TenantAdmin, actor.Nurse} {
		h.hire("probe-b", string(role))
		site.Accounts = append(site.Accounts, probe.Account{Tenant: "probe-b", Role: string(role), LoginID: string(role), Password: "Kx7#mq2v-Z", Email: string(role) + "@probe-b.example"})
	}
	if b.people {
		h.closedByPeople()
	}
	srv := httptest.NewUnstartedServer(desk{h})
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	srv.StartTLS()
	b.t.Cleanup(srv.Close)
	site.Base = srv.URL
	site.Roots.AddCert(srv.Certificate())
	b.houses[srv.URL] = h
	return site
}

func quickPolicy() identity.Policy {
	p := identity.DefaultPolicy()
	p.Hash, p.ThrottleFrom = identity.HashParams{MemoryKiB: 64, Time: 1, Threads: 1}, 1<<20
	return p
}

// closedByPeople lives through a whole campaign of every tenant, in the quarter before this one.
func (h *house) closedByPeople() {
	h.t.Helper()
	now := time.Now()
	q := QuarterOf(QuarterOf(now).Opens().Add(-time.Hour))
	all, association, err := h.register(h.t.Context())
	h.must(err)
	for _, t := range all {
		h.must(h.open(h.t.Context(), t, association, Campaign{ID: q.Key(), Purpose: "quarter", OpenedAt: q.Opens(), DueAt: now.Add(time.Hour), EndsAt: now.Add(2 * time.Hour)}, everything))
	}
	for _, x := range [][2]string{{"midori/tenantadmin", ""}, {"midori/tenantadmin2", ""}, {"hikari/tenantadmin", ""}, {"kyokai/itsm", "hikari"}, {"kyokai/itsm", ""}, {"kyokai/operator", ""}} {
		s := h.sheet(x[0], x[1], q.Key())
		for _, l := range s.Lines {
			if l.Reviewer == h.acc[x[0]].ID && l.Decision == Open {
				h.must(h.Decide(h.t.Context(), h.as(x[0]), x[1], q.Key(), []Verdict{{No: l.No, Decision: Keep, Reason: "業務に必要"}}))
			}
		}
	}
	for _, t := range all {
		c, err := h.campaign(h.t.Context(), t.ID, q.Key())
		h.must(err)
		h.must(h.moveOn(h.t.Context(), c))
		h.must(h.close(h.t.Context(), t, association, c))
	}
	h.must(h.OpenNow(h.t.Context()))
}

func (b *bureau) Live(context.Context) (*probe.Site, error) { return b.site(false), nil }

func (b *bureau) Sandbox(_ context.Context, sabotage string) (*probe.Site, func(), error) {
	return b.site(sabotage == SabotageRecord), func() {}, nil
}

func probing(t *testing.T, e *testdb.Env, people bool) Probing {
	b := &bureau{t: t, env: func() *testdb.Env { return testdb.New(t, e.Engine) }, people: people, houses: map[string]*house{}}
	return Probing{Stage: b, Tenant: "probe-b", Inside: func(base string) (Inside, bool) {
		h, ok := b.houses[base]
		if !ok {
			return nil, false
		}
		return h.Service, true
	}}
}

// TestReviewIsProven: with a quarter closed by people the promise is found kept; where revocations are only
// written down it is found broken.
func TestReviewIsProven(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c := Controls(probing(t, e, true))[0]
		controltest.Proves(t, c.ID, func(sabotaged bool) error {
			look := c.Probe
			if sabotaged {
				look = c.Mutant
			}
			got, err := look(context.Background())
			if err != nil {
				t.Fatalf("the probe could not look (sabotaged %v): %v", sabotaged, err)
			}
			t.Log(got.Measured, got.Facts, got.Failed)
			if !got.OK {
				return errors.New(strings.Join(got.Failed, " / "))
			}
			return nil
		})
	})
}

// TestWithoutAClosedQuarterNothingIsProven: all is in order, and still it is not PASS; what breaks a promise
// is FAIL even then.
func TestWithoutAClosedQuarterNothingIsProven(t *testing.T) {
	p := probing(t, testdb.New(t, "sqlite"), false)
	b := p.Stage.(*bureau)
	site := b.site(false)
	h := b.houses[site.Base]
	h.must(h.OpenNow(t.Context()))
	got, err := p.look(t.Context(), site)
	var why interface{ Reason() string }
	if got.OK || !errors.As(err, &why) || !strings.Contains(why.Reason(), "まだない") || got.Measured == "" || len(got.Failed) != 0 {
		t.Fatalf("%+v %v", got, err)
	}
	if n, ok := got.Facts["not_closed_yet"].(int); !ok || n != got.Facts["tenants"] || !strings.Contains(got.Measured, fmt.Sprintf("まだないのは%d件", n)) {
		t.Errorf("who has not closed a quarter yet: %v %s", got.Facts, got.Measured)
	}
	h.must(h.sql(h.of["midori"].ID, tTamper))
	if got, err = p.look(t.Context(), site); err != nil || got.OK || len(got.Failed) != 1 {
		t.Fatalf("%+v %v", got, err)
	}
	// A run leaves the probe account as it was, and no campaign.
	if !h.as("probe-b/nurse").Has(actor.Nurse) {
		t.Error("the probe account has lost its role")
	}
	if _, err := h.campaign(t.Context(), h.of["probe-b"].ID, probeCampaign); !fault.Is(err, fault.Missing) {
		t.Errorf("the campaign of the probe is still there: %v", err)
	}
	if _, err := p.look(t.Context(), &probe.Site{Base: "nowhere"}); err == nil {
		t.Error("a site without a service is looked at")
	}
}

func TestControlIsWhole(t *testing.T) {
	all := Controls(Probing{})
	if _, err := control.NewSet([]control.Clause{{ID: "3-1"}}, all); err != nil {
		t.Fatal(err)
	}
	for _, figure := range []string{"14日前", "7日前", "4月始まり", "停止"} {
		if !strings.Contains(all[0].Says, figure) {
			t.Errorf("%s does not say %s", all[0].Says, figure)
		}
	}
	if n := wrong([]Standing{{}, {Problems: []string{"x"}}}); n != 1 {
		t.Error(n)
	}
	var s sealed
	if s.of("x") != 0 || s.back(1) != "" || ids.System == "" {
		t.Error("a line that is none is found")
	}
}
