package access

import (
	"archive/zip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
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

// bureau is a service that decides by the matrix, with a person and an import in each of two tenants.
type bureau struct {
	open    bool                               // sabotaged: nothing is refused
	leaks   bool                               // sabotaged: records of other tenants are shown
	shows   func(actor.Role, DataKind, *Level) // sabotaged: changes what a role sees
	list    func(actor.Role) string            // sabotaged: adds to the exported list
	consent bool
	written map[string]bool
	mu      sync.Mutex
	codes   map[string]string // address → newest code
	n       int
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
		{"GET", "/me", SignedIn}, {"POST", "/me/consent", ConsentSelf}, {"GET", "/imports", ImportRead}, {"GET", "/imports/{id}", ImportRead},
		{"GET", "/checkups.csv", CheckupExport}, {"GET", "/checkups.xlsx", CheckupExport}, {"GET", "/reviews", ReviewRead},
		{"POST", "/people/{id}/decide/{result}", CheckupDecide}, {"POST", "/people/{id}/followup/{result}", FollowUpNote},
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
	mux := http.NewServeMux()
	for _, route := range bureauRoutes() {
		mux.HandleFunc(route.Method+" "+route.Path, func(w http.ResponseWriter, r *http.Request) {
			as := actor.Role(strings.TrimPrefix(role, tenant+"-"))
			if err := Require(actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Roles: []actor.Role{as}}, route.Permission); err != nil && !o.open {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			if id := r.PathValue("id"); id != "" && id != idOf[tenant] && !o.leaks {
				http.NotFound(w, r)
				return
			}
			o.page(w, r, tenant, as)
		})
	}
	mux.ServeHTTP(w, r)
}

// page is what stands behind the permission.
func (o *bureau) page(w http.ResponseWriter, r *http.Request, tenant string, role actor.Role) {
	number := map[string]string{"a": "P00001", "b": "P10001"}[tenant]
	switch path := r.Method + " " + r.URL.Path; {
	case r.Method == "POST" && path != "POST /people/import":
		if r.FormValue("given") != "" {
			o.consent = r.FormValue("given") == "yes"
		}
		o.written[r.FormValue("opinion")], o.written[r.FormValue("note")] = true, true
		http.Redirect(w, r, "/", http.StatusSeeOther)
	case path == "GET /people":
		fmt.Fprintf(w, `<a href="/people/%s/record">x</a>`, idOf[tenant])
	case path == "GET /imports":
		fmt.Fprintf(w, `<a href="/imports/%s">x</a>`, idOf[tenant])
	case path == "GET /checkups.csv":
		fmt.Fprintf(w, "社員番号,氏名,総合判定,就業区分\n%s,x,A,%s\n", number, o.more(role))
	case path == "GET /checkups.xlsx":
		w.Header().Set("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		z := zip.NewWriter(w)
		f, _ := z.Create("xl/sheet1.xml")
		fmt.Fprint(f, number+o.more(role))
		_ = z.Close()
	case path == "GET /me" && role == actor.Employee, strings.HasPrefix(path, "GET /people/"):
		o.record(w, role)
	}
}

func (o *bureau) more(role actor.Role) string {
	if o.list == nil {
		return ""
	}
	return o.list(role)
}

// record shows what the role sees of the one person.
func (o *bureau) record(w http.ResponseWriter, role actor.Role) {
	as := actor.Actor{Kind: actor.Human, Tenant: "t", Person: "p", Roles: []actor.Role{role}}
	for kind, text := range map[DataKind]string{StatutoryValues: MarkValue, OtherValues: MarkOther, Judgement: `<th scope="row">総合判定</th>`, Opinion: markOpinion, Guidance: markNote} {
		level := View(as, kind, role == actor.Employee, DefaultRule())
		if level == Consent && o.consent {
			level = Raw
		}
		if o.shows != nil {
			o.shows(role, kind, &level)
		}
		if level == Raw && (kind != Opinion && kind != Guidance || o.written[text]) {
			fmt.Fprint(w, text)
		}
	}
	if role == actor.Physician {
		fmt.Fprintf(w, `<a href="/people/%s/decide/%s">`, idOf["a"], someID)
	}
}

var idOf = map[string]string{"a": ownPerson, "b": otherPerson}

type bureauStage struct {
	t     *testing.T
	leaks bool
	shows func(actor.Role, DataKind, *Level)
	list  func(actor.Role) string
	calm  bool // the sandbox of what is shown has nothing off
}

func (s bureauStage) site(o *bureau) *probe.Site {
	o.codes, o.written = map[string]string{}, map[string]bool{}
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
	return s.site(&bureau{leaks: s.leaks, shows: s.shows, list: s.list}), nil
}

func (s bureauStage) Sandbox(_ context.Context, sabotage string) (*probe.Site, func(), error) {
	o := &bureau{open: sabotage == SabotageOpen}
	if sabotage == SabotageShown && !s.calm {
		o.shows = func(r actor.Role, k DataKind, l *Level) {
			if r == actor.HR && k == StatutoryValues {
				*l = Raw
			}
		}
	}
	return s.site(o), func() {}, nil
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

func (s bureauStage) failures(t *testing.T) []string {
	t.Helper()
	e, err := Controls(Probing{Stage: s, Tenant: "a", Other: "b", Routes: bureauRoutes})[0].Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e.Failed
}

func TestLeastSeesALeakBetweenTenants(t *testing.T) {
	got := bureauStage{t: t, leaks: true}.failures(t)
	if len(got) != 5 || strings.Contains(strings.Join(got, ""), otherPerson) { // people: hr, nurse, physician; imports: hr, nurse
		t.Errorf("%q", got)
	}
	for _, at := range []string{"/checkups.csv", "/checkups.xlsx"} {
		got := bureauStage{t: t, list: func(r actor.Role) string { return map[bool]string{true: "P10001"}[r == actor.Nurse] }}.failures(t)
		if len(got) != 2 || !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "nurse: ") && strings.Contains(f, at) }) {
			t.Errorf("a number of the neighbour in %s: %q", at, got)
		}
	}
}

