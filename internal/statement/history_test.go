package statement

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

func TestPublishedHistory(t *testing.T) {
	p, err := openPast(published)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range p.links {
		got = append(got, fmt.Sprint(l.Number, " ", l.Date, " ", l.Imported))
	}
	want := []string{"1 2025-08-11 true", "2 2026-02-01 true", "3 2026-04-17 true"}
	if !slices.Equal(got[:3], want) || len(p.links) < 4 || p.newest().Imported {
		t.Errorf("history: %v", got)
	}
	files, err := versions.ReadDir("versions")
	if err != nil {
		t.Fatal(err)
	}
	own := slices.DeleteFunc(slices.Clone(p.links), func(l link) bool { return l.Imported })
	if len(files) != len(own)+1 {
		t.Errorf("%d files for %d editions and the manifest", len(files), len(own))
	}
	if len(p.last.Clauses) != 49 || len(p.last.Extensions) != 29 { // 27 of the catalogue, AC-ROWS and AC-FEDERATE
		t.Errorf("the newest edition has %d clauses and %d extensions", len(p.last.Clauses), len(p.last.Extensions))
	}
}

func TestEveryAlteredFileIsNoticed(t *testing.T) {
	p, err := openPast(published)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{manifestName, p.newest().SHA256 + ".json"} {
		if _, err := openPast(altered(published, name)); err == nil {
			t.Errorf("%s: an altered digit goes unnoticed", name)
		}
	}
	for what, change := range map[string]func([]link) []link{
		"an entry is missing":  func(l []link) []link { return slices.Delete(slices.Clone(l), 1, 2) },
		"two are exchanged":    func(l []link) []link { l = slices.Clone(l); l[0], l[1] = l[1], l[0]; return l },
		"a note is rewritten":  func(l []link) []link { l = slices.Clone(l); l[2].Note += "。"; return l },
		"imported is dropped":  func(l []link) []link { l = slices.Clone(l); l[0].Imported = false; return l },
		"nothing is left":      func([]link) []link { return nil },
		"the draft is adopted": func(l []link) []link { l = slices.Clone(l); l[3].Draft = !l[3].Draft; return l },
	} {
		body, err := json.Marshal(change(p.links))
		if err != nil {
			t.Fatal(err)
		}
		_, err = openPast(func(name string) ([]byte, error) {
			if name == manifestName {
				return body, nil
			}
			return published(name)
		})
		if err == nil {
			t.Errorf("%s: unnoticed", what)
		}
	}
}

func TestDrift(t *testing.T) {
	today := serviceOf(t, Config{}, nil).Document()
	if d := drift(DefaultFigures(), today, today); len(d.Figures)+len(d.Words) > 0 {
		t.Errorf("the same differs: %+v", d)
	}
	f := DefaultFigures()
	f.Access.LockAfter = 5
	changed := serviceOf(t, Config{Figures: f}, nil).Document()
	if d := drift(f, today, changed); len(d.Figures) != 1 || !strings.HasPrefix(d.Figures[0], "3-4b") {
		t.Errorf("a changed figure: %+v", d)
	}
	f = DefaultFigures()
	f.Association, f.Mail, f.Form = "第2保健会", "help9@example.jp", "https://example.jp/2"
	renamed := serviceOf(t, Config{Figures: f}, nil).Document()
	if d := drift(f, today, renamed); len(d.Figures) > 0 {
		t.Errorf("names are configuration: %+v", d.Figures)
	}
	less := today
	less.Clauses = slices.Clone(today.Clauses)
	less.Clauses[4].Controls = less.Clauses[4].Controls[:1]
	less.Extensions = today.Extensions[1:]
	if d := drift(DefaultFigures(), today, less); len(d.Figures) != 2 {
		t.Errorf("a control and an extension are gone: %+v", d.Figures)
	}
	more := serviceOf(t, Config{}, []control.Control{sample("XX-NEW")}).Document()
	if d := drift(DefaultFigures(), today, more); len(d.Figures) != 0 || !slices.Equal(d.Words, []string{"追加対策 XX-NEW"}) {
		t.Errorf("an addition is listed: %+v", d)
	}
}

