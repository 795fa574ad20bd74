package accessreview

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/identity"
)

// TestTwoQuarters lives through the end of fiscal 1999 and the first quarter of 2000: opened by itself,
// decided, carried out, closed in time, and again.
func TestTwoQuarters(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		if q.Key() != "1999-Q4" {
			h.t.Fatal(q)
		}
		s := h.sheet("midori/tenantadmin", "", q.Key())
		if len(s.Lines) != 4 || !s.Intact || s.State != Running || s.OpenedIndex < 0 {
			h.t.Fatalf("%+v", s)
		}
		if k := h.sheet("kyokai/itsm", "", q.Key()); len(k.Lines) != 5 {
			h.t.Fatalf("the association has %d lines", len(k.Lines))
		}
		// Nobody's own line; the two administrators look at each other.
		for _, l := range s.Lines {
			if string(l.Reviewer) == l.Subject || l.Reviewer == "" {
				h.t.Fatalf("line %d of %s is reviewed by %q", l.No, l.Login, l.Reviewer)
			}
		}
		nurse := h.line(s, "midori/nurse")
		hr := h.line(s, "midori/hr")
		by := map[string]string{string(h.acc["midori/tenantadmin"].ID): "midori/tenantadmin", string(h.acc["midori/tenantadmin2"].ID): "midori/tenantadmin2"}
		who := by[string(nurse.Reviewer)]
		h.must(h.Begin(ctx, h.as(who), h.sheet(who, "", q.Key())))
		time.Sleep(42 * time.Second)
		h.want(h.Decide(ctx, h.as(who), "", q.Key(), []Verdict{{No: nurse.No, Decision: Revoke}}), "review.reason")
		h.must(h.Decide(ctx, h.as(who), "", q.Key(), []Verdict{{No: nurse.No, Decision: Revoke, Reason: "異動した"}}))
		got := h.line(h.sheet(who, "", q.Key()), "midori/nurse")
		if got.Took != 42*time.Second || got.ReadBack != "denied" || got.Reason != "異動した" || got.DecidedBy != nurse.Reviewer {
			h.t.Fatalf("%+v", got)
		}
		if a := h.as("midori/nurse"); a.Has(actor.Nurse) {
			h.t.Fatal("the revoked role is still there")
		}
		for _, w := range []string{"midori/tenantadmin", "midori/tenantadmin2"} {
			h.answer(w, "", q.Key())
		}
		if n := h.answer("kyokai/itsm", "hikari", q.Key()); n != 1 { // the only administrator there
			h.t.Fatalf("the second signer has %d lines", n)
		}
		h.answer("hikari/tenantadmin", "", q.Key())
		h.answer("kyokai/itsm", "", q.Key())
		h.answer("kyokai/operator", "", q.Key())
		h.until(q.Closes())
		closed := h.sheet("midori/tenantadmin", "", q.Key())
		r := closed.Campaign.Report
		if closed.State != Closed || r == nil || r.Percent != 100 || r.Revoked != 1 || r.Denied != 1 || !r.Complete() || r.Late || r.Suspended != 0 || closed.ClosedIndex < 0 {
			h.t.Fatalf("%+v %+v", closed.Campaign, r)
		}
		if !closed.ClosedAt.Before(q.Ends()) {
			h.t.Fatalf("closed at %v", closed.ClosedAt)
		}
		for _, code := range []string{"midori", "hikari", "kyokai"} {
			if st := h.standing(code); len(st.Problems) != 0 || st.Done != q.Key() {
				h.t.Fatalf("%+v", st)
			}
		}
		h.want(h.Decide(ctx, h.as(by[string(hr.Reviewer)]), "", q.Key(), []Verdict{{No: hr.No, Decision: Keep, Reason: "x"}}), "review.closed")
		// The next quarter opens by itself; what came since the last campaign is marked.
		h.must(h.ids.SetGrants(ctx, actor.System(h.of["midori"].ID, "test"), h.acc["midori/hr"].ID, []identity.Grant{{Role: actor.HR}, {Role: actor.Nurse}}, "兼務"))
		h.until(q.Ends().Add(time.Minute))
		next := h.sheet("midori/tenantadmin", "", "2000-Q1")
		creep := 0
		for _, l := range next.Lines {
			for _, m := range l.Marks {
				if m.Flag == Creep {
					creep++
					if l.Role != "nurse" || l.Login != "hr" {
						h.t.Errorf("%s/%s is marked as new", l.Login, l.Role)
					}
				}
			}
		}
		if creep != 1 || len(next.Lines) != 4 || next.State != Running {
			h.t.Fatalf("%d new of %d lines", creep, len(next.Lines))
		}
	})
}

