package web

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/support"
)

// said joins urgency, path and text of the duties.
func said(all []todo) string {
	var out []string
	for _, x := range all {
		out = append(out, x.Class+" "+x.Path+" "+x.Text)
	}
	return strings.Join(out, "\n")
}

// TestARequestForSupportWaitsForSomebodyElse: whoever asked is told when it may be used, never asked to decide.
func TestARequestForSupportWaitsForSomebodyElse(t *testing.T) {
	all := []support.Access{
		{Asker: "a", TenantName: "みどり", Ticket: "T-1", State: support.Asked, AskedAt: sampleNow},
		{Asker: "b", TenantName: "ひかり", Ticket: "T-2", State: support.Approved, EndsAt: sampleNow.Add(time.Hour)},
		{Asker: "b", TenantName: "あさひ", Ticket: "T-3", State: support.Approved, EndsAt: sampleNow}, // over
	}
	if got := said(supportTodos(all, "b", true, sampleNow)); got != "soon /support みどりへのサポート入室の申込みが、承認を待っています\nsoon /support ひかりへのサポート入室が承認されています" {
		t.Error(got)
	}
	if got := supportTodos(all[:1], "c", false, sampleNow); got != nil {
		t.Errorf("who may not decide is asked to: %+v", got)
	}
	if got := supportTodos(all[:1], "a", true, sampleNow); got != nil {
		t.Errorf("the asker is asked to decide: %+v", got)
	}
}

// TestEnvelopesAskForTheirNextStep: use, review, new seal, drill, in this order; no envelope asks for nothing.
func TestEnvelopesAskForTheirNextStep(t *testing.T) {
	today := jst.Of(sampleNow)
	for _, c := range []struct {
		a    identity.SealedAccount
		want string
	}{
		{identity.SealedAccount{State: identity.Opened, DrilledAt: sampleNow}, "late /sealed 緊急用の利用者IDが使われています"},
		{identity.SealedAccount{State: identity.Spent, DrilledAt: sampleNow}, "soon /sealed 緊急用の利用者IDが使われました。確認を記録してください"},
		{identity.SealedAccount{State: identity.Spent, ReviewedAt: sampleNow, DrilledAt: sampleNow}, "soon /sealed 緊急用の利用者IDに、封をし直す必要があります"},
		{identity.SealedAccount{State: identity.Sealed}, " /sealed 緊急用の利用者IDの、今四半期の訓練がまだです"},
		{identity.SealedAccount{State: identity.Sealed, DrilledAt: sampleNow}, ""},
	} {
		if got := said(sealedTodos([]identity.SealedAccount{c.a}, today)); got != c.want {
			t.Errorf("%s: %q, want %q", c.a.State, got, c.want)
		}
	}
	if got := sealedTodos(nil, today); got != nil {
		t.Errorf("without an envelope: %+v", got)
	}
}

// TestALeavingCustomerAsksForTheNextStep of the desk and of the customer's administrator.
func TestALeavingCustomerAsksForTheNextStep(t *testing.T) {
	base := func(change func(*termination.Case)) *termination.Case {
		c := &termination.Case{ID: "c", Name: "みどり", EraseNotBefore: jst.Of(sampleNow).AddDays(10), EraseBy: jst.Of(sampleNow).AddDays(40), Requested: termination.By{At: sampleNow.Add(-termination.Cooling)}}
		change(c)
		return c
	}
	for name, c := range map[string]struct {
		c          *termination.Case
		desk, mine string
	}{
		"asked":  {base(func(*termination.Case) {}), "確認の電話", "受け取りを記録"},
		"called": {base(func(c *termination.Case) { c.CallBack, c.Receipt = &termination.CallBack{}, &termination.Receipt{} }), "消去の確認を待って", "消去の確認を待って"},
		"too early": {base(func(c *termination.Case) {
			c.CallBack, c.Receipt, c.Requested.At = &termination.CallBack{}, &termination.Receipt{}, sampleNow
		}), "", ""},
		"failed":    {base(func(c *termination.Case) { c.Started, c.Fault = sampleNow, "erasure.copy" }), "消去が失敗", ""},
		"late":      {base(func(c *termination.Case) { c.EraseBy = jst.Of(sampleNow).AddDays(-1) }), "期限を過ぎて", "受け取りを記録"},
		"cancelled": {base(func(c *termination.Case) { c.Cancelled = &termination.By{} }), "", ""},
	} {
		for who, x := range map[string]struct{ got, want string }{"desk": {said(deskTodos(c.c, sampleNow)), c.desk}, "customer": {said(leavingTodos(c.c, sampleNow)), c.mine}} {
			if (x.want == "") != (x.got == "") || !strings.Contains(x.got, x.want) {
				t.Errorf("%s, %s: %q, want %q", name, who, x.got, x.want)
			}
		}
	}
	if leavingTodos(nil, sampleNow) != nil {
		t.Error("a customer who stays has something to do about leaving")
	}
}

// TestAHandOverFileIsAnnouncedUntilItIsFetched or has expired.
func TestAHandOverFileIsAnnouncedUntilItIsFetched(t *testing.T) {
	f := handover.File{State: handover.Ready, Expires: sampleNow.Add(time.Hour)}
	if got := fileTodos([]handover.File{f}, sampleNow); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	taken, old, making := f, f, f
	taken.Taken, old.Expires, making.State = 1, sampleNow, handover.Making
	if got := fileTodos([]handover.File{taken, old, making}, sampleNow); got != nil {
		t.Errorf("%+v", got)
	}
}

// TestWhatIsLateStandsFirst and what is equally urgent keeps its place.
func TestWhatIsLateStandsFirst(t *testing.T) {
	all := []todo{{Text: "d"}, {Text: "b", Class: "soon"}, {Text: "a", Class: "late"}, {Text: "c", Class: "soon"}}
	byUrgency(all)
	if got := said(all); got != "late  a\nsoon  b\nsoon  c\n  d" {
		t.Error(got)
	}
}
