package statement

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
)

func TestJudge(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := sample("AC-LOCK", "3-4b")
	bare := c
	bare.Mutant = nil
	pending := control.Control{ID: "NET-WAF", Pending: "まだありません。"}
	good := func(change func(*Observation)) *Observation {
		o := &Observation{Control: c.ID, ObservedAt: now.Add(-time.Minute), Result: Held, Mutant: Caught, MutantAt: now.Add(-time.Minute)}
		change(o)
		return o
	}
	same := func(*Observation) {}
	for name, x := range map[string]struct {
		c    control.Control
		o    *Observation
		want control.Status
		why  string
	}{
		"pending":              {pending, nil, control.Unknown, "まだありません"},
		"pending, old row":     {pending, good(same), control.Unknown, "まだありません"},
		"never looked":         {c, nil, control.Unknown, "まだ検査していません"},
		"held":                 {c, good(same), control.Pass, ""},
		"held, no mutant":      {bare, good(func(o *Observation) { o.Mutant = None }), control.Pass, ""},
		"broken":               {c, good(func(o *Observation) { o.Result = Broken }), control.Fail, "約束どおりでない"},
		"broken long ago":      {c, good(func(o *Observation) { o.Result, o.ObservedAt = Broken, now.Add(-48*time.Hour) }), control.Fail, ""},
		"broken, mutant too":   {c, good(func(o *Observation) { o.Result, o.Mutant = Broken, Missed }), control.Fail, ""},
		"could not look":       {c, good(func(o *Observation) { o.Result = Failed }), control.Unknown, "実行できません"},
		"could not look, why":  {c, good(func(o *Observation) { o.Result, o.Reason = Failed, "理由です。" }), control.Unknown, "理由です。"},
		"rubbish result":       {c, good(func(o *Observation) { o.Result = "fine" }), control.Unknown, "実行できません"},
		"mutant passes":        {c, good(func(o *Observation) { o.Mutant = Missed }), control.Unknown, "検査が失敗できることを確認できません"},
		"mutant not looked at": {c, good(func(o *Observation) { o.Mutant = Errors }), control.Unknown, "検査が失敗できることを確認できません"},
		"mutant never ran":     {c, good(func(o *Observation) { o.Mutant = None }), control.Unknown, "検査が失敗できることを確認できません"},
		"mutant old":           {c, good(func(o *Observation) { o.MutantAt = now.Add(-2 * time.Hour) }), control.Stale, "確認が古く"},
		"fresh to the end":     {c, good(func(o *Observation) { o.ObservedAt, o.MutantAt = now.Add(-time.Hour), now.Add(-time.Hour) }), control.Pass, ""},
		"stale":                {c, good(func(o *Observation) { o.ObservedAt = now.Add(-time.Hour - 1) }), control.Stale, "証拠が古く"},
		"from the future":      {c, good(func(o *Observation) { o.ObservedAt = now.Add(2 * time.Minute) }), control.Unknown, "時計"},
	} {
		got, why := Judge(x.c, x.o, now)
		if got != x.want || !strings.Contains(why, x.why) || (got == control.Pass) != (why == "") {
			t.Errorf("%s: %s %q, want %s %q", name, got, why, x.want, x.why)
		}
	}
}

func TestRollUp(t *testing.T) {
	p, u, f, s := control.Pass, control.Unknown, control.Fail, control.Stale
	for _, x := range []struct {
		own, others  []control.Status
		want         control.Status
		text, reason string
	}{
		{[]control.Status{p}, []control.Status{p, p}, p, "確認済", ""},
		{[]control.Status{p}, []control.Status{p, u, u}, u, "一部未確認（2件）", "ほかの3条のうち2条"},
		{[]control.Status{u}, []control.Status{p, p}, u, "未確認", ""},
		{[]control.Status{u}, []control.Status{p, s}, u, "未確認", "期限切れ1"},
		{[]control.Status{u}, []control.Status{f, u}, f, "不適合", "不適合1"},
		{[]control.Status{p}, []control.Status{control.Exception, p}, control.Exception, "例外", "例外1"},
		{nil, nil, u, "未確認", ""},
	} {
		got, text, reason := rollUp(x.own, x.others)
		if got != x.want || text != x.text || !strings.Contains(reason, x.reason) {
			t.Errorf("rollUp(%v, %v) = %s %q %q", x.own, x.others, got, text, reason)
		}
	}
}

func TestMutantRollUp(t *testing.T) {
	now := time.Now()
	a, b := sample("AC-LOCK", "3-4b"), sample("AC-2STEP", "3-5")
	svc := serviceOf(t, Config{}, []control.Control{a, b})
	ob := func(m MutantResult, at time.Time) *Observation {
		return &Observation{ObservedAt: at, Result: Held, Mutant: m, MutantAt: at}
	}
	look := func(n map[string]*Observation) Card {
		n["DOC-HISTORY"], n["AX-A11Y"] = ob(Caught, now), ob(Caught, now)
		for _, e := range svc.render(n, noIndex, now).Extensions {
			if e.ID == mutantControl {
				return e
			}
		}
		t.Fatal("no card")
		return Card{}
	}
	for _, x := range []struct {
		a, b *Observation
		want control.Status
	}{
		{ob(Caught, now), ob(Caught, now), control.Pass},
		{ob(Caught, now), nil, control.Unknown},
		{ob(Caught, now), &Observation{ObservedAt: now, Result: Failed, Mutant: Errors}, control.Pass},
		{ob(Caught, now), ob(Errors, now), control.Unknown},
		{ob(Caught, now), ob(Missed, now), control.Fail},
		{ob(Caught, now), ob(Caught, now.Add(-2*time.Hour)), control.Stale},
	} {
		got := look(map[string]*Observation{"AC-LOCK": x.a, "AC-2STEP": x.b})
		if got.Status != x.want || (got.Reason == "") != (x.want == control.Pass) || got.ObservedAt.IsZero() {
			t.Errorf("want %s, got %+v", x.want, got)
		}
		blind := x.b != nil && x.b.Result == Failed
		if strings.Contains(got.Measured, "ほかの1件は、いまの環境では検査そのものができず") != blind {
			t.Errorf("a probe that could not look (%v) is told as %q", blind, got.Measured)
		}
	}
}
