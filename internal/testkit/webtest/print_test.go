package webtest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/browser"
)

// TestAnAuditorPrintsTheEvidenceOfOneClause: from the whole statement to one clause by its link; on paper there is its
// evidence, opened, with version and time, and neither the other clauses nor anything to press.
func TestAnAuditorPrintsTheEvidenceOfOneClause(t *testing.T) {
	h := StartProbing(t, db.SQLite)
	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.Open(h.URL + "/trust?clause=2-3")
	for end := time.Now().Add(2 * time.Minute); !strings.Contains(v.Text(), "確かめた時刻") && time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		v.Open(h.URL + "/trust?clause=2-3") // until its probe has looked
	}
	v.Open(h.URL + "/trust")
	v.Follow(`a[href="/trust?clause=2-3"]`)
	v.look("trust-clause")
	v.Size(720, 1000) // what an A4 page is wide between its margins
	v.Paper(true)
	got := browser.Eval[struct {
		Cards   []string `json:"cards"`
		Text    string   `json:"text"`
		Press   []string `json:"press"`
		Closed  int      `json:"closed"`
		TooWide bool     `json:"too_wide"`
	}](v.Page, `({
 cards: [...document.querySelectorAll('article.card')].map(a => a.id), text: document.querySelector('main').innerText,
 press: [...document.querySelectorAll('button, nav a, form')].filter(e => e.checkVisibility()).map(e => e.tagName + ' ' + e.innerText),
 closed: [...document.querySelectorAll('article dl.facts')].filter(e => !e.checkVisibility()).length,
 too_wide: document.documentElement.scrollWidth > innerWidth,
})`)
	if len(got.Cards) != 1 || got.Cards[0] != "c-2-3" {
		t.Errorf("on paper stand %v", got.Cards)
	}
	for _, want := range []string{"NET-TLS13", "確かめた結果", "確かめた時刻", "ここからは分からないこと", "表示した時刻", "プログラム"} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("on paper is no %s:\n%s", want, got.Text)
		}
	}
	if len(got.Press) > 0 || got.Closed > 0 || got.TooWide {
		t.Errorf("on paper: to press %v, %d closed, too wide: %v", got.Press, got.Closed, got.TooWide)
	}
	if dir := pictures("trust-paper"); dir != "" {
		v.Screenshot(filepath.Join(dir, "trust-paper-desktop.png"), 1100)
	}
	v.Open(h.URL + "/trust") // the whole of it: what is closed on the screen is open on paper
	if n := browser.Eval[int](v.Page, `[...document.querySelectorAll('article dl.facts')].filter(e => !e.checkVisibility()).length`); n > 0 {
		t.Errorf("%d pieces of evidence are closed on paper", n)
	}
	v.Paper(false)
	v.Open(h.URL + "/trust?clause=9-9")
	v.AwaitText("この条件の項目はありません。")
}