// TestLeastSeesWhatIsShown: for each kind of health data and each role, one step too much or too little is found.
func TestLeastSeesWhatIsShown(t *testing.T) {
	for _, c := range []struct {
		role actor.Role
		kind DataKind
		says string
	}{
		{actor.HR, StatutoryValues, "見えない"}, {actor.HR, Guidance, "見えない"}, {actor.Nurse, OtherValues, "見えない"}, {actor.HR, Judgement, "見える"},
		{actor.Physician, Guidance, "見える"}, {actor.Employee, OtherValues, "見える"}, {actor.Employee, Opinion, "見える"},
	} {
		got := bureauStage{t: t, shows: func(r actor.Role, k DataKind, l *Level) {
			if r == c.role && k == c.kind {
				*l = map[bool]Level{true: Raw, false: None}[c.says == "見えない"]
			}
		}}.failures(t)
		want := fmt.Sprintf("%s: 表では%s「%s」", c.role, c.says, c.kind.says())
		if c.role == actor.HR && c.kind == Judgement {
			if len(got) != 0 { // the page hides it, the exported list still shows it
				t.Errorf("%q", got)
			}
			continue
		}
		if len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s, %s: %q", c.role, c.kind, got)
		}
	}
	list := func(r actor.Role) string { return map[bool]string{true: MarkValue}[r == actor.HR] }
	if got := (bureauStage{t: t, list: list}).failures(t); len(got) != 1 || !strings.Contains(got[0], "/checkups.csv") {
		t.Errorf("values in an export: %q", got)
	}
	without := func(r actor.Role, k DataKind, l *Level) {
		if r == actor.Physician && k == OtherValues {
			*l = Raw
		}
	}
	if got := (bureauStage{t: t, shows: without}).failures(t); len(got) != 2 { // after the consent is taken back, and in the round
		t.Errorf("shown without consent: %q", got)
	}
}

// TestLeastNeedsBothMutants: one sandbox in which nothing is found is what the mutant answers with.
func TestLeastNeedsBothMutants(t *testing.T) {
	e, err := Controls(Probing{Stage: bureauStage{t: t, calm: true}, Tenant: "a", Other: "b", Routes: bureauRoutes})[0].Mutant(t.Context())
	if err != nil || !e.OK {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestLeastNeedsAPersonItKnows: a probe tenant without the record is no reason to say that all is well.
func TestLeastNeedsAPersonItKnows(t *testing.T) {
	blind := func(_ actor.Role, k DataKind, l *Level) {
		if k == StatutoryValues {
			*l = None
		}
	}
	if e, err := Controls(Probing{Stage: bureauStage{t: t, shows: blind}, Tenant: "a", Other: "b", Routes: bureauRoutes})[0].Probe(t.Context()); err == nil || e.OK {
		t.Errorf("%+v", e)
	}
}

func TestFillUsesRealNames(t *testing.T) {
	k := known{person: "p", result: "r", load: "i"}
	for r, want := range map[Route]string{
		{"GET", "/{$}", SignedIn}: "/", {"GET", "/people/{id}", PersonRead}: "/people/p", {"GET", "/people/{id}/decide/{result}", CheckupDecide}: "/people/p/decide/r",
		{"POST", "/people/{id}/move", PeopleChange}: "/people/" + someID + "/move", {"GET", "/imports/{id}/refused.csv", ImportRead}: "/imports/i/refused.csv",
		{"GET", "/imports/{id}/events", ImportRead}: "/imports/" + someID + "/events", {"GET", "/users/{id}", AccountManage}: "/users/" + someID,
	} {
		if got := k.fill(r); got != want {
			t.Errorf("%s %s: %s, want %s", r.Method, r.Path, got, want)
		}
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
