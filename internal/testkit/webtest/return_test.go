package webtest

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
)

// TestSignInReturnsToThePageAskedFor: a link from a mail leads through both steps to its page, a sent-again
// code included; what leads elsewhere, or to a page that the visitor may not open, ends at home.
func TestSignInReturnsToThePageAskedFor(t *testing.T) {
	h := Start(t, db.SQLite)
	p := browser.Start(t)
	const asked = "/worklist?year=2026"
	p.Open(h.URL + asked)
	p.Type("input[name=tenant]", "midori")
	p.Type("input[name=login_id]", "physician")
	p.Type("input[name=password]", "wrong password")
	p.Follow(`form[action="/login"] button`)
	p.Type("input[name=password]", h.Password("midori", "physician"))
	mark := h.spool.Mark()
	p.Follow(`form[action="/login"] button`)
	code, err := h.spool.Code(context.WithoutCancel(t.Context()), mark)
	if err != nil {
		t.Fatal(err)
	}
	p.Type("input[name=code]", code)
	p.Follow(`form[action="/login/code"] button`)
	if at := p.URL(); at != h.URL+asked {
		t.Errorf("signed in at %s", at)
	}

	a := probe.Account{Tenant: "midori", LoginID: "hr", Password: h.Password("midori", "hr"), Email: "hr@midori.example"}
	for _, back := range []string{"//evil.example", `/\evil.example`, "https://evil.example/", "/people\r\nX-Evil: 1", "/worklist", "/people?q=a"} {
		want := map[string]string{"/people?q=a": "/people?q=a"}[back]
		if want == "" {
			want = "/"
		}
		c := h.Site().New()
		t.Cleanup(c.Close)
		mark := h.spool.Mark()
		step, err := c.PostForm(t.Context(), probe.PathLogin, url.Values{"tenant": {a.Tenant}, "login_id": {a.LoginID}, "password": {a.Password}, "back": {back}})
		if err != nil || step.Status != http.StatusSeeOther || !strings.HasPrefix(step.Location, probe.PathCode) || strings.Contains(step.Location, "evil") {
			t.Fatalf("%q: %+v %v", back, step, err)
		}
		code, err := h.spool.Code(t.Context(), mark)
		if err != nil {
			t.Fatal(err)
		}
		end, err := c.PostForm(t.Context(), probe.PathCode, url.Values{"code": {code}, "back": {back}})
		if err != nil || end.Status != http.StatusSeeOther || end.Location != want {
			t.Errorf("%q: %d %q %v, want %q", back, end.Status, end.Location, err, want)
		}
	}
}
