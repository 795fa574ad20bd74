package web

import (
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/people/org"
)

func sampleHolds(manages bool) *holdsView {
	h := erasure.Hold{ID: "h", Scope: erasure.HoldPerson, Person: "01935a00-0000-7000-8000-000000000001", Reason: "労災の争い", Authority: "裁判所の求め", Reviewer: "法務 花子", ReviewBy: jst.Date{Y: 2027, M: 4, D: 1}, PlacedAt: sampleNow}
	over := erasure.Hold{ID: "o", Scope: erasure.HoldClass, Class: "一般健康診断", Reason: "調査", Authority: "監督署", Reviewer: "法務 花子", ReviewBy: jst.Date{Y: 2026, M: 12, D: 1}, PlacedAt: sampleNow, ReleasedAt: sampleNow}
	return &holdsView{Page: Page{Title: "消去の保全", Here: "/holds", Errors: []FieldError{{"number", "その人の記録はありません。"}}}, Manages: manages, Classes: retention.Classes, Form: holdForm{Scope: erasure.HoldPerson, Number: "M9999"},
		Holds: []holdLine{{h, covers(h, &org.Directory{}), false, false}, {over, covers(over, &org.Directory{}), true, false}, {erasure.Hold{ID: "t", Scope: erasure.HoldTenant}, covers(erasure.Hold{Scope: erasure.HoldTenant}, &org.Directory{}), false, true}}}
}

func sampleCandidates() []retention.Candidate {
	due := retention.Due{Kind: retention.OfPerson, Subject: "01935a00-0000-7000-8000-000000000001", Class: "労働者名簿", Base: jst.Date{Y: 2020, M: 3, D: 31}, KeepUntil: jst.Date{Y: 2025, M: 3, D: 31}}
	card := due
	card.Kind, card.Unit, card.Class, card.Subject = retention.OfRecord, "checkup_result", "一般健康診断", "01935a00-0000-7000-8000-000000000002"
	return []retention.Candidate{
		{Due: due, ID: "a", State: retention.Open, CustomerBy: "x"}, {Due: card, ID: "b", State: retention.Open},
		{Due: due, ID: "c", State: retention.Declined, Reason: "係争の見込み", Again: jst.Date{Y: 2027, M: 3, D: 31}},
		{Due: card, ID: "d", State: retention.Dropped, Why: "held"}, {Due: card, ID: "e", State: retention.Erased},
	}
}

func sampleRetention(at string, decides bool) *retentionView {
	c, _ := retention.ByName("一般健康診断")
	v := &retentionView{Page: Page{Title: "保持期間", Here: at, Errors: []FieldError{{"again", "明日から5年以内で指定してください。"}}}, At: at, Decides: decides, Reason: "係争の見込み", Again: "あさって", Days: retention.WaitDays}
	if at == "/retention" {
		v.Classes = []retention.ClassCount{{Class: c, Years: 7, Own: true, Source: c.Source, Count: 14084, Next: jst.Date{Y: 2026, M: 12, D: 1}, ByYear: []retention.YearCount{{Year: 2019, Count: 14084, KeepUntil: jst.Date{Y: 2026, M: 12, D: 1}}}}}
	}
	v.Longer = []retention.Lengthened{{Class: c, Years: 7, Source: "契約書 第9条", At: sampleNow}, {Class: c, Years: 5, Source: "契約書 第9条", At: sampleNow, Forged: true}}
	if at != "/retention" {
		v.Lengthen = &lengthenForm{Classes: retention.Classes, Class: c.Name, Years: "3", Source: "契約書 第9条", Most: retention.MostYears}
		v.Errors = append(v.Errors, FieldError{"years", "法令の期間より短くはできません。"})
	}
	whose := "退職 花子（社員番号 M0001）"
	if at != "/retention" {
		whose = nobodyNamed
	}
	v.sort(sampleCandidates(), func(ids.Person) string { return whose }, []string{"b"})
	return v
}

// retentionSamples are the pages of what is kept and what has expired.
func retentionSamples() map[string]struct {
	role actor.Role
	view Viewer
} {
	return map[string]struct {
		role actor.Role
		view Viewer
	}{
		"holds":               {actor.TenantAdmin, sampleHolds(true)},
		"holds-read":          {actor.Auditor, sampleHolds(false)},
		"holds-none":          {actor.TenantAdmin, &holdsView{Page: Page{Title: "消去の保全", Here: "/holds"}, Manages: true}},
		"retention":           {actor.TenantAdmin, sampleRetention("/retention", true)},
		"retention-read":      {actor.Auditor, sampleRetention("/retention", false)},
		"retention-none":      {actor.TenantAdmin, &retentionView{Page: Page{Title: "保持期間", Here: "/retention"}, At: "/retention"}},
		"retention-case":      {actor.ITSM, sampleRetention("/desk/retention/t", true)},
		"retention-desk":      {actor.ITSM, &retentionDeskView{Page: Page{Title: "契約先の保持期間", Here: "/desk/retention"}, Waiting: []deskCustomer{{retention.Customer{Tenant: "01935a00-0000-7000-8000-000000000001", Waiting: 2}, "みどり製作所", "midori"}}, Others: []deskCustomer{{retention.Customer{Tenant: "01935a00-0000-7000-8000-000000000002"}, "ひかり商事", "hikari"}}}},
		"retention-desk-none": {actor.ITSM, &retentionDeskView{Page: Page{Title: "契約先の保持期間", Here: "/desk/retention"}}},
	}
}

// TestCandidatesAreSorted: what waits can be decided, and everything else says what became of it.
func TestCandidatesAreSorted(t *testing.T) {
	v := sampleRetention("/retention", true)
	if len(v.Waiting) != 2 || len(v.Others) != 3 {
		t.Fatalf("%d wait, %d others", len(v.Waiting), len(v.Others))
	}
	for _, o := range v.Others {
		if o.Word == "" {
			t.Errorf("%s says nothing", o.State)
		}
	}
	if w := v.Waiting[1]; w.What != "健診の結果 1件" || !w.Chosen || v.Waiting[0].Chosen || v.Waiting[0].What != "退職者の名簿と、その人の記録すべて" {
		t.Errorf("%+v", v.Waiting)
	}
	if r := v.Waiting[1].Rule; r != "7年: 契約書 第9条（契約による延長）" {
		t.Errorf("the contract's rule is %q", r)
	}
	if r := v.Waiting[0].Rule; !strings.HasPrefix(r, "5年: 労働基準法109条") {
		t.Errorf("the law's rule is %q", r)
	}
	if v.Others[1].Word != droppedWords["held"] {
		t.Errorf("a dropped one says %s", v.Others[1].Word)
	}
}
