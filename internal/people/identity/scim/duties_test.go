package scim

import (
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
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

// TestGroupsKeepStressChecksApart: a group makes nobody a stress check's staff who has, or is presumed to have,
// personnel authority; and whoever is staff gets no role by a group that would presume it.
func TestGroupsKeepStressChecksApart(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx, admin := t.Context(), b.admin["midori"]
		newcomer, hr := b.join("midori"), string(b.ids["midori/hr"])
		g := b.group("midori", "stress", newcomer, hr)
		want := func(err error, code string) {
			t.Helper()
			if f := fault.Of(err); f == nil || f.Code != code {
				t.Errorf("%v, want %s", err, code)
			}
		}
		want(b.MapGroup(ctx, admin, g, actor.StressStaff, false), "scim.confirm") // it will see results
		must(t, b.MapGroup(ctx, admin, g, actor.StressStaff, true))
		if a, h := b.roles("midori", newcomer), b.roles("midori", hr); a != "stress-staff" || h != "hr" {
			t.Errorf("the newcomer has %q, hr %q", a, h)
		}
		second := b.group("midori", "personnel", newcomer)
		must(t, b.MapGroup(ctx, admin, second, actor.HR, true))
		if got := b.roles("midori", newcomer); got == "hr stress-staff" || got == "stress-staff hr" {
			t.Errorf("both: %q", got)
		}
		// Once it is stated that HR's clerk has no say, the group's next change gives the role.
		must(t, b.id.SetPersonnel(ctx, admin, b.ids["midori/hr"], actor.PersonnelNone, "事務担当"))
		must(t, b.MapGroup(ctx, admin, g, actor.StressStaff, true))
		if got := b.roles("midori", hr); got != "hr stress-staff" {
			t.Errorf("the clerk has %q", got)
		}
		want(b.id.SetPersonnel(ctx, admin, b.ids["midori/hr"], actor.PersonnelHeld, "昇進"), "access.personnel")
	})
}