func TestPublish(t *testing.T) {
	dir := t.TempDir()
	raw, err := published(manifestName)
	if err != nil {
		t.Fatal(err)
	}
	var links []link
	if err := json.Unmarshal(raw, &links); err != nil {
		t.Fatal(err)
	}
	raw, _ = json.Marshal(links[:3])
	if err := os.WriteFile(filepath.Join(dir, manifestName), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
	doc := serviceOf(t, Config{}, nil).Document()
	put := func(number string, draft bool) error {
		_, err := Publish(dir, doc, Edition{Number: number, Date: "2026-11-23", Note: "x", Draft: draft})
		return err
	}
	if err := errors.Join(put("4", true), put("4", true)); err != nil {
		t.Fatal(err)
	}
	doc.Service = "ほかの名前"
	if e, err := Republish(dir, doc); err != nil || e.Number != "4" || e.Note != "x" {
		t.Fatal(e, err)
	}
	if err := put("4", false); err != nil {
		t.Fatal(err)
	}
	if _, err := Republish(dir, doc); err == nil {
		t.Error("an edition in force is republished")
	}
	if err := put("4", false); err == nil {
		t.Error("an edition in force is replaced")
	}
	if err := put("3", true); err == nil {
		t.Error("an imported edition is replaced")
	}
	if err := errors.Join(put("5", true)); err != nil {
		t.Fatal(err)
	}
	p, err := openPast(read)
	if err != nil || len(p.links) != 5 || p.links[3].Draft || p.last.Service != "ほかの名前" {
		t.Errorf("%v, %+v", err, p.editions())
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 2 { // editions 4 and 5 are the same bytes here
		t.Errorf("a replaced draft stays: %v, %v", files, err)
	}
	for _, e := range []Edition{{}, {Number: "6", Date: "x", Note: "x"}, {Number: "6", Date: "2026-11-23"}, {Number: "6", Date: "2026-11-23", Note: "x", Imported: true}} {
		if _, err := Publish(dir, doc, e); err == nil {
			t.Errorf("accepted: %+v", e)
		}
	}
}

// house serves a statement as the web does, and lets a test tamper with the pages.
type house struct {
	svc    *Service
	tamper func(string) string
	site   *probe.Site
}

func (h *house) Live(context.Context) (*probe.Site, error) { return h.site, nil }

func (h *house) Sandbox(context.Context, string) (*probe.Site, func(), error) {
	return nil, nil, errors.New("not used here")
}

func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	st, err := h.svc.Statement(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var b strings.Builder
	if r.URL.Path == "/trust.json" {
		_ = json.NewEncoder(&b).Encode(st)
	} else {
		for _, c := range st.Clauses {
			fmt.Fprintf(&b, "<p>%s</p>", strings.ReplaceAll(html.EscapeString(c.Says), "+", "&#43;"))
		}
		b.WriteString(st.Edition.SHA256)
	}
	fmt.Fprint(w, h.tamper(b.String()))
}

func open(t *testing.T, e *testdb.Env, f Figures) *house {
	t.Helper()
	h := &house{tamper: func(s string) string { return s }}
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	h.site = &probe.Site{Base: srv.URL, Roots: roots}
	h.svc = serviceOf(t, Config{DB: e.DB, Stage: h, Figures: f}, nil)
	h.svc.read = historyOfToday(t)
	var err error
	if h.svc.past, err = openPast(h.svc.read); err != nil {
		t.Fatal(err)
	}
	return h
}

// historyOfToday ends with an edition of exactly the controls that this package has by itself: the one
// published last is of the whole program.
func historyOfToday(t *testing.T) reader {
	t.Helper()
	dir := t.TempDir()
	raw, err := published(manifestName)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, manifestName), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	today := serviceOf(t, Config{}, nil).Document()
	if _, err := Publish(dir, today, Edition{Number: "99", Date: "2026-11-23", Note: "試し"}); err != nil {
		t.Fatal(err)
	}
	return func(name string) ([]byte, error) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return published(name)
		}
		return b, nil
	}
}

// TestHistoryHolds proves DOC-HISTORY.
func TestHistoryHolds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		pass := func(s string) string { return s }
		same := func(r reader, _ string) reader { return r }
		check := func(f Figures, change func(reader, string) reader, tamper func(string) string) error {
			h := open(t, e, f)
			h.tamper = tamper
			ev, err := h.svc.lookAtHistory(t.Context(), change(h.svc.read, h.svc.past.newest().SHA256))
			if err == nil && !ev.OK {
				err = fmt.Errorf("%s %v", ev.Measured, ev.Failed)
			}
			return err
		}
		weaker := DefaultFigures()
		weaker.Access.LockAfter = 100
		sha := regexp.MustCompile(`[0-9a-f]{64}`)
		for _, sabotage := range []struct {
			f      Figures
			change func(reader, string) reader
			tamper func(string) string
		}{
			{DefaultFigures(), func(r reader, sha string) reader { return altered(r, sha+".json") }, pass},
			{DefaultFigures(), func(r reader, _ string) reader { return altered(r, manifestName) }, pass},
			{weaker, same, pass},
			{DefaultFigures(), same, func(s string) string { return strings.ReplaceAll(s, "10文字", "4文字") }},
			{DefaultFigures(), same, func(s string) string { return sha.ReplaceAllString(s, "") }},
			{DefaultFigures(), same, func(string) string { return "<p>工事中</p>" }},
		} {
			controltest.Proves(t, "DOC-HISTORY", func(sabotaged bool) error {
				if sabotaged {
					return check(sabotage.f, sabotage.change, sabotage.tamper)
				}
				return check(DefaultFigures(), same, pass)
			})
		}
		h := open(t, e, DefaultFigures())
		if k, err := h.svc.RunOnce(t.Context(), "DOC-HISTORY"); err != nil || k.Status != control.Pass || k.Mutant == nil {
			t.Errorf("the control: %+v, %v", k, err)
		} else if draft := h.svc.past.newest().Draft; strings.Contains(k.Measured, "まだ施行していない案") != draft {
			t.Errorf("a draft (%v) is told as %q", draft, k.Measured)
		}
	})
}

func TestHistoryWithoutAServiceIsUnknown(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s := serviceOf(t, Config{DB: e.DB}, nil)
		if k, err := s.RunOnce(t.Context(), "DOC-HISTORY"); err != nil || k.Status != control.Unknown || !strings.Contains(k.Reason, "動いていない") {
			t.Errorf("%+v, %v", k, err)
		}
	})
}
