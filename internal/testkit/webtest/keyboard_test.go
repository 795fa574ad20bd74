package webtest

import (
	"context"
	"encoding/json"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
)

// tabTo presses the tabulator until an element has the focus, as somebody without a pointer has to.
func (v *visit) tabTo(selector string) {
	v.t.Helper()
	s, _ := json.Marshal(selector) // a string always has one
	for range 150 {
		v.Press("\t")
		if browser.Eval[bool](v.Page, "document.activeElement.matches("+string(s)+")") {
			return
		}
	}
	v.t.Fatalf("no tabulator leads to %s at %s\n%s", selector, v.URL(), v.Text())
}

// entered presses Enter and waits for the page that follows.
func (v *visit) entered(path string) {
	v.t.Helper()
	v.Press("\r")
	v.Await("the page "+path, "location.pathname.startsWith('"+path+"') && document.readyState === 'complete'")
}

// TestAPhysicianWithoutAPointer signs in, skips the menu, opens the list and records a decision, with keys alone.
func TestAPhysicianWithoutAPointer(t *testing.T) {
	h := Start(t, db.SQLite)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.Open(h.URL + probe.PathLogin)
	v.tabTo("input[name=tenant]")
	v.Press("midori")
	v.tabTo("input[name=login_id]")
	v.Press("physician")
	v.tabTo("input[name=password]")
	mark := h.spool.Mark()
	v.Press(h.Password("midori", "physician"))
	v.entered(probe.PathCode)
	code, err := h.spool.Code(context.WithoutCancel(t.Context()), mark)
	if err != nil {
		t.Fatal(err)
	}
	v.tabTo("input[name=code]")
	v.Press(code)
	v.Press("\r")
	v.AwaitText("今日すること")

	v.Press("\t") // the first stop leads past the menu
	v.Press("\r")
	v.Press("\t")
	if !browser.Eval[bool](v.Page, `document.querySelector('main').contains(document.activeElement)`) {
		t.Errorf("after skipping the menu the focus is at %s", browser.Eval[string](v.Page, "document.activeElement.outerHTML.slice(0, 200)"))
	}
	v.tabTo(`main a[href^="/worklist"]`)
	v.entered("/worklist")
	v.tabTo(`main a[href*="/decide/"]`)
	v.entered("/people/")
	v.tabTo("#fitness input")
	v.Press(" ")
	v.tabTo("#opinion, textarea")
	v.Press("変わりなく働けます。")
	v.tabTo("main form[data-guard] button.main")
	v.Press("\r")
	v.AwaitText("就業判定を記録しました")
	for _, p := range v.Problems() {
		t.Errorf("the console says: %s", p)
	}
}
