package web

import (
	"time"

	"rakudos/internal/operations/keys"
)

// sampleKeys is the inventory with everything that may be wrong with it, or with nothing.
func sampleKeys(wrong bool) *keysView {
	day := 24 * time.Hour
	inv := &keys.Inventory{At: sampleNow, Copies: []keys.Copy{{ID: "20261120T130000Z-0a1b2c3d", Taken: sampleNow.Add(-day)}}, Destroyed: 1234}
	root := keys.Line{Kind: keys.Root, Name: "file:8cd442e65e69cccf", Count: 1, Versions: 1, Use: "会社の鍵を包む", Made: sampleNow.Add(-100 * day), Limit: sampleNow.Add(265 * day)}
	person := keys.Line{Kind: keys.Person, Name: "v1", Code: "midori", Count: 320, Versions: 1, Use: "その人の記録を暗号化する", Made: sampleNow}
	view := &keysView{Page: Page{Title: "鍵の台帳", Here: "/keys"}, Inventory: inv, Destroyed: 1234, Root: []rootVersion{{"file:8cd442e65e69cccf", 9, true}}}
	view.Lines = []keyLine{
		{Line: root, N: 1, Level: "ルート鍵", Age: "100日", Limit: stamp(root.Limit), State: "ok", Choice: "root"},
		{Line: person, N: 320, Level: "個人の鍵", Age: "0日", Limit: "なし", State: "ok"},
	}
	if !wrong {
		inv.Copies = nil
		return view
	}
	inv.Copies = append(inv.Copies, keys.Copy{ID: "20261101T130000Z-9f8e7d6c", Taken: sampleNow.Add(-20 * day), Damaged: true})
	view.Lines[0].State = "bad"
	view.MayRotate, view.Rotatable, view.Chosen = true, view.Lines[:1], "rewrap"
	view.Alerts = []string{keys.AlertWords["age"], keys.AlertWords["copy_damaged"]}
	view.Errors = []FieldError{{"reason", "理由を入力してください。"}}
	for _, s := range []keys.State{keys.Running, keys.Done, keys.Failed} {
		view.Works = append(view.Works, workLine{&keys.Work{Kind: keys.Tenant, State: s, Step: "wrap", Started: sampleNow}, "会社の鍵", "midori", keys.StepWords["wrap"], 40})
	}
	return view
}