// TestSilenceSuspends: nobody answers. Everything is suspended at the close, except the last administrator,
// and the report says so.
func TestSilenceSuspends(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		h.until(q.Closes())
		for who, role := range map[string]actor.Role{"midori/hr": actor.HR, "midori/nurse": actor.Nurse, "hikari/hr": actor.HR, "kyokai/auditor": actor.Auditor} {
			if h.as(who).Has(role) {
				h.t.Errorf("%s still has its role", who)
			}
		}
		// Of midori's two administrators one goes, the other is the last; hikari's only one stays.
		left := 0
		for _, who := range []string{"midori/tenantadmin", "midori/tenantadmin2", "hikari/tenantadmin"} {
			if h.as(who).Has(actor.TenantAdmin) {
				left++
			}
		}
		if left != 2 || !h.as("kyokai/itsm").Has(actor.ITSM) {
			h.t.Fatalf("%d administrators are left", left)
		}
		rows, err := h.campaigns(ctx, h.of["hikari"].ID, "quarter")
		h.must(err)
		r := rows[0].Report
		if rows[0].State != Closed || r.Suspended != 1 || r.Escalated != 1 || r.Reviewed != 0 || r.Complete() {
			h.t.Fatalf("%+v", r)
		}
		if st := h.standing("hikari"); len(st.Problems) == 0 || st.Done != "" {
			h.t.Fatalf("%+v", st)
		}
		if h.box.to("itsm@kyokai.example", "管理者の権限の判断") != 2 || h.box.to("tenantadmin@hikari.example", "停止しました") != 1 {
			h.t.Errorf("mails: %+v", h.box.mail)
		}
		// The association decides about the last administrator after the close; the sealed report stays.
		duties, err := h.Mine(ctx, h.as("kyokai/itsm"))
		h.must(err)
		if len(duties) != 2 {
			h.t.Fatalf("%+v", duties)
		}
		s := h.sheet("kyokai/itsm", "hikari", q.Key())
		h.want(h.Decide(ctx, h.as("kyokai/itsm"), "hikari", q.Key(), []Verdict{{No: s.Lines[0].No, Decision: Revoke, Reason: "退職"}}), "review.last_admin")
		h.must(h.Decide(ctx, h.as("kyokai/itsm"), "hikari", q.Key(), []Verdict{{No: s.Lines[0].No, Decision: Keep, Reason: "本人に確認した"}}))
		after := h.sheet("kyokai/itsm", "hikari", q.Key())
		if after.Lines[0].Decision != Keep || after.Campaign.Report.Escalated != 1 {
			h.t.Fatalf("%+v", after.Campaign.Report)
		}
		if n := h.log.count(h.of["hikari"].ID, "review.closed"); n != 1 {
			h.t.Errorf("closed %d times", n)
		}
	})
}

func TestRemindersAreSentOnceAndAgainWhenTheMailIsBack(t *testing.T) {
	quarters(t, func(h *house) {
		h.must(h.Tick(h.t.Context()))
		q := QuarterOf(time.Now())
		to := "tenantadmin@hikari.example"
		if h.box.to(to, "始まりました") != 1 {
			h.t.Fatalf("%+v", h.box.mail)
		}
		h.box.broken = true
		h.until(q.ahead(14).Add(7 * time.Hour))
		h.box.broken = false
		h.until(q.ahead(13))
		if n := h.box.to(to, "残り"); n != 1 {
			h.t.Fatalf("%d reminders after D-14", n)
		}
		h.until(q.ahead(6))
		h.until(q.ahead(3).Add(time.Hour))
		if h.box.to(to, "残り") != 2 || h.box.to(to, "近づいて") != 1 || h.box.to("itsm@kyokai.example", "近づいて") < 2 {
			h.t.Fatalf("%+v", h.box.mail)
		}
		h.until(q.ahead(1).Add(time.Hour))
		if n := h.box.to(to, "残り"); n != 3 {
			h.t.Fatalf("%d reminders after D-1", n)
		}
		for _, m := range h.box.mail {
			if !strings.HasPrefix(m.Return, "bounces+") || strings.Count(m.Return, "@") != 1 {
				h.t.Errorf("%s would come back to %q: nobody would know of it (ADR 31)", m.Subject, m.Return)
			}
			if strings.Contains(m.Text, "担当") && !strings.Contains(m.Text, "担当者") || strings.Contains(m.Text, "hr") && !strings.Contains(m.Text, "https") {
				h.t.Errorf("a mail names somebody: %s", m.Text)
			}
		}
		// Who has answered is not reminded.
		h.answer("hikari/tenantadmin", "", q.Key())
	})
}

func TestReportFilesAreGuardedAndNameNobody(t *testing.T) {
	quarters(t, func(h *house) {
		h.must(h.Tick(h.t.Context()))
		q := QuarterOf(time.Now())
		s := h.sheet("midori/tenantadmin", "", q.Key())
		l := h.line(s, "midori/hr")
		who := "midori/tenantadmin"
		if l.Reviewer != h.acc[who].ID {
			who = "midori/tenantadmin2"
		}
		h.must(h.Decide(h.t.Context(), h.as(who), "", q.Key(), []Verdict{{No: l.No, Decision: Keep, Reason: `=HYPERLINK("https://evil.example")`}}))
		var csv, js bytes.Buffer
		s = h.sheet(who, "", q.Key())
		h.must(s.WriteCSV(&csv, nil))
		if !strings.Contains(csv.String(), "人事権：未確認") || !strings.Contains(csv.String(), `'=HYPERLINK`) || !strings.Contains(csv.String(), "続ける") {
			h.t.Errorf("%s", csv.String())
		}
		h.must(s.WriteJSON(&js))
		var out sealed
		if err := json.Unmarshal(js.Bytes(), &out); err != nil || len(out.Lines) != 4 || !out.Intact || strings.Contains(js.String(), "担当") || strings.Contains(js.String(), "HYPERLINK") {
			h.t.Errorf("%v %s", err, js.String())
		}
	})
}
