package webtest

import (
	"crypto/ed25519"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/statement"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/outside"
)

// visit is one browser in the hands of one person after another.
type visit struct {
	*browser.Page
	t     *testing.T
	h     *House
	pages []string // paths looked at
	bad   int      // serious findings
}

// kept are the pages whose pictures stand in docs/images (make images).
var kept = []string{"login", "home-physician", "list", "person", "worklist", "trust", "preview", "factors", "review"}

// look examines the page on a desk in light colours and on the narrowest phone in dark ones: nothing serious
// from axe-core, nothing on the console, no sideways scrolling, no word that stands upright for want of room.
// With UPDATE_IMAGES=1 it takes the pictures for the documentation.
func (v *visit) look(name string) {
	v.t.Helper()
	if u, err := url.Parse(v.URL()); err == nil && !slices.Contains(v.pages, u.Path) {
		v.pages = append(v.pages, u.Path)
	}
	if title := browser.Eval[string](v.Page, "document.title"); strings.HasPrefix(title, "エラー") {
		v.t.Errorf("%s is an error page:\n%s", name, v.Text())
	}
	for _, s := range []struct {
		what          string
		width, height int64
		dark          bool
	}{{"desktop", 1280, 900, false}, {"phone", 360, 780, true}} {
		v.Size(s.width, s.height)
		v.Dark(s.dark)
		for _, f := range v.Axe() {
			v.bad++
			v.t.Errorf("%s on a %s: %s", name, s.what, f)
		}
		if over := browser.Eval[[]string](v.Page, sideways); len(over) > 0 {
			v.t.Errorf("%s on a %s is wider than the window: %v", name, s.what, over)
		}
		if up := browser.Eval[[]string](v.Page, upright); len(up) > 0 {
			v.t.Errorf("%s on a %s: no room for %v", name, s.what, up)
		}
		if fallen := browser.Eval[[]string](v.Page, fallen); len(fallen) > 0 {
			v.t.Errorf("%s on a %s: text has fallen under its label: %v", name, s.what, fallen)
		}
		if dir := pictures(name); dir != "" {
			v.Dark(s.dark && !slices.Contains(kept, name)) // the documentation is light
			v.Screenshot(filepath.Join(dir, name+"-"+s.what+".png"), 2400)
		}
		v.Dark(false)
	}
	v.Size(1280, 900)
	for _, p := range v.Problems() {
		v.t.Errorf("%s: the console says: %s", name, p)
	}
}

// sideways names what makes a page scroll to the side, once two frames have been drawn at the new size.
const sideways = `new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
 const wide = document.documentElement.clientWidth;
 if (document.documentElement.scrollWidth <= wide) return done([]);
 done([...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > wide && !e.closest('.scroll')).slice(0, 5)
  .map(e => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right)).concat('of ' + wide));
})))`

// upright names what is so narrow that its letters stand one below the other.
const upright = `[...document.querySelectorAll('main caption, main summary, main code, main th, main td, main h2, main h3, main label, main .chip')]
 .filter(e => { const b = e.getBoundingClientRect(), text = e.innerText.trim(); return text.length > 3 && b.width > 1 && b.width < 40 && b.height > 100; })
 .slice(0, 5).map(e => e.tagName + ' ' + e.innerText.trim().slice(0, 20))`

// fallen names cells of a card whose text stands under the label instead of beside it.
const fallen = `(() => { const out = [];
 for (const td of document.querySelectorAll('main .cards td[data-label]')) {
  if (getComputedStyle(td).display === 'table-cell' || !td.checkVisibility()) continue;
  const from = td.getBoundingClientRect().left + 60, walk = document.createTreeWalker(td, NodeFilter.SHOW_TEXT);
  for (let n; n = walk.nextNode();) {
   const r = document.createRange();
   r.selectNodeContents(n);
   if (n.textContent.trim() && [...r.getClientRects()].some(b => b.width > 1 && b.left < from)) { out.push(td.dataset.label + ': ' + n.textContent.trim().slice(0, 20)); break; }
  }
 }
 return out.slice(0, 5);
})()`

// pictures is where a page's pictures go, if anywhere: kept ones into the documentation, the others into out/.
func pictures(name string) string {
	if os.Getenv("UPDATE_IMAGES") != "1" {
		return ""
	}
	if slices.Contains(kept, name) {
		return filepath.Join(root(), "docs", "images")
	}
	return filepath.Join(root(), "out", "images")
}

func root() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "..")
}

// report leaves the signed accessibility report of this build in out/. An operator who puts both files into
// the data directory gives AX-A11Y its evidence; the program compares the build.
func (v *visit) report() {
	v.t.Helper()
	if v.t.Failed() {
		return
	}
	bin, err := built()
	if err != nil {
		v.t.Fatal(err)
	}
	var build struct{ Version string }
	if _, _, err := outside.Command(v.t.Context(), bin, &build, "version"); err != nil {
		v.t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		v.t.Fatal(err)
	}
	b, err := statement.SignReport(key, statement.Report{
		Build: build.Version, Tool: "axe-core " + browser.AxeVersion(), At: time.Now().UTC().Format(time.RFC3339), Pages: v.pages, Serious: v.bad,
	})
	if err != nil {
		v.t.Fatal(err)
	}
	out := filepath.Join(root(), "out")
	if err := os.MkdirAll(out, 0o755); err != nil {
		v.t.Fatal(err)
	}
	for name, text := range map[string][]byte{"a11y-report.json": b, "a11y-report.pub": []byte(statement.PublicKeyText(key))} {
		if err := os.WriteFile(filepath.Join(out, name), text, 0o644); err != nil {
			v.t.Fatal(err)
		}
	}
}
