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

// TestProbesSeeMore: sabotages beyond each control's own mutant are seen too.
func TestProbesSeeMore(t *testing.T) {
	e := testdb.New(t, "sqlite")
	p := probing(t, e.DB.Engine())
	stage := p.Stage.(*testStage)
	for sabotage, l := range map[string]look{SabotageTries: p.twoSteps, SabotageWords: p.authn, SabotageHash: p.authn, SabotageReplay: p.passkeys, SabotageTOTP: p.passkeys} {
		t.Run(sabotage, func(t *testing.T) {
			got, err := p.run(t.Context(), stage.site(real().Sabotage(sabotage), ""), l)
			if err != nil || got.OK {
				t.Errorf("not seen: %+v, %v", got, err)
			}
		})
	}
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
