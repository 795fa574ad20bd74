package web

import (
	"testing"
	"time"

	"rakudos/internal/engine/audit"
	"rakudos/internal/health/checkup"
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
