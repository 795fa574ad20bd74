package webtest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/testdb"
)

var reviewLink = regexp.MustCompile(`/reviews/(\d{4}-Q[1-4])"`)

// reviewFile is the part of the report that this test reads.
type reviewFile struct {
	State  string `json:"state"`
	Intact bool   `json:"snapshot_intact"`
	Lines  []struct {
		No       int    `json:"no"`
		Kind     string `json:"kind"`
		Role     string `json:"role"`
		Decision string `json:"decision"`
		ReadBack string `json:"read_back"`
	} `json:"lines"`
}

// review reads the report of a campaign as a script would.
func review(t *testing.T, c *probe.Client, path string) (out reviewFile) {
	t.Helper()
	p, err := c.Get(t.Context(), path)
	if err != nil || p.Status != http.StatusOK {
		t.Fatalf("%s: %d %v", path, p.Status, err)
	}
	if err := json.Unmarshal(p.Body, &out); err != nil {
		t.Fatalf("%v: %s", err, p.Body)
	}
	return out
}

// verdict sends a form and gives the status and the code of a refusal.
func verdict(t *testing.T, c *probe.Client, path string, form url.Values) (int, string) {
	t.Helper()
	req, err := c.Request(t.Context(), http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	p, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct{ Code string }
	_ = json.Unmarshal(p.Body, &answer) // a redirection has no code
	return p.Status, answer.Code
}

// TestTheDemoHasAReviewToClickThrough: the first start has opened the quarter's campaigns. The tenant's only
// administrator decides about everybody else, the association about him; what is revoked is denied over the
// network at once; the report tells it.
func TestTheDemoHasAReviewToClickThrough(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := Start(t, e.Engine)
		admin, nurse, itsm := h.Client("midori", "tenantadmin"), h.Client("midori", "nurse"), h.Client("kyokai", "itsm")
		page, err := admin.Get(t.Context(), "/reviews")
		m := reviewLink.FindSubmatch(page.Body)
		if err != nil || m == nil {
			t.Fatalf("%d %v: %s", page.Status, err, page.Text())
		}
		at := "/reviews/" + string(m[1])
		if home, _ := admin.Get(t.Context(), "/"); !strings.Contains(home.Text(), at) {
			t.Error("the home page does not tell what waits")
		}
		sheet := review(t, admin, at+"/report.json")
		lines := map[string]string{}
		for _, l := range sheet.Lines {
			lines[l.Role] = url.QueryEscape(string(rune('0' + l.No)))
		}
		if len(sheet.Lines) != 6 || !sheet.Intact || sheet.State != "open" {
			t.Fatalf("%+v", sheet)
		}
		if s, code := verdict(t, admin, at+"/decide", url.Values{"line": {lines["tenantadmin"]}, "decision": {"keep"}, "reason": {"必要"}}); s != http.StatusForbidden || code != "review.self" {
			t.Errorf("his own right: %d %s", s, code)
		}
		if s, code := verdict(t, admin, at+"/decide", url.Values{"line": {lines["nurse"]}, "decision": {"revoke"}}); s != http.StatusUnprocessableEntity || code != "review.reason" {
			t.Errorf("without a reason: %d %s", s, code)
		}
		if p, _ := nurse.Get(t.Context(), "/people"); p.Status != http.StatusOK {
			t.Fatalf("before: %d", p.Status)
		}
		if s, code := verdict(t, admin, at+"/decide", url.Values{"line": {lines["nurse"]}, "decision": {"revoke"}, "reason": {"異動した"}}); s != http.StatusSeeOther {
			t.Fatalf("%d %s", s, code)
		}
		if p, _ := nurse.Get(t.Context(), "/people"); p.Status == http.StatusOK {
			t.Error("the session lives on with the old right")
		}
		if p, _ := h.Client("midori", "nurse").Get(t.Context(), "/people"); p.Status != http.StatusForbidden {
			t.Errorf("a revoked right opens a page: %d", p.Status)
		}
		if s, code := verdict(t, admin, at+"/decide", url.Values{"line": {lines["hr"]}, "decision": {"reduce"}, "reason": {"x"}, "site": {"elsewhere"}}); s != http.StatusUnprocessableEntity || code != "review.reduce" {
			t.Errorf("a site that is none: %d %s", s, code)
		}
		if s, code := verdict(t, admin, at+"/keep", nil); s != http.StatusSeeOther {
			t.Errorf("keeping the rest: %d %s", s, code)
		}
		own := review(t, itsm, at+"/report.json?of=midori")
		if len(own.Lines) != 1 || own.Lines[0].Role != "tenantadmin" {
			t.Fatalf("the association sees %+v", own.Lines)
		}
		if s, code := verdict(t, itsm, at+"/decide", url.Values{"of": {"midori"}, "line": {lines["tenantadmin"]}, "decision": {"revoke"}, "reason": {"x"}}); s != http.StatusConflict || code != "review.last_admin" {
			t.Errorf("the last administrator: %d %s", s, code)
		}
		if s, code := verdict(t, itsm, at+"/decide", url.Values{"of": {"midori"}, "line": {lines["tenantadmin"]}, "decision": {"keep"}, "reason": {"管理者"}}); s != http.StatusSeeOther {
			t.Errorf("the second signer: %d %s", s, code)
		}
		for _, l := range review(t, admin, at+"/report.json").Lines {
			if l.Decision == "" || l.Role == "nurse" && l.ReadBack != "denied" {
				t.Errorf("%+v", l)
			}
		}
		if p, _ := admin.Get(t.Context(), at+"/lines.csv"); p.Status != http.StatusOK || !strings.Contains(p.Text(), "異動した") || !strings.HasPrefix(p.Header.Get("Content-Type"), "text/csv") {
			t.Errorf("the file: %d %s", p.Status, p.Text())
		}
		kinds := map[string]int{}
		for _, l := range review(t, itsm, at+"/report.json").Lines {
			kinds[l.Kind]++
		}
		if kinds["machine"] < 3 || kinds["database"] < 2 || kinds["account"] != 3 {
			t.Errorf("the association reviews %v", kinds)
		}
	})
}

// TestReviewPagesInABrowser looks at the pages at a desk and on a phone, and decides with the keyboard.
func TestReviewPagesInABrowser(t *testing.T) {
	h := Start(t, "sqlite")
	v := &visit{Page: browser.Start(t), t: t, h: h}
	h.SignIn(v.Page, "midori", "tenantadmin")
	v.Open(h.URL + "/reviews")
	v.look("reviews")
	v.Follow(`table.cards tbody th a`)
	v.look("review")
	for _, k := range []struct{ key, row string }{{"j", "0"}, {"j", "1"}, {"k", "0"}, {"k", "0"}} {
		at := browser.Eval[string](v.Page, `document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "`+k.key+`", bubbles: true})),
			String([...document.querySelectorAll("table[data-lines] tr[id]")].filter(r => r.querySelector("form")).indexOf(document.activeElement.closest("tr")))`)
		if at != k.row {
			t.Errorf("%s leads to line %s, want %s", k.key, at, k.row)
		}
	}
	v.Open(v.h.URL + "/reviews")
	v.Follow(`td[data-label="報告"] a`)
	v.look("review-report")
}
