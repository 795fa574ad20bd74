package scim

import (
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/audit"
	"rakudos/internal/testkit/testdb"
)

// TestGroupsKeepDutiesApart: a group gives nobody a role that must not stand beside another one; everybody else of
// the group gets it, the call succeeds, and the log says whom it passed over.
func TestGroupsKeepDutiesApart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		newcomer, hr := b.join("midori"), string(b.ids["midori/hr"])
		g := b.group("midori", "auditors", newcomer, hr)
		must(t, b.MapGroup(t.Context(), b.admin["midori"], g, actor.Auditor, true))
		if a, h := b.roles("midori", newcomer), b.roles("midori", hr); a != "auditor" || h != "hr" {
			t.Errorf("the newcomer has %q, hr %q", a, h)
		}
		if got := b.roles("hikari", string(b.ids["hikari/hr"])); got != "hr" {
			t.Errorf("the neighbour has %q", got)
		}
		all, err := b.log.Find(t.Context(), actor.System(b.tenants["midori"].ID, "test"), audit.Filter{Limit: 100})
		must(t, err)
		n := 0
		for _, entry := range all {
			if entry.Verb == "scim.role_refused" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d refusals in the log", n)
		}
		// Two groups at once: the second role is refused beside the first, whichever comes first.
		second := b.group("midori", "personnel", newcomer)
		must(t, b.MapGroup(t.Context(), b.admin["midori"], second, actor.HR, true))
		if got := b.roles("midori", newcomer); !slices.Contains([]string{"auditor", "hr"}, got) {
			t.Errorf("both: %q", got)
		}
	})
}
