package web

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/people/tenant"
)

// sampleSheet has a line of every kind and state.
func sampleSheet() *accessreview.Sheet {
	line := func(no int, subject, role string, change func(*accessreview.Line)) accessreview.Line {
		l := accessreview.Line{Grant: accessreview.Grant{Kind: accessreview.Account, Subject: subject, Role: role}, Campaign: "2026-Q3", No: no, Login: subject, Name: "担当 " + subject, Reviewer: "a", ReviewerOf: "t"}
		if change != nil {
			change(&l)
		}
		return l
	}
	mark := accessreview.Notes{Marks: []accessreview.Mark{{Flag: accessreview.Dormant, Says: "120日間サインインしていません"}, {Flag: accessreview.Privileged, Says: "テナント管理者の権限です"}}, Used: "直近90日の記録で、4種類の操作のうち1種類を3回使用（未使用：名簿を見る）"}
	lines := []accessreview.Line{
		line(1, "plain", "employee", nil),
		line(2, "nurse", "nurse", func(l *accessreview.Line) { l.Notes, l.Site, l.Dept = mark, "s1", "d9" }),
		line(3, "kept", "hr", func(l *accessreview.Line) {
			l.Decision, l.Reason, l.DecidedBy = accessreview.Keep, "業務に必要", "a"
		}),
		line(4, "gone", "hr", func(l *accessreview.Line) { l.Decision, l.ReadBack, l.Reviewer = accessreview.Revoke, "denied", "b" }),
		line(5, "stuck", "physician", func(l *accessreview.Line) {
			l.Decision, l.ReadBack, l.Addendum = accessreview.Suspended, "granted", true
		}),
		line(6, "last", "tenantadmin", func(l *accessreview.Line) { l.Reviewer, l.ReviewerOf, l.Notes = "x", "kyokai", mark }),
		line(7, "db", "行の読み書き", func(l *accessreview.Line) { l.Kind, l.Reviewer = accessreview.Database, "" }),
	}
	c := accessreview.Campaign{Tenant: "t", ID: "2026-Q3", Purpose: "quarter", State: accessreview.Running, OpenedAt: sampleNow, DueAt: sampleNow.AddDate(0, 1, 8), EndsAt: sampleNow.AddDate(0, 1, 9), Snapshot: strings.Repeat("ab", 32)}
	return &accessreview.Sheet{Campaign: c, Tenant: tenant.Tenant{ID: "t", Code: "midori", Name: "株式会社みどり製作所"}, Lines: lines, Report: accessreview.Tally(lines), Mine: 2, Intact: true, OpenedIndex: 42, ClosedIndex: -1}
}

func sampleReviews() map[string]Viewer {
	sheet := sampleSheet()
	show := newReviewView(sheet, sampleVisitor(actor.TenantAdmin), "")
	show.Sites = []choice{{Value: "s1", Name: "本社"}, {Value: "s2", Name: "伏見工場"}}
	for i := range show.Lines {
		show.Lines[i].Reach = reach(&show.Lines[i].Line, map[string]string{"s1": "本社"})
	}
	all := newReviewView(sheet, sampleVisitor(actor.TenantAdmin), "all")
	all.Wrong1, all.Errors = 2, []FieldError{{"reason-2", "理由を入力してください。"}}
	all.Sites = show.Sites
	foreign := newReviewView(sampleSheet(), sampleVisitor(actor.ITSM), "flagged")
	foreign.Of, foreign.S.Foreign, foreign.S.Intact = "midori", true, false
	none := newReviewView(&accessreview.Sheet{Campaign: sheet.Campaign, Report: accessreview.Tally(nil), Intact: true}, sampleVisitor(actor.Auditor), "mine")
	closed := sampleSheet()
	closed.State, closed.ClosedAt, closed.ClosedIndex = accessreview.Closed, sampleNow, 43
	closed.Campaign.Report = accessreview.Tally(closed.Lines)
	closed.Campaign.Report.Escalated, closed.Campaign.Report.Late, closed.Campaign.Report.Median = 1, true, 12.5
	missed := sampleSheet()
	missed.State, missed.Intact = accessreview.Missed, false
	page := Page{Title: "アクセス権限の見直し", Here: "/reviews"}
	return map[string]Viewer{
		"reviews": &reviewsView{Page: page, Duties: []accessreview.Duty{{Code: "midori", Name: "みどり", Campaign: "2026-Q3", Title: "2026年度 第3四半期", Due: sampleNow, Lines: 3}, {Code: "hikari", Name: "ひかり商事", Campaign: "2026-Q3", Due: sampleNow, Foreign: true}},
			Campaigns: []accessreview.Summary{{Campaign: sheet.Campaign, Figures: sheet.Report}}, Calendar: accessreview.Calendar{Name: "2026年度 第3四半期", Closes: "2026-12-31T23:59:00+09:00", LeastDays: 14},
			Tenants: []accessreview.Standing{{Code: "midori", Name: "みどり", State: accessreview.Running, Figures: sheet.Report}, {Code: "x", State: accessreview.NotOpened, Problems: []string{"始まっていません"}}, {Code: "y", State: accessreview.Void}, {Code: "z", State: accessreview.Waiting}}},
		"reviews-none":  &reviewsView{Page: page, First: "2026年度 第4四半期", Calendar: accessreview.Calendar{Closes: "2026-12-31T23:59:00+09:00"}},
		"review":        show,
		"review-all":    all,
		"review-other":  foreign,
		"review-none":   none,
		"report":        newReportView(sampleSheet(), ""),
		"report-closed": newReportView(closed, ""),
		"report-missed": newReportView(missed, ""),
	}
}

