package identity

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func TestGrantsAreTakenAwayOneByOne(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, who := t.Context(), h.admin["midori"]
		id, neighbour := h.ids["midori/nurse"], h.ids["hikari/nurse"]
		roles := func(tenant string, id ids.Account) actor.Actor {
			a, err := h.Effective(ctx, h.tenants[tenant].ID, id)
			must(t, err)
			return a
		}
		must(t, h.SetGrants(ctx, who, id, []Grant{{Role: actor.Nurse}, {Role: actor.HR}}, "兼務"))
		session := h.in("midori", "nurse", Visit{})
		must(t, h.NarrowGrant(ctx, who, id, Grant{Role: actor.Nurse}, "site-1", "見直し"))
		must(t, h.NarrowGrant(ctx, who, id, Grant{Role: actor.Nurse}, "site-1", "もう一度"))
		if a := roles("midori", id); !slices.Equal(a.Places[actor.Nurse], []actor.Place{{Site: "site-1"}}) || a.Places[actor.HR] != nil || !a.Has(actor.Nurse) {
			t.Fatalf("%+v", a)
		}
		if _, err := h.Session(ctx, session.Token, true); err == nil {
			t.Error("a session lives on with the old roles")
		}
		must(t, h.RevokeGrant(ctx, who, id, Grant{Role: actor.Nurse, Site: "site-1"}, "見直し"))
		must(t, h.RevokeGrant(ctx, who, id, Grant{Role: actor.Nurse, Site: "site-1"}, "もう一度"))
		if a := roles("midori", id); a.Has(actor.Nurse) || !a.Has(actor.HR) {
			t.Fatalf("%+v", a)
		}
		if a := roles("hikari", neighbour); !a.Has(actor.Nurse) {
			t.Error("the neighbour's grant is gone")
		}
		h.want(h.RevokeGrant(ctx, h.admin["hikari"], id, Grant{Role: actor.HR}, "他社"), "identity.no_account")
		h.want(h.RevokeGrant(ctx, who, h.ids["midori/tenantadmin"], Grant{Role: actor.TenantAdmin}, "最後"), "identity.last_admin")
		h.want(h.RevokeGrant(ctx, who, id, Grant{Role: actor.HR}, " "), "identity.reason_missing")
		h.want(h.NarrowGrant(ctx, who, id, Grant{Role: actor.HR, Site: "s"}, "s2", "x"), "identity.grant_narrow")
		second := h.account("midori", NewAccount{LoginID: "second", Name: "二人目", Email: "s@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}})
		must(t, h.RevokeGrant(ctx, who, h.ids["midori/tenantadmin"], Grant{Role: actor.TenantAdmin}, "交代"))
		must(t, h.Disable(ctx, who, h.ids["midori/hr"], "退職"))
		if a := roles("midori", h.ids["midori/hr"]); len(a.Roles) != 0 {
			t.Errorf("a disabled account has %v", a.Roles)
		}
		h.want(h.RevokeGrant(ctx, who, second.ID, Grant{Role: actor.TenantAdmin}, "最後"), "identity.last_admin")
	})
}

// TestTakingAwayNeverWidens: of one role a right for one site limits that for every site; when it goes, the limit
// stays. The limits of another role are none of its business.
func TestTakingAwayNeverWidens(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, who, id := t.Context(), h.admin["midori"], h.ids["midori/nurse"]
		must(t, h.SetGrants(ctx, who, id, []Grant{{Role: actor.Nurse}, {Role: actor.Nurse, Site: "s1"}, {Role: actor.HR, Site: "s2"}, {Role: actor.Physician}}, "兼務"))
		must(t, h.RevokeGrant(ctx, who, id, Grant{Role: actor.HR, Site: "s2"}, "見直し"))
		must(t, h.RevokeGrant(ctx, who, id, Grant{Role: actor.Nurse, Site: "s1"}, "見直し"))
		a, err := h.Effective(ctx, h.tenants["midori"].ID, id)
		if err != nil || a.Has(actor.HR) || !slices.Equal(a.Places[actor.Nurse], []actor.Place{{Site: "s1"}}) || !a.Has(actor.Physician) || a.Places[actor.Physician] != nil {
			t.Errorf("%+v %v", a, err)
		}
	})
}

// TestTakingAwayNeverWidensAnySet: whatever grants are held and whatever is taken away of them, nobody reaches
// further with any role than before, and what is left untouched reaches as far as it did alone.
func TestTakingAwayNeverWidensAnySet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var held, next []Grant
		for range rapid.IntRange(1, 6).Draw(t, "grants") {
			g := Grant{rapid.SampledFrom([]actor.Role{actor.HR, actor.Nurse, actor.Manager}).Draw(t, "role"), rapid.SampledFrom([]ids.Site{"", "a", "b"}).Draw(t, "site"), rapid.SampledFrom([]ids.Dept{"", "x", "y"}).Draw(t, "dept")}
			if slices.Contains(held, g) {
				continue
			}
			held = append(held, g)
			if rapid.Bool().Draw(t, "stays") {
				next = append(next, g)
			}
		}
		_, before := scope(held)
		roles, after := scope(neverWider(held, next))
		for _, r := range roles {
			was, limited := before[r]
			now, still := after[r]
			for _, s := range []ids.Site{"a", "b", "c", ""} {
				for _, d := range []ids.Dept{"x", "y", "z", ""} {
					if (actor.Reach{All: !still, Places: now}).At(s, d) && !(actor.Reach{All: !limited, Places: was}).At(s, d) {
						t.Fatalf("%v of %v: %s at %s/%s", next, held, r, s, d)
					}
				}
			}
		}
	})
}

var qTestDevice = db.Q("identity.test_device", `insert into identity_devices (tenant_id, device_id, account_id, token_hash, created_at, used_at, expires_at) values ($1, $2, $3, $4, $5, $5, $5)`)

func TestSharedAccountsOfATenant(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		used := func(code, role string, n int, at time.Time) {
			must(t, e.DB.Tx(t.Context(), h.tenants[code].ID, func(tx *db.Tx) error {
				for range n {
					id := ids.New[string]()
					if _, err := tx.Exec(qTestDevice, h.tenants[code].ID, id, h.ids[code+"/"+role], []byte(id), db.Micros(at)); err != nil {
						return err
					}
				}
				return nil
			}))
		}
		used("midori", "hr", sharedDevices, time.Now())
		used("midori", "nurse", sharedDevices-1, time.Now())
		used("midori", "tenantadmin", sharedDevices, time.Now().AddDate(0, 0, -8))
		used("hikari", "hr", sharedDevices+1, time.Now())
		got, err := h.SharedAccounts(t.Context(), h.tenants["midori"].ID)
		if err != nil || len(got) != 1 || got[h.ids["midori/hr"]] != sharedDevices {
			t.Errorf("%v %v", got, err)
		}
	})
}
