package web

import (
	"testing"
	"time"

	"rakudos/internal/engine/audit"
	"rakudos/internal/health/checkup"
	"rakudos/internal/people/org"
)

// TestByDayPutsTheSameActTogether: what one reader did twice a day is one line, the reader's own acts are 「あなた」.
func TestByDayPutsTheSameActTogether(t *testing.T) {
	v := sampleVisitor("employee")
	at := func(hours int, who string) auditLine {
		return auditLine{Entry: audit.Entry{At: sampleNow.Add(time.Duration(-hours) * time.Hour)}, What: "健診結果の閲覧", Who: who}
	}
	mine := at(0, "従業員本人")
	mine.Actor.Account = v.Account
	got := byDay([]auditLine{mine, at(1, "産業医"), at(2, "産業医"), at(30, "産業医")}, v)
	if len(got) != 3 || got[0].Who != "あなた" || got[1].Times != 2 || !got[1].At.Equal(sampleNow.Add(-time.Hour)) || got[2].Times != 1 {
		t.Errorf("%+v", got)
	}
}

// TestOldFailuresLeaveTheHomePage: a failed file is news for three days, a preview stays until somebody decides.
func TestOldFailuresLeaveTheHomePage(t *testing.T) {
	old := sampleNow.Add(-4 * 24 * time.Hour)
	got := recent([]*checkup.Import{{State: checkup.Failed, StartedAt: old}, {State: checkup.Failed, StartedAt: sampleNow}, {State: checkup.Preview, StartedAt: old}}, sampleNow)
	if len(got) != 2 || got[0].State != checkup.Failed || got[1].State != checkup.Preview {
		t.Errorf("%+v", got)
	}
}

// TestListsOfPeopleWaitForHR: what is being read or waits is told, a failure for a few days, what is over never.
func TestListsOfPeopleWaitForHR(t *testing.T) {
	now := sampleNow
	of := func(state org.State, days int) org.ImportView {
		return org.ImportView{ID: "i", File: "新入社員.csv", State: state, Created: now.AddDate(0, 0, -days)}
	}
	for _, c := range []struct {
		i    org.ImportView
		want string
	}{
		{of("preview", 100), "soon /imports/i 名簿の取り込み: 新入社員.csv"}, {of("reading", 0), " /imports/i 名簿の取り込み: 新入社員.csv"},
		{of("failed", 1), "soon /imports/i 名簿の取り込み: 新入社員.csv"}, {of("failed", failedDays), ""}, {of("applied", 0), ""}, {of("withdrawn", 0), ""},
	} {
		if got := said(rosterTodos([]org.ImportView{c.i}, now)); got != c.want {
			t.Errorf("%s: %q, want %q", c.i.State, got, c.want)
		}
	}
	if got := rosterTodos([]org.ImportView{of("preview", 0), of("preview", 0), of("preview", 0), of("preview", 0), of("preview", 0), of("preview", 0)}, now); len(got) != homeImports {
		t.Errorf("%d of them", len(got))
	}
}
