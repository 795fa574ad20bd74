package webtest

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/web"
)

// sight is one page as somebody sees it. The route of the table that it belongs to is found by its address.
type sight struct {
	who, path string
	name      string // of its picture; empty means it is made from who and path
	door      bool   // nobody needs a link to it: it is typed, mailed, or where the service itself leads
	refused   int    // the status, when the page is one of an error
}

// sights are the pages of the scene, by the people who open them.
func (s *scene) sights() []sight {
	a := s.at
	list := func(who string, paths ...string) (out []sight) {
		for _, p := range paths {
			out = append(out, sight{who: who, path: p})
		}
		return out
	}
	return slices.Concat(
		[]sight{
			{path: "/login", door: true}, {path: "/demo/mail", door: true}, {path: "/sso/midori", door: true, name: "sso-midori"}, {path: "/nowhere", door: true, refused: 404},
			{who: "half", path: "/login/code", door: true}, {who: "locked", path: "/unlock", door: true},
			{who: "emergency", path: "/emergency", door: true}, {who: "midori/nurse", path: "/me/factors/totp", door: true},
			{who: "midori/employee", path: "/people", door: true, refused: 403},
		},
		list("", "/login/forgot", "/login/reset", "/sso", "/trust", "/certificates/verify"),
		list("midori/employee", "/", "/me", "/me/readers", "/me/security", "/me/password", "/me/factors"),
		list("midori/manager", "/", "/measures"),
		list("midori/hr", "/", "/people", "/people/import", "/people/"+a["person"]+"/record", "/checkups", "/checkups/import", "/imports"),
		[]sight{
			{who: "midori/hr", path: a["preview"], name: "import-preview"}, {who: "midori/hr", path: a["full"], name: "import-full"}, {who: "midori/hr", path: a["failed"], name: "import-failed"},
			{who: "midori/hr", path: a["withdrawn"], name: "import-withdrawn"}, {who: "midori/hr", path: a["applied"], name: "import-applied"},
			{who: "midori/hr", path: a["checkup"], name: "import-checkup"}, {who: "midori/hr", path: a["checkup"] + "/columns", name: "import-columns"},
		},
		list("midori/nurse", "/", "/checkups", "/people/"+a["person"], "/criteria"),
		[]sight{{who: "midori/nurse", path: "/criteria/new?base=" + url.QueryEscape(s.finds("midori/nurse", "/criteria", `href="/criteria/new\?base=([^"]+)"`)), name: "criteria-new"}},
		list("midori/physician", "/", "/worklist", "/people/"+a["person"], "/people/"+a["person"]+"/decide/"+a["result"], "/criteria"),
		list("midori/tenantadmin", "/", "/users", "/users/new", "/users/"+a["user"], "/reviews", "/reviews/"+a["review"], "/reviews/"+a["review"]+"/report", "/visits", "/visits/"+a["visit"],
			"/audit", "/access", "/federation", "/sealed", "/retention", "/holds", "/leaving"),
		[]sight{{who: "midori/tenantadmin", path: a["connection"], name: "connection"}, {who: "midori/tenantadmin", path: s.finds("midori/tenantadmin", "/federation", `href="(/federation/token/[0-9a-f-]{36})"`)}},
		list("hikari/tenantadmin", "/", "/leaving"), list("hikari/physician", "/", "/leaving/files"),
		list("inside", "/", "/people", "/checkups"),
		list("kyokai/operator", "/", "/support"),
		list("kyokai/itsm", "/", "/jobs", "/support", "/sealed", "/reviews", "/keys", "/assets", "/desk/leaving", "/desk/leaving/"+a["case"], "/desk/retention", "/desk/retention/"+a["tenant"],
			"/certificates", "/certificates/"+a["certificate"]),
		list("kyokai/auditor", "/", "/certificates"),
	)
}

// noPage are the rows that answer GET and give no page to look at, with the reason. The test asks each that it
// can, and finds the reason true.
var noPage = map[string]string{
	"GET /healthz": "for machines", "GET /readyz": "for machines", "GET /favicon.ico": "a picture", "GET /trust.json": "for machines",
	"GET /session": "for the page's own script", "GET /imports/{id}/events": "a stream for the page's own script",
	"GET /sso/oidc/{id}": "leads on", "GET /sso/oidc/left": "leads on", "GET /sso/continue": "leads on", "GET /sso/saml/{id}/metadata": "for machines",
	"GET /certificates/key": "a file", "GET /certificates/presented/{id}/json": "a file", "GET /certificates/presented/{id}/pdf": "a file",
	"GET /access.csv": "a file", "GET /checkups.csv": "a file", "GET /checkups.xlsx": "a file", "GET /imports/{id}/refused.csv": "a file",
	"GET /reviews/{id}/report.json": "a file", "GET /reviews/{id}/lines.csv": "a file", "GET /leaving/files/{id}": "a file",
}

