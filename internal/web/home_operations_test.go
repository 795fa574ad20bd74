package web

import (
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/job"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/jobs"
)

// TestWorkThatStandsStillComesFirst: given up or far behind is late, busy is nothing.
func TestWorkThatStandsStillComesFirst(t *testing.T) {
	for _, c := range []struct {
		q    job.Stats
		want string
	}{
		{job.Stats{Running: 3, Ready: 100}, ""},
		{job.Stats{Ready: 1, Oldest: sampleNow.Add(-time.Minute)}, ""},
		{job.Stats{Ready: 1, Oldest: sampleNow.Add(-jobs.Stuck)}, "late /jobs 自動の処理が追いついていません"},
		{job.Stats{Dead: 2}, "late /jobs 自動の処理が止まっています"},
	} {
		if got := said(jobTodos(jobs.View{Stats: c.q}, sampleNow)); got != c.want {
			t.Errorf("%+v: %q, want %q", c.q, got, c.want)
		}
	}
}

// TestTheLedgerAsksWhoMayAct: a difference is everybody's who sees the ledger, a request somebody else's than the
// asker's, and an approved disposal waits for being done.
func TestTheLedgerAsksWhoMayAct(t *testing.T) {
	a := asset.Attention{
		Difference: asset.Difference{Orphans: []asset.Found{{ID: "store:x"}}, Vanished: []asset.Entry{{}}},
		Disposals:  []asset.Disposal{{AskedBy: "a", State: asset.Asked}, {AskedBy: "b", State: asset.Approved, DecidedAt: time.Now()}, {AskedBy: "b", State: asset.Approved}},
	}
	const differs = "late /assets 資源の台帳と、実際のものに食い違いがあります"
	const decide, carry = "soon /assets 資源の処分の申請が、承認を待っています", "soon /assets 承認された資源の処分を、行ってください"
	for _, c := range []struct {
		me      string
		manages bool
		want    string
	}{{"b", true, differs + "\n" + decide + "\n" + carry}, {"a", true, differs + "\n" + carry}, {"b", false, differs}} {
		if got := said(assetTodos(a, "", c.manages)); c.me == "" && got != c.want {
			t.Error(got)
		}
		if got := said(assetTodos(a, ids.Account(c.me), c.manages)); got != c.want {
			t.Errorf("%s: %q, want %q", c.me, got, c.want)
		}
	}
	if got := assetTodos(asset.Attention{}, "a", true); got != nil {
		t.Errorf("a ledger in order asks for %+v", got)
	}
}

// TestRecordsWhosePeriodIsOverAskOnce: until the customer has decided, urgently when that has taken too long.
func TestRecordsWhosePeriodIsOverAskOnce(t *testing.T) {
	open := retention.Candidate{State: retention.Open, Listed: sampleNow}
	decided := open
	decided.CustomerBy = "a"
	for _, c := range []struct {
		all  []retention.Candidate
		at   time.Time
		want string
	}{
		{nil, sampleNow, ""},
		{[]retention.Candidate{decided, {State: retention.Erased}, {State: retention.Declined}}, sampleNow, ""},
		{[]retention.Candidate{open, open, decided}, sampleNow, "soon /retention 保持期間の終わった記録の消去を、決めてください"},
		{[]retention.Candidate{open}, sampleNow.AddDate(1, 0, 0), "late /retention 保持期間の終わった記録の消去を、決めてください"},
	} {
		if got := said(candidateTodos(c.all, c.at)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestAHoldIsLookedAtAgain: a month before its day, urgently after it, never once it is released.
func TestAHoldIsLookedAtAgain(t *testing.T) {
	today := jst.Of(sampleNow)
	hold := func(days int) erasure.Hold { return erasure.Hold{ReviewBy: today.AddDays(days)} }
	over := hold(1)
	over.ReleasedAt = sampleNow
	unread := hold(90)
	unread.Unread = true
	for _, c := range []struct {
		all  []erasure.Hold
		want string
	}{
		{[]erasure.Hold{hold(holdDays + 1), over}, ""},
		{[]erasure.Hold{hold(holdDays), hold(90)}, "soon /holds 消去の保全を見直してください（1件）"},
		{[]erasure.Hold{hold(3), hold(-1), over}, "late /holds 消去の保全を見直してください（2件）"},
		{[]erasure.Hold{unread, hold(90)}, "late /holds 消去の保全を見直してください（1件）"},
	} {
		if got := said(holdTodos(c.all, today)); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
