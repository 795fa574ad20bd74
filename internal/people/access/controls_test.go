package access

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/controltest"
)

const (
	ownPerson   = "01900000-0000-7000-8000-000000000001"
	otherPerson = "01900000-0000-7000-8000-000000000002"
)

// bureau is a service that decides by the matrix, with a person in each of two tenants.
type bureau struct {
	open  bool // sabotaged: nothing is refused
	leaks bool // sabotaged: people of other tenants are shown
	mu    sync.Mutex
	codes map[string]string // address → newest code
	n     int
}

func (o *bureau) Newest(_ context.Context, to string, _ time.Time) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return "code " + o.codes[to], nil
}

func bureauRoutes() []Route {
	return []Route{
		{"GET", "/login", Public}, {"POST", "/logout", SignedIn}, {"GET", "/{$}", SignedIn}, {"GET", "/people", PeopleRead}, {"GET", "/people/{id}", PersonRead},
		{"POST", "/people/import", PeopleImport}, {"GET", "/worklist", CheckupDecide}, {"GET", "/audit", AuditRead}, {"GET", "/nobody", DemoMail},
	}
}

func (o *bureau) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	cookie := func(v string) {
		http.SetCookie(w, &http.Cookie{Name: "__Host-s", Value: v, Path: "/", Secure: true, HttpOnly: true})
	}
	who := ""
	if c, err := r.Cookie("__Host-s"); err == nil {
		who = c.Value
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /login":
		o.mu.Lock()
		o.n++
		code := fmt.Sprintf("%08d", o.n)
		o.codes[r.FormValue("login_id")+"@probe.invalid"] = code
		o.mu.Unlock()
		cookie(r.FormValue("tenant") + "." + r.FormValue("login_id") + "." + code)
		http.Redirect(w, r, "/login/code", http.StatusSeeOther)
		return
	case "POST /login/code":
		cookie(strings.TrimSuffix(who, "."+r.FormValue("code")))
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	case "POST /logout":
		cookie("")
		return
	}
	tenant, role, ok := strings.Cut(who, ".")
	if !ok {
		http.Error(w, "sign in", http.StatusUnauthorized)
		return
	}
	role = strings.TrimPrefix(role, tenant+"-")
	for _, route := range bureauRoutes() {
		path := strings.TrimSuffix(route.Path, "{$}")
		prefix, _, param := strings.Cut(path, "{id}")
		if r.Method != route.Method || path != r.URL.Path && !(param && strings.HasPrefix(r.URL.Path, prefix) && r.URL.Path != "/people/import") {
			continue
		}
		if err := Require(actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{actor.Role(role)}}, route.Permission); err != nil && !o.open {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		if param && (r.URL.Path != prefix+map[string]string{"a": ownPerson, "b": otherPerson}[tenant]) && !o.leaks {
			http.NotFound(w, r)
			return
		}
	}
	if r.URL.Path == "/people" {
		fmt.Fprintf(w, `<a href="/people/%s/record">x</a>`, map[string]string{"a": ownPerson, "b": otherPerson}[tenant])
	}
}

type bureauStage struct {
	t     *testing.T
	leaks bool
}

func (s bureauStage) site(o *bureau) *probe.Site {
	srv := httptest.NewUnstartedServer(o)
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	srv.StartTLS()
	s.t.Cleanup(srv.Close)
	site := &probe.Site{Base: srv.URL, Roots: x509.NewCertPool(), Mail: o}
	site.Roots.AddCert(srv.Certificate())
	for _, tenant := range []string{"a", "b"} {
		for _, r := range actor.Roles {
			id := tenant + "-" + string(r)
			site.Accounts = append(site.Accounts, probe.Account{Tenant: tenant, Role: string(r), LoginID: id, Password: "x", Email: id + "@probe.invalid"})
		}
	}
	return site
}

func (s bureauStage) Live(context.Context) (*probe.Site, error) {
	return s.site(&bureau{codes: map[string]string{}, leaks: s.leaks}), nil
}

func (s bureauStage) Sandbox(_ context.Context, sabotage string) (*probe.Site, func(), error) {
	return s.site(&bureau{codes: map[string]string{}, open: sabotage == SabotageOpen}), func() {}, nil
}

func TestLeastIsProven(t *testing.T) {
	c := Controls(Probing{Stage: bureauStage{t: t}, Tenant: "a", Other: "b", Routes: bureauRoutes})[0]
	controltest.Proves(t, c.ID, func(sabotaged bool) error {
		look := c.Probe
		if sabotaged {
			look = c.Mutant
		}
		e, err := look(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		t.Log(e.Measured, e.Failed)
		if !e.OK {
			return errors.New(strings.Join(e.Failed, " / "))
		}
		return nil
	})
}

func TestLeastSeesALeakBetweenTenants(t *testing.T) {
	p := Probing{Stage: bureauStage{t: t, leaks: true}, Tenant: "a", Other: "b", Routes: bureauRoutes}
	e, err := Controls(p)[0].Probe(t.Context())
	if err != nil || e.OK || len(e.Failed) != 3 { // hr, nurse, physician
		t.Errorf("%+v, %v", e, err)
	}
}

func TestLeastIsWhole(t *testing.T) {
	all := Controls(Probing{})
	if _, err := control.NewSet([]control.Clause{{ID: "3-2"}}, all); err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%d種類の権限", len(Matrix)); !strings.Contains(all[0].Says, want) {
		t.Errorf("%s does not say %s", all[0].Says, want)
	}
}
