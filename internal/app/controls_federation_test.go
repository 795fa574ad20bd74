package app

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/scim"
	"rakudos/internal/people/identity/sso"
)

// TestFederationIsProbed: the probe of providers and personnel systems holds on the running service, again and again,
// leaves nothing that opens anything behind, also when it was cut off at any moment, and finds each protection that is
// off by what its sentence promises and by nothing else.
func TestFederationIsProbed(t *testing.T) {
	r := started(t, filepath.Join(t.TempDir(), "data"))
	p := r.federationProbing()
	site, err := r.stage.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	left := func(when string) {
		t.Helper()
		for _, tenant := range r.probes.tenants {
			who := actor.System(tenant, "test")
			all, err := r.SSO.Connections(t.Context(), who)
			if err != nil || len(all) != 0 {
				t.Errorf("%s: connections are left: %+v %v", when, all, err)
			}
			tokens, err := r.SCIM.Tokens(t.Context(), who)
			if err != nil || slices.ContainsFunc(tokens, func(t scim.Token) bool { return t.Live(time.Now()) }) {
				t.Errorf("%s: tokens are left: %+v %v", when, tokens, err)
			}
		}
	}
	for range 2 {
		start := time.Now()
		ev, err := p.Look(t.Context(), site)
		if err != nil || !ev.OK || ev.Facts["tried"].(int) < 20 {
			t.Fatalf("%+v, %v", ev, err)
		}
		t.Log(time.Since(start), ev.Measured)
		left("after a look")
	}
	for _, most := range []time.Duration{time.Millisecond, 150 * time.Millisecond, 300 * time.Millisecond, 450 * time.Millisecond, 600 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), most)
		ev, err := p.Look(ctx, site)
		cancel()
		if err == nil != ev.OK {
			t.Errorf("cut off after %v: %+v, %v", most, ev, err)
		}
	}
	if ev, err := p.Look(t.Context(), site); err != nil || !ev.OK {
		t.Errorf("after runs that were cut off: %+v, %v", ev, err)
	}
	left("after runs that were cut off")

	for sabotage, says := range map[string]string{
		sso.SabotageRequest: "別の問いへの応答で入れる", scim.SabotageRevoked: "取り消したトークンが使える", identity.SabotageTied: "会社のアカウントだけにした役割に、パスワードで入れる",
	} {
		site, done, err := r.stage.Sandbox(t.Context(), sabotage)
		if err != nil {
			t.Fatal(err)
		}
		ev, err := p.Look(t.Context(), site)
		done()
		if err != nil || ev.OK || strings.Join(ev.Failed, " / ") != says {
			t.Errorf("%s: %+v, %v", sabotage, ev, err)
		}
	}
}
