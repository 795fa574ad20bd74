package accessreview

import (
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
)

// TestSilenceKeepsTheEnvelope: a review takes an emergency account neither by silence nor by a verdict. The unanswered
// line goes on to the second signers, and the quarter is not complete until somebody has answered.
func TestSilenceKeepsTheEnvelope(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		_, err := h.ids.Seal(ctx, h.as("midori/tenantadmin"), "glass", "金庫")
		h.must(err)
		all, err := h.ids.SealedAccounts(ctx, h.as("midori/tenantadmin"))
		h.must(err)
		h.acc["midori/glass"] = identity.Account{ID: all[0].ID, Tenant: h.of["midori"].ID}
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		l := h.line(h.sheet("midori/tenantadmin", "", q.Key()), "midori/glass")
		by := "midori/tenantadmin"
		if l.Reviewer == h.acc["midori/tenantadmin2"].ID {
			by = "midori/tenantadmin2"
		}
		h.want(h.Decide(ctx, h.as(by), "", q.Key(), []Verdict{{No: l.No, Decision: Revoke, Reason: "不要"}}), "review.sealed")
		for _, who := range []string{"midori/tenantadmin", "midori/tenantadmin2"} { // all but the envelope's line
			s := h.sheet(who, "", q.Key())
			h.must(h.Begin(ctx, h.as(who), s))
			for _, x := range s.Lines {
				if x.Reviewer == h.acc[who].ID && x.Subject != l.Subject {
					h.must(h.Decide(ctx, h.as(who), "", q.Key(), []Verdict{{No: x.No, Decision: Keep, Reason: "業務に必要"}}))
				}
			}
		}
		h.until(q.Ends())
		l = h.line(h.sheet("midori/tenantadmin", "", q.Key()), "midori/glass")
		if l.Decision != Escalated || l.ReviewerOf != h.of["kyokai"].ID {
			h.t.Fatalf("%+v", l)
		}
		if a := h.as("midori/glass"); !a.Has(actor.Emergency) {
			h.t.Error("nobody answered, and the envelope has lost its role")
		}
		all, err = h.ids.SealedAccounts(ctx, h.as("midori/tenantadmin"))
		h.must(err)
		if all[0].Shut != "" {
			h.t.Errorf("it is %q", all[0].Shut)
		}
		h.must(h.Decide(ctx, h.as("kyokai/itsm"), "midori", q.Key(), []Verdict{{No: l.No, Decision: Keep, Reason: "保管を確かめた"}}))
		if l := h.line(h.sheet("midori/tenantadmin", "", q.Key()), "midori/glass"); l.Decision != Keep {
			h.t.Errorf("%+v", l)
		}
	})
}

// TestCreaturesReviewNobodyAbove: an administrator's second account is never asked about him, and refused when it
// answers; from the close on, what an independent reviewer has kept makes it a person of its own.
func TestCreaturesReviewNobodyAbove(t *testing.T) {
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		maker := h.as("hikari/tenantadmin")
		a, err := h.ids.CreateAccount(ctx, maker, identity.NewAccount{LoginID: "sock", Name: "二つ目", Email: "sock@hikari.example", Password: "Kx7#mq2v-Z", Grants: []identity.Grant{{Role: actor.TenantAdmin}}})
		h.must(err)
		h.acc["hikari/sock"] = a
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		s := h.sheet("hikari/tenantadmin", "", q.Key())
		own, sock := h.line(s, "hikari/tenantadmin"), h.line(s, "hikari/sock")
		if own.ReviewerOf != h.of["kyokai"].ID || sock.Reviewer != maker.Account {
			h.t.Fatalf("the maker is reviewed by %s, the creature by %s", own.Reviewer, sock.Reviewer)
		}
		beside := func() error {
			return h.ids.Second(ctx, actor.Beside{Rule: "sso.confirm", By: h.as("hikari/sock"), Other: maker.Account})
		}
		h.want(beside(), "identity.second_behind")
		k, err := h.keys.Tenant(ctx, h.of["hikari"].ID) // assigned before the account was known to be his
		h.must(err)
		h.must(h.DB.Tx(ctx, h.of["hikari"].ID, func(tx *db.Tx) error {
			_, err := h.assign(tx, k, h.of["hikari"].ID, &own, Reviewer{a.ID, h.of["hikari"].ID})
			return err
		}))
		h.want(h.Decide(ctx, h.as("hikari/sock"), "", q.Key(), []Verdict{{No: own.No, Decision: Keep, Reason: "必要"}}), "identity.second_behind")
	})
	quarters(t, func(h *house) {
		ctx := h.t.Context()
		a, err := h.ids.CreateAccount(ctx, h.as("midori/tenantadmin"), identity.NewAccount{LoginID: "sock", Name: "二つ目", Email: "sock@midori.example", Password: "Kx7#mq2v-Z", Grants: []identity.Grant{{Role: actor.TenantAdmin}}})
		h.must(err)
		h.acc["midori/sock"] = a
		h.must(h.Tick(ctx))
		q := QuarterOf(time.Now())
		beside := func() error {
			return h.ids.Second(ctx, actor.Beside{Rule: "sso.confirm", By: h.as("midori/sock"), Other: h.acc["midori/tenantadmin"].ID})
		}
		by := h.line(h.sheet("midori/tenantadmin2", "", q.Key()), "midori/sock").Reviewer
		for _, who := range []string{"midori/tenantadmin", "midori/tenantadmin2"} {
			h.answer(who, "", q.Key())
		}
		h.want(beside(), "identity.second_behind") // kept, not closed
		h.until(q.Ends())
		err = beside()
		if independent := by == h.acc["midori/tenantadmin2"].ID; independent && err != nil || !independent && err == nil {
			h.t.Errorf("kept by an independent reviewer (%v): %v", independent, err)
		} else if !independent {
			h.must(h.ids.VouchKept(ctx, h.as("midori/tenantadmin2"), h.of["midori"].ID, a.ID, identity.Grant{Role: actor.TenantAdmin}, "見直し"))
			h.must(beside())
		}
	})
}
