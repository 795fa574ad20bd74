package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// TestProofs runs every probe against a whole service and against one with its protection off.
func TestProofs(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for _, c := range Controls(probing(t, e.DB.Engine())) {
			t.Run(c.ID, func(t *testing.T) {
				controltest.Proves(t, c.ID, func(sabotaged bool) error {
					look := c.Probe
					if sabotaged {
						look = c.Mutant
					}
					got, err := look(context.Background())
					if err != nil {
						t.Fatalf("the probe could not look (sabotaged %v): %v", sabotaged, err)
					}
					t.Log(got.Measured, got.Facts, got.Failed)
					if !got.OK {
						return errors.New(failures(got.Failed))
					}
					return nil
				})
			})
		}
	})
}

// TestProbesSeeMore: sabotages beyond each control's own mutant are seen too, and by what the sentence promises and
// not by something else that they break.
func TestProbesSeeMore(t *testing.T) {
	for _, engine := range testdb.Engines {
		p := probing(t, engine)
		stage := p.Stage.(*testStage)
		for sabotage, c := range map[string]struct {
			look
			says string
		}{
			SabotageTries: {p.twoSteps, "回間違えたあとの正しいコードが通る"}, SabotageWords: {p.authn, "返事が異なる"}, SabotageHash: {p.authn, "決めた強さに満たない"},
			SabotageReplay: {p.passkeys, ""}, SabotageTOTP: {p.passkeys, "使用済みの認証アプリの数字がもう一度通る"}, SabotageWindow: {p.passkeys, "30秒を過ぎた認証アプリの数字が通る / まだ始まっていない30秒の認証アプリの数字が通る"},
			SabotageWait: {p.lockAtLimit, "5回目の失敗のすぐあとの入力が受け付けられる"}, SabotageShort: {p.lockAtLimit, "6回目の失敗のあとの待ち時間が2秒でなく1秒"},
			SabotageCharged: {p.lockAtLimit, "待ち時間のうちの6回のあと、正しいパスワードでサインインできない"}, SabotageLocked: {p.lockAtLimit, "ロック中の返事が違うパスワードと異なる (422 と 422)"},
			SabotageReason: {p.lockAtLimit, "理由のない解除のあと"}, SabotageResend: {p.twoSteps, "30秒たたないうちに再送できる"},
			SabotageResends: {p.twoSteps, "4回目の再送ができる"}, SabotageOlder: {p.twoSteps, "再送の前のコードが通る"}, SabotageContext: {p.passwordRules, "悪いパスワードが断られない"},
		} {
			t.Run(string(engine)+"/"+sabotage, func(t *testing.T) {
				got, err := p.run(t.Context(), stage.site(real().Sabotage(sabotage), ""), c.look)
				if err != nil || got.OK || !strings.Contains(failures(got.Failed), c.says) {
					t.Errorf("not seen: %+v, %v", got, err)
				}
			})
		}
	}
}

// TestWaitingIsForProbesOnly: what moves the waiting and names accounts does so in probe tenants alone.
func TestWaitingIsForProbesOnly(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		one := h.tenants["midori"]
		one.Probe = false
		h.tenants["midori"] = one
		if err := h.EndWait(t.Context(), "midori", "hr"); err == nil {
			t.Error("the waiting of a customer's account ends")
		}
		if id, err := h.AccountOf(t.Context(), "midori", "hr"); err == nil || id != "" {
			t.Errorf("a customer's account is named: %s", id)
		}
		one.Probe = true
		h.tenants["midori"] = one
		if id, err := h.AccountOf(t.Context(), "midori", "hr"); err != nil || id != h.ids["midori/hr"] {
			t.Errorf("%s, %v", id, err)
		}
		if _, err := h.AccountOf(t.Context(), "midori", "nobody"); err == nil {
			t.Error("nobody has an account")
		}
	})
}

// TestControlsAreWhole: a set of them is accepted, their words carry the policy's figures.
func TestControlsAreWhole(t *testing.T) {
	p := DefaultPolicy()
	all := Controls(Probing{Policy: p})
	var clauses []control.Clause
	for _, c := range all {
		for _, id := range c.Clauses {
			clauses = append(clauses, control.Clause{ID: id})
		}
	}
	if _, err := control.NewSet(clauses, all); err != nil {
		t.Fatal(err)
	}
	for id, figures := range map[string][]string{
		"AC-AUTHN": {"19MiB"}, "AC-PWPOL": {"10文字", "128文字", "32種"}, "AC-LOCK": {"11回", "5回目", "1秒〜8秒"},
		"AC-2STEP": {"8桁", "10分", "5回", "30秒", "3回"}, "AC-SESSION": {"3時間", "12時間"}, "AC-PASSKEY": {"30秒", "6桁", "10個"},
	} {
		for _, c := range all {
			for _, f := range figures {
				if c.ID == id && !strings.Contains(c.Says, f) {
					t.Errorf("%s does not say %s: %s", id, f, c.Says)
				}
			}
		}
	}
	p.SessionIdle *= 2
	if p.SaysSession() == DefaultPolicy().SaysSession() {
		t.Error("the sentence does not follow the policy")
	}
	if !strings.Contains(p.ReadsLock(), "11回目") {
		t.Error(p.ReadsLock())
	}
	for _, r := range CheckPassword(p, PasswordContext{}, "") {
		if p.RuleSentence(r.Rule) == "" {
			t.Errorf("%s has no sentence", r.Rule)
		}
	}
}

func TestProbesThatCannotLook(t *testing.T) {
	p := Probing{Stage: away{}, Policy: DefaultPolicy()}
	for _, c := range Controls(p) {
		if _, err := c.Probe(t.Context()); err == nil {
			t.Errorf("%s answers without having looked", c.ID)
		}
		if _, err := c.Mutant(t.Context()); err == nil {
			t.Errorf("the mutant of %s answers without having looked", c.ID)
		}
	}
	p.Inside = func(string) (Inside, bool) { return nil, false }
	if _, err := p.run(t.Context(), &probe.Site{}, p.authn); err == nil {
		t.Error("a site without a service is looked at")
	}
}

type away struct{}

func (away) Live(context.Context) (*probe.Site, error) { return nil, fmt.Errorf("not running") }
func (away) Sandbox(context.Context, string) (*probe.Site, func(), error) {
	return nil, nil, fmt.Errorf("no room")
}

func TestTimesApart(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		wrong, id, tenant time.Duration
		apart             bool
	}{{40 * ms, 42 * ms, 39 * ms, false}, {40 * ms, 79 * ms, 40 * ms, false}, {40 * ms, 2 * ms, 40 * ms, true}, {40 * ms, 40 * ms, 90 * ms, true}, {2 * ms, 40 * ms, 40 * ms, true}} {
		if _, _, apart := compare(map[string]time.Duration{wrongPassword: c.wrong, unknownID: c.id, unknownTenant: c.tenant}); (apart != "") != c.apart {
			t.Errorf("%+v: %q", c, apart)
		}
	}
}