func TestReviewLinesStandInTheOrderOfWork(t *testing.T) {
	v := newReviewView(sampleSheet(), sampleVisitor(actor.TenantAdmin), "all")
	var order []int
	for _, l := range v.Lines {
		order = append(order, l.No)
	}
	if order[0] != 2 || order[1] != 1 { // mine and flagged, mine, then the others
		t.Errorf("order %v", order)
	}
	if v.Plain != 1 || len(v.Shows) != 4 || !strings.Contains(v.Shows[0].Name, "（2）") {
		t.Errorf("%d plain, %+v", v.Plain, v.Shows)
	}
	mine := newReviewView(sampleSheet(), sampleVisitor(actor.TenantAdmin), "")
	if mine.Show != "mine" || len(mine.Lines) != 2 {
		t.Errorf("%s with %d lines", mine.Show, len(mine.Lines))
	}
	for _, l := range v.Lines {
		switch {
		case l.No == 3 && !l.Mine: // a decision to keep may be changed while the campaign runs
			t.Error("a kept line can't be changed")
		case l.No == 4 && l.Mine, l.No == 6 && l.Asked != "保健会のITサービスマネジャー", l.No == 7 && l.Asked != "担当できる人がいません":
			t.Errorf("%+v", l)
		case l.No == 5 && l.State.Value != "bad":
			t.Error("a right that still works does not stand out")
		}
	}
	if v.again("decided", nextLine(v, 2)) != "/reviews/2026-Q3?done=review-decided&show=all#line-1" || nextLine(v, 1) != 0 {
		t.Error(v.again("decided", nextLine(v, 2)), nextLine(v, 1))
	}
	if chosen(nil, "") || chosen([]choice{{Value: ""}}, "") || !chosen([]choice{{Value: "s"}}, "s") {
		t.Error("a site that is none is chosen")
	}
}

func TestReviewPathsAndStates(t *testing.T) {
	if p := reviewPath(accessreview.Duty{Campaign: "2026-Q3", Code: "hikari", Foreign: true}); p != "/reviews/2026-Q3?of=hikari" {
		t.Error(p)
	}
	for _, s := range []accessreview.State{accessreview.Running, accessreview.Closing, accessreview.Closed, accessreview.Missed, accessreview.NotOpened, accessreview.Void, accessreview.Waiting} {
		if reviewState(s).Name == "" {
			t.Errorf("%s has no words", s)
		}
	}
	l := accessreview.Line{Grant: accessreview.Grant{Kind: accessreview.Account, Dept: ids.Dept("d")}}
	if got := reach(&l, map[string]string{"d": "製造一課"}); got != "すべての事業所・製造一課" {
		t.Error(got)
	}
	l.Site = "s"
	if got := reach(&l, nil); got != "一つの事業所・一つの部署" {
		t.Error(got)
	}
	// A form without a service behind it is refused before anything is asked.
	w := httptest.NewRecorder()
	bare(t).ServeHTTP(w, httptest.NewRequest("POST", "https://localhost/reviews/2026-Q3/decide", nil))
	if w.Code == 200 {
		t.Errorf("%d at %v", w.Code, time.Now())
	}
}