// rowsByPath finds the row of an address as the service does.
func rowsByPath() func(path string) string {
	mux := http.NewServeMux()
	for _, row := range web.Table() {
		mux.Handle(row.Pattern, http.NotFoundHandler())
	}
	return func(path string) string {
		r, err := http.NewRequest(http.MethodGet, "https://localhost"+path, nil)
		if err != nil {
			return ""
		}
		_, pattern := mux.Handler(r)
		return pattern
	}
}

// TestEveryPageIsLookedAt opens every page that the route table gives, with real data on it, as somebody who may
// see it, on a desk and on the narrowest phone. A row of the table that nobody opens here fails the test, unless it
// stands in noPage. What a page shows has to be reachable by links, complete for the keyboard, free of raw
// identifiers, and without findings.
func TestEveryPageIsLookedAt(t *testing.T) {
	h := StartProbing(t, db.SQLite)
	s := setScene(t, h)
	first := browser.Start(t)
	row := rowsByPath()
	all := s.sights()
	covers(t, s, all, row)
	for _, who := range people(all) {
		if who != "" {
			s.as(who)
		}
	}
	var mu sync.Mutex
	report := &visit{t: t, h: h, Page: first}
	t.Run("as", func(t *testing.T) {
		turn := make(chan struct{}, 3) // more tabs than this only wait for each other
		for _, who := range people(all) {
			t.Run(strings.ReplaceAll(who+".", "/", " "), func(t *testing.T) {
				t.Parallel()
				turn <- struct{}{}
				defer func() { <-turn }()
				v := &visit{t: t, h: h, Page: first.For(t)}
				if who != "" {
					v.Carry(h.URL, s.as(who).Cookies())
				}
				links := map[string]bool{}
				for _, x := range all {
					if x.who == who {
						v.sight(x, links)
					}
				}
				for _, x := range all {
					if path, _, _ := strings.Cut(x.path, "?"); x.who == who && !x.door && path != "/" && !links[path] {
						t.Errorf("nothing that %s sees leads to %s", who, path)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				report.bad += v.bad
				for _, p := range v.pages {
					if r := row(p); r != "" && !slices.Contains(report.pages, r) {
						report.pages = append(report.pages, r)
					}
				}
			})
		}
	})
	nothingIsLost(t, s, all)
	slices.Sort(report.pages)
	t.Logf("%d pages of %d rows", len(all), len(report.pages))
	report.report()
}

func people(all []sight) (out []string) {
	for _, x := range all {
		if !slices.Contains(out, x.who) {
			out = append(out, x.who)
		}
	}
	return out
}

// covers compares what is looked at with the route table, both ways, and asks what is said to be no page.
func covers(t *testing.T, s *scene, all []sight, row func(string) string) {
	t.Helper()
	seen := map[string]bool{}
	for _, x := range all {
		path, _, _ := strings.Cut(x.path, "?")
		if r := row(path); x.refused == 0 {
			seen[r] = true
		}
	}
	for _, r := range web.Table() {
		_, except := noPage[r.Pattern]
		except = except || r.Permission == access.Provision // a protocol for machines
		if method, _, _ := strings.Cut(r.Pattern, " "); method == http.MethodGet && seen[r.Pattern] == except {
			t.Errorf("%s is looked at: %v, and said to be no page: %v", r.Pattern, seen[r.Pattern], except)
		}
	}
	use := strings.NewReplacer("/imports/{id}", s.at["preview"], "/saml/{id}", "/saml/"+s.at["provider"], "/reviews/{id}", "/reviews/"+s.at["review"])
	for pattern := range noPage {
		if !slices.ContainsFunc(web.Table(), func(r web.Route) bool { return r.Pattern == pattern }) {
			t.Errorf("%s is no row", pattern)
		}
		_, path, _ := strings.Cut(pattern, " ")
		who := "midori/hr"
		if strings.HasPrefix(path, "/reviews") || strings.HasPrefix(path, "/access") {
			who = "midori/tenantadmin"
		}
		if path = use.Replace(path); strings.Contains(path, "{") || strings.HasSuffix(path, "/events") {
			continue // of another state than the scene has, or without an end
		}
		p := visitPage(t, s.as(who), path)
		if p.Status == http.StatusOK && strings.Contains(p.Header.Get("Content-Type"), "html") {
			t.Errorf("%s is said to be no page, and is one", pattern)
		}
	}
}

// sight opens a page and looks at it: beside what look asks of every page, that it is the one that was asked for,
// that it has its headings, that each thing to press takes the focus and shows it, and that nothing raw is read.
func (v *visit) sight(x sight, links map[string]bool) {
	v.t.Helper()
	name := x.name
	if name == "" {
		name = strings.ReplaceAll(cmp.Or(x.who, "anyone")+uuid.ReplaceAllString(strings.TrimSuffix(x.path, "/"), "one"), "/", "-")
	}
	v.Open(v.h.URL + x.path)
	at := strings.TrimPrefix(v.URL(), v.h.URL)
	if at != x.path {
		v.t.Errorf("%s as %q leads to %s", x.path, x.who, at)
	}
	if x.refused != 0 {
		v.Problems() // the browser tells of the status
	}
	for _, fault := range browser.Eval[[]string](v.Page, bones) {
		v.t.Errorf("%s: %s", name, fault)
	}
	for _, href := range browser.Eval[[]string](v.Page, `[...document.querySelectorAll('a[href^="/"]')].map(a => new URL(a.href).pathname)`) {
		links[href] = true
	}
	v.look(name)
	v.Press("\t")
	for _, fault := range browser.Eval[[]string](v.Page, focus) {
		v.t.Errorf("%s: by keyboard: %s", name, fault)
	}
}

var uuid = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}`)

// bones are what every page has, and what a person should never read on one: identifiers and codes of the program,
// instants as machines write them, values that failed to be written.
const bones = `(() => {
 const out = [], heads = document.querySelectorAll('h1');
 if (heads.length !== 1 || !heads[0].innerText.trim()) out.push('has ' + heads.length + ' h1');
 if (!document.title.includes(heads[0]?.innerText.trim().split('\n')[0])) out.push('its title is ' + document.title);
 if (document.documentElement.lang !== 'ja') out.push('no language');
 const walk = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
 for (let n; n = walk.nextNode();) {
  const e = n.parentElement;
  if (!e.checkVisibility() || e.closest('code, pre, script, input, textarea, .mono')) continue;
  const m = n.textContent.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\d{4}-\d\d-\d\dT\d\d|%!|<nil>|\b(undefined|NaN|null)\b|\b[a-z]{3,}\.[a-z]+_[a-z_]+\b/);
  if (m) out.push('shows ' + m[0] + ' in ' + n.textContent.trim().slice(0, 80));
 }
 return out;
})()`

// focus walks over everything that can be pressed or filled in, after a key has been pressed, and names what does
// not take the focus or does not show that it has it.
const focus = `(() => {
 const out = [], name = e => e.tagName + ' ' + (e.id || e.name || e.innerText || '').trim().slice(0, 30);
 const shown = s => s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;
 for (const e of document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')) {
  if (e.disabled || !e.checkVisibility({visibilityProperty: true}) || e.closest('dialog:not([open])')) continue;
  e.focus({preventScroll: true});
  if (document.activeElement !== e) { out.push(name(e) + ' takes no focus'); continue; }
  const label = e.labels?.[0], near = [e, label, e.closest('.drop')].filter(Boolean);
  if (!near.some(n => shown(getComputedStyle(n)))) out.push(name(e) + ' does not show the focus');
 }
 return out.slice(0, 5);
})()`

// TestTheWalkFindsWhatIsMissing: the two measures of a page can fail, and do not on a sound one.
func TestTheWalkFindsWhatIsMissing(t *testing.T) {
	p := browser.Start(t)
	for _, c := range []struct{ body, bones, focus string }{
		{body: `<h1>見出し</h1><button>押す</button><code>a1b2c3d4-0000-7000-8000</code>`},
		{body: `<h1>見出し</h1><h1>もう一つ</h1>`, bones: "has 2 h1"},
		{body: `<h1>別</h1>`, bones: "its title"},
		{body: `<h1>見出し</h1><p>a1b2c3d4-0000-7000-8000-000000000000</p>`, bones: "a1b2c3d4-"},
		{body: `<h1>見出し</h1><p>2026-11-28T10:00</p>`, bones: "2026-11-28T10"},
		{body: `<h1>見出し</h1><p>checkup.header_unknown</p>`, bones: "checkup.header_unknown"},
		{body: `<h1>見出し</h1><a href="#" style="outline: none">先</a>`, focus: "does not show"},
		{body: `<h1>見出し</h1><style>:focus-visible { outline: 1px solid }</style><button>細い</button>`, focus: "細い"},
	} {
		p.Open("data:text/html;charset=utf-8," + url.PathEscape(`<!doctype html><html lang="ja"><title>見出し</title><style>:focus-visible { outline: 4px solid }</style><main>`+c.body+`</main></html>`))
		p.Press("\t")
		for _, x := range []struct{ got, want string }{
			{strings.Join(browser.Eval[[]string](p, bones), " "), c.bones}, {strings.Join(browser.Eval[[]string](p, focus), " "), c.focus},
		} {
			if !strings.Contains(x.got, x.want) || x.want == "" && x.got != "" {
				t.Errorf("%s: %q, want %q", c.body, x.got, x.want)
			}
		}
	}
}
