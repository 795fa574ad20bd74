package webtest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
)

// TestAnEnvelopeInTheHandsOfPeople: sealed at a desk, opened in another browser as a drill, reviewed;
// whoever reviewed does not seal it anew. Every page at both widths.
func TestAnEnvelopeInTheHandsOfPeople(t *testing.T) {
	h := Start(t, db.SQLite)
	desk := &visit{t: t, h: h, Page: browser.Start(t)}
	desk.as("kyokai", "itsm")
	desk.Open(h.URL + "/sealed")
	desk.look("sealed-none")
	desk.Type("#login_id", "glass-1")
	desk.Type("#name", "本部の金庫")
	desk.Follow(`form[action="/sealed"] button.main`)
	desk.AwaitText("封筒に入れる紙")
	desk.look("sealed-paper")
	paper := browser.Eval[[]string](desk.Page, `[...document.querySelectorAll(".big-word code")].map(e => e.textContent)`)
	if len(paper) != 6 {
		t.Fatalf("the paper has %d words", len(paper))
	}

	v := &visit{t: t, h: h, Page: browser.Start(t)}
	v.Open(h.URL + probe.PathLogin)
	v.Type("input[name=tenant]", "kyokai")
	v.Type("input[name=login_id]", "glass-1")
	v.Type("input[name=password]", paper[0])
	v.Follow(`form[action="/login"] button`)
	v.AwaitText("コード 1番")
	v.look("sealed-code")
	v.Type("input[name=code]", paper[1])
	v.Follow(`form[action="/login/code"] button`)
	v.AwaitText("使う理由と、あなたの名前")
	v.look("emergency-why")
	v.Type("#reason", "四半期の訓練。山田")
	v.Click(`input[name=drill]`)
	v.Follow(`form[action="/emergency/why"] button.main`)
	v.AwaitText("ロックされている利用者はいません")
	v.look("emergency")
	v.Follow(`form[action="/logout"] button`)

	desk.Open(h.URL + "/sealed")
	desk.AwaitText("今四半期の訓練 済")
	desk.look("sealed-review")
	desk.Type("#finding", "訓練どおり。記録と合う")
	desk.Follow(`form[action$="/review"] button.main`)
	desk.AwaitText("訓練どおり")

	// A second paper is found and typed by somebody: the use is stopped before the code.
	desk.Open(h.URL + "/sealed")
	desk.Type("#login_id", "glass-2")
	desk.Follow(`form[action="/sealed"] button.main`)
	desk.AwaitText("封筒に入れる紙")
	paper = browser.Eval[[]string](desk.Page, `[...document.querySelectorAll(".big-word code")].map(e => e.textContent)`)
	v.Open(h.URL + probe.PathLogin)
	v.Type("input[name=tenant]", "kyokai")
	v.Type("input[name=login_id]", "glass-2")
	v.Type("input[name=password]", paper[0])
	v.Follow(`form[action="/login"] button`)
	v.AwaitText("コード 1番")
	desk.Open(h.URL + "/sealed")
	desk.AwaitText("コードはまだ入力されていません")
	desk.look("sealed-broken")
	desk.Follow(`form[action$="/stop"] button`)
	desk.AwaitText("緊急用の使用を止めました")
	v.Type("input[name=code]", paper[1])
	v.Follow(`form[action="/login/code"] button`)
	if strings.Contains(v.Text(), "使う理由") {
		t.Error("the code of a stopped use opens")
	}

	c := h.Client("kyokai", "itsm")
	if status, got := submit(t, c, "/sealed", url.Values{"login_id": {"glass-1"}}); status != http.StatusForbidden || got["code"] != "identity.sealed_same" {
		t.Errorf("whoever reviewed seals it anew: %d %v", status, got)
	}
	if p := get(t, c, "/audit"); !strings.Contains(p.Text(), "緊急用の利用者IDの封が切られた") {
		t.Error("the log does not say it")
	}
}
