package identity

import (
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// TestDutiesApartOnEveryPath: roles that are kept apart are given neither with an account nor later; what is refused
// leaves the account as it was; taking away is never refused, not even from who holds both from before.
func TestDutiesApartOnEveryPath(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, quick()), t.Context()
		both := []Grant{{Role: actor.Auditor}, {Role: actor.HR}, {Role: actor.Nurse}}
		before := h.account("midori", NewAccount{LoginID: "old", Name: "以前から", Email: "old@midori.example", Grants: both})
		h.apart = func(roles []actor.Role, _ actor.Personnel) error {
			if slices.Contains(roles, actor.Auditor) && slices.Contains(roles, actor.HR) {
				return fault.New(fault.Conflict, "access.duties")
			}
			return nil
		}
		held := func(id ids.Account) (out []actor.Role) {
			a, err := h.Account(ctx, h.admin["midori"], id)
			must(t, err)
			for _, g := range a.Grants {
				out = append(out, g.Role)
			}
			return out
		}
		_, err := h.CreateAccount(ctx, h.admin["midori"], NewAccount{LoginID: "new", Name: "新しい人", Email: "new@midori.example", Grants: both})
		h.want(err, "access.duties")
		id := h.ids["midori/hr"]
		h.want(h.SetGrants(ctx, h.admin["midori"], id, both, "兼務"), "access.duties")
		if got := held(id); !slices.Equal(got, []actor.Role{actor.HR}) {
			t.Errorf("a refused change left %v", got)
		}
		_, err = h.CreateAccount(ctx, h.admin["midori"], NewAccount{LoginID: "new", Name: "新しい人", Email: "new@midori.example", Grants: both[1:]})
		must(t, err) // the login ID was not used up
		must(t, h.RevokeGrant(ctx, h.admin["midori"], before.ID, Grant{Role: actor.Nurse}, "見直し"))
		must(t, h.RevokeGrant(ctx, h.admin["midori"], before.ID, Grant{Role: actor.HR}, "見直し"))
		if got := held(before.ID); !slices.Equal(got, []actor.Role{actor.Auditor}) {
			t.Errorf("%v", got)
		}
	})
}
