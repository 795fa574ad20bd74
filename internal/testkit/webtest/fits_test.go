package webtest

import (
	"net/url"
	"testing"

	"rakudos/internal/testkit/browser"
)

// TestLookNamesWhatDoesNotFit: the two measures of a page's width find a word that stands upright and a box
// that is too wide, and nothing on a page where both have room.
func TestLookNamesWhatDoesNotFit(t *testing.T) {
	p := browser.Start(t)
	p.Size(360, 780)
	for _, c := range []struct {
		body     string
		up, over bool
	}{
		{body: `<code>GV-POLICY</code><div class="chip">x</div>`},
		{body: `<code style="display:block;width:12px;overflow-wrap:anywhere">GV-POLICY</code>`, up: true},
		{body: `<div style="width:500px">x</div>`, over: true},
	} {
		p.Open("data:text/html;charset=utf-8," + url.PathEscape(`<!doctype html><meta name="viewport" content="width=device-width"><main>`+c.body+`</main>`))
		up, over := browser.Eval[[]string](p, upright), browser.Eval[[]string](p, sideways)
		if (len(up) > 0) != c.up || (len(over) > 0) != c.over {
			t.Errorf("%s: upright %v, wide %v", c.body, up, over)
		}
	}
}

// TestDarkIsSeenByThePage: the colours that are examined on the phone are the dark ones.
func TestDarkIsSeenByThePage(t *testing.T) {
	p := browser.Start(t)
	p.Open("data:text/html,x")
	for _, dark := range []bool{true, false} {
		p.Dark(dark)
		if got := browser.Eval[bool](p, `matchMedia('(prefers-color-scheme: dark)').matches`); got != dark {
			t.Errorf("dark %v: the page sees %v", dark, got)
		}
	}
}
