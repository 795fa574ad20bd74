package identity

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/testkit/testdb"
)

// TestAUseIsStoppedAtOnce: somebody has the paper. Whoever watches ends the use before and after the second step, and the
// paper is worth nothing from then on.
func TestAUseIsStoppedAtOnce(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		first, second, third := h.hired("k1"), h.hired("k2"), h.hired("k3")
		env, id := h.envelopeOf("glass")
		h.want(h.StopSealed(ctx, first, id), "identity.sealed_idle")
		h.want(h.StopSealed(ctx, first, h.ids["midori/hr"]), "identity.no_account")
		p, err := h.first("midori", "glass", env.Password, Visit{})
		must(t, err)
		neighbour := h.admin["hikari"]
		h.want(h.StopSealed(ctx, neighbour, id), "identity.no_account")
		h.want(h.StopSealed(ctx, first, id), "")
		if _, err := h.SubmitCode(ctx, Visit{}, p.Token, env.Codes[0]); err == nil {
			t.Error("the code of a stopped use opens")
		}
		_, err = h.first("midori", "glass", env.Password, Visit{})
		h.want(err, "identity.wrong")
		h.want(h.ReviewSealed(ctx, first, id, "拾得された紙"), "")
		env, err = h.Seal(ctx, second, "glass", "金庫")
		must(t, err)
		in, _ := h.opened(env)
		h.want(h.StopSealed(ctx, third, id), "")
		_, err = h.Session(ctx, in.Token, false)
		h.want(err, "identity.session_ended")
		h.want(h.StopSealed(ctx, third, id), "identity.sealed_idle")
	})
}

// TestTheAssociationHearsOfACustomersEmergency: an administrator who is alone would alarm nobody else.
func TestTheAssociationHearsOfACustomersEmergency(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := sealHouse(t, e, quick())
		for code, change := range map[string]func(*TenantInfo){"midori": func(i *TenantInfo) { i.Probe = false }, "hikari": func(i *TenantInfo) { i.Association = true }} {
			info := h.tenants[code]
			change(&info)
			h.tenants[code] = info
		}
		for _, role := range []actor.Role{actor.ITSM, actor.Auditor} {
			h.account("hikari", NewAccount{LoginID: string(role), Name: "協会", Email: string(role) + "@hikari.example", Password: rightPW, Grants: []Grant{{Role: role}}})
		}
		env, _ := h.envelopeOf("glass")
		_, err := h.first("midori", "glass", env.Password, Visit{})
		must(t, err)
		for _, to := range []string{"tenantadmin@midori.example", "itsm@hikari.example", "auditor@hikari.example"} {
			eventually(t, to+" hears of it", func() bool {
				m, ok := h.box.Take(to, time.Time{})
				return ok && strings.Contains(m.Subject, "【緊急】") && strings.Contains(m.Text, "株式会社みどり製作所") && !eight.MatchString(m.Text)
			})
		}
		if _, ok := h.box.Take("tenantadmin@hikari.example", time.Time{}); ok {
			t.Error("those who do not watch are told")
		}
	})
}
