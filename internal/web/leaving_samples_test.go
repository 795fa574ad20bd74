package web

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/words"
)

func sampleVerified(ok bool) *certificateVerifyView {
	v := newCertificateVerifyView()
	v.Done, v.State, v.Stage = true, "発行済", certificate.StageName(certificate.Primary)
	v.Report = certificate.Report{OK: ok, LogIndex: 4711, Digest: "e4799538926db0e923c296d0d52601a1e107908d55bca54b34ffbf0b7b846082", File: &certificate.File{Certificate: certificate.Body{
		ID: "01935a00-0000-7000-8000-000000000001", Tenant: certificate.Party{Name: "株式会社みどり製作所"}, IssuedAt: certificate.At(sampleNow), Says: []string{"主たる記録と、それを読むための鍵は、消去されています。"},
	}}}
	if !ok {
		v.Problems = []words.Text{words.Fault(fault.New(fault.Invalid, "certificate.signature"))}
	}
	return v
}

func sampleCase() *termination.Case {
	return &termination.Case{
		ID: "c", Name: "株式会社みどり製作所", Contract: "midori", Month: "2026-11", MonthEnd: jst.Date{Y: 2026, M: 11, D: 30}, EraseNotBefore: jst.Date{Y: 2026, M: 12, D: 1}, EraseBy: jst.Date{Y: 2026, M: 12, D: 30},
		Requested: termination.By{Account: "a", Side: termination.Customer, At: sampleNow}, Receipt: &termination.Receipt{By: termination.By{At: sampleNow}},
	}
}

func sampleFiles() []handover.File {
	return []handover.File{
		{ID: "h", State: handover.Ready, Asked: sampleNow, Expires: sampleNow.Add(handover.Life), Rows: 14084, Digest: "e4799538926db0e923c296d0d52601a1e107908d55bca54b34ffbf0b7b846082", Taken: 1, TakenAt: sampleNow},
		{ID: "g", State: handover.Failed, Asked: sampleNow, Fault: "paper.font"}, {ID: "f", State: handover.Making, Asked: sampleNow},
	}
}

func sampleLeaving(c *termination.Case) *leavingView {
	v := &leavingView{Page: Page{Title: "解約とデータの受け取り", Here: "/leaving", Errors: []FieldError{{"month", "過ぎた月は指定できません。"}}}, Case: c, Files: sampleFiles(), Duty: handover.Duty, Month: "2026-12", Cooled: true}
	if c != nil {
		v.Steps = stepsOf(c)
	}
	return v
}

func sampleEntry() certificate.Entry {
	return certificate.Entry{ID: "01935a00-0000-7000-8000-000000000001", Stage: certificate.Primary, State: certificate.Issued, IssuedAt: sampleNow, Keep: "2036-11-23", Digest: "e4799538926db0e923c296d0d52601a1e107908d55bca54b34ffbf0b7b846082", Body: certificate.Body{Tenant: certificate.Party{Name: "株式会社みどり製作所", Contract: "midori"}, Says: []string{"主たる記録と、それを読むための鍵は、消去されています。"}}}
}

// leavingSamples are the pages of a customer's leaving.
func leavingSamples() map[string]struct {
	role actor.Role
	view Viewer
} {
	return map[string]struct {
		role actor.Role
		view Viewer
	}{
		"leaving":                {actor.TenantAdmin, sampleLeaving(nil)},
		"leaving-asked":          {actor.TenantAdmin, sampleLeaving(sampleCase())},
		"leaving-files":          {actor.Nurse, &filesView{Page: Page{Title: "解約時のデータの受け取り", Here: "/leaving/files"}, Files: sampleFiles(), Duty: handover.Duty}},
		"leaving-files-none":     {actor.Nurse, &filesView{Page: Page{Title: "解約時のデータの受け取り"}}},
		"leaving-desk":           {actor.ITSM, &leavingDeskView{Page: Page{Title: "解約の受付", Here: "/desk/leaving"}, Cases: []deskCase{{sampleCase(), "準備中", true}}}},
		"leaving-desk-none":      {actor.ITSM, &leavingDeskView{Page: Page{Title: "解約の受付"}}},
		"leaving-case":           {actor.ITSM, &leavingCaseView{Page: Page{Title: "株式会社みどり製作所の解約", Here: "/desk/leaving", Errors: []FieldError{{"how", "どの番号に、どう確かめたかを入力してください。"}}}, C: deskCase{sampleCase(), "準備中", true}, Steps: stepsOf(sampleCase()), Open: true, Cooled: true}},
		"leaving-case-called":    {actor.ITSM, &leavingCaseView{Page: Page{Title: "株式会社みどり製作所の解約", Here: "/desk/leaving"}, C: deskCase{calledCase(), "準備中", false}, Steps: stepsOf(calledCase()), Open: true}},
		"leaving-case-agreed":    {actor.ITSM, &leavingCaseView{Page: Page{Title: "株式会社みどり製作所の解約", Here: "/desk/leaving"}, C: deskCase{agreedCase(), "確認済み", false}, Steps: stepsOf(agreedCase()), Open: true, Cooled: true}},
		"certificates":           {actor.Auditor, &certificatesView{Page: Page{Title: "消去証明書", Here: "/certificates"}, All: []certificateLine{lineOf(sampleEntry())}}},
		"certificates-none":      {actor.Auditor, &certificatesView{Page: Page{Title: "消去証明書"}}},
		"certificate":            {actor.ITSM, &certificateView{Page: Page{Title: "消去証明書", Here: "/certificates"}, C: lineOf(sampleEntry()), MayPresent: true, Now: "p", Presented: []certificate.Presentation{{At: sampleNow, Request: certificate.Request{Requester: "総務部長", Organisation: "株式会社みどり製作所", Checked: "代表番号へ折り返し"}, Taken: 1}}}},
		"certificate-verify":     {"", newCertificateVerifyView()},
		"certificate-verify-ok":  {actor.Employee, sampleVerified(true)},
		"certificate-verify-bad": {"", sampleVerified(false)},
	}
}

// calledCase is one whose customer has been called.
func agreedCase() *termination.Case {
	c := *sampleCase()
	c.Confirmed = []termination.By{{Account: "k", Side: termination.Association, At: sampleNow}, {Account: "a", Side: termination.Customer, At: sampleNow}}
	return &c
}

func calledCase() *termination.Case {
	c := *sampleCase()
	c.Confirmed, c.CallBack = nil, &termination.CallBack{By: termination.By{At: sampleNow}, How: "契約書の代表番号へ架電"}
	return &c
}
