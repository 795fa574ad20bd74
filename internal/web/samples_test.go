package web

import (
	"net/http/httptest"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/support"
)

func sampleList(l *checkup.ListView) *checkupsView {
	r := httptest.NewRequest("GET", "/checkups?year=2026&judgement=C%2B&fitness=waiting&sort=judgement&dept=d", nil)
	v := newCheckupsView(r, l)
	v.MayExport = true
	v.MayImport = true
	return v
}

func sampleAccess() *accessView { return newAccessView(sampleVisitor("tenantadmin")) }

func sampleAccess1(state support.State, mine bool) supportLine {
	a := support.Access{ID: "x", TenantName: "株式会社みどり製作所", AskerName: "運用 四郎", Scope: support.Person, Number: "M0001", Reason: "値の表示についての問合せ", Ticket: "INC-1024", Minutes: 30, AskedAt: sampleNow, State: state}
	if state != support.Asked {
		a.DeciderBy, a.DecidedAt, a.EndsAt, a.EnteredAt = "サービス 五郎", sampleNow, sampleNow.Add(30*time.Minute), sampleNow
	}
	if state == support.Ended {
		a.EndedAt, a.EndReason = sampleNow, support.ByTenant
	}
	l := newSupportLine(a, sampleNow)
	l.Mine, l.Decides = mine, !mine && state == support.Asked
	return l
}

func sampleDesk() *supportView {
	return &supportView{Page: Page{Title: "サポート入室", Here: "/support", Errors: []FieldError{{"ticket", "受付番号を入力してください。"}}}, Scope: support.Person, Tenants: []choice{{"midori", "株式会社みどり製作所", true}}, Durations: []choice{{"30", "30分", true}},
		Open: []supportLine{sampleAccess1(support.Asked, false), sampleAccess1(support.Asked, true), sampleAccess1(support.Approved, true)}, Past: []supportLine{sampleAccess1(support.Ended, true), sampleAccess1(support.Refused, false)}}
}

func sampleVisits() *visitsView {
	return &visitsView{Page: Page{Title: "保健会のサポート入室", Here: "/visits"}, MayStop: true, Visits: []supportLine{sampleAccess1(support.Approved, false), sampleAccess1(support.Ended, false), sampleAccess1(support.Refused, false)}}
}

func sampleVisit() *visitsView {
	one := sampleAccess1(support.Approved, false)
	return &visitsView{Page: Page{Title: "受付番号 INC-1024"}, MayStop: true, One: &one, Entries: []auditLine{newAuditLine(audit.Entry{Verb: "support.read", At: sampleNow, Result: "ok", Readable: true, Actor: audit.Who{Ticket: "INC-1024", Roles: []actor.Role{actor.SupportPerson}}}, nil)}}
}

func sampleSealed() *sealedView {
	view := &sealedView{Page: Page{Title: "緊急用の利用者ID", Here: "/sealed"}, MaySeal: true, Tenant: "kyokai", PrintedDay: "2026-11-23", Envelope: &identity.Envelope{LoginID: "glass", Password: "Ab2d-Ef3g-Hj4k", Codes: []string{"01234567", "12345678"}}}
	for _, a := range []identity.SealedAccount{
		{ID: "a", LoginID: "glass", Name: "金庫", State: identity.Sealed, SealedAt: sampleNow, DrilledAt: sampleNow},
		{ID: "b", LoginID: "glass2", Name: "支所", State: identity.Spent, SealedAt: sampleNow, BrokenAt: sampleNow, OpenedAt: sampleNow, EndedAt: sampleNow, Reason: "訓練", Drill: true},
		{ID: "c", LoginID: "glass3", Name: "本部", State: identity.Opened, SealedAt: sampleNow, BrokenAt: sampleNow, OpenedAt: sampleNow, ReviewedAt: sampleNow, Finding: "確かめた"},
	} {
		view.Accounts = append(view.Accounts, newSealedLine(a, jst.Of(sampleNow)))
	}
	return view
}
