package identity

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// admins makes a tenant's administrators, the one of the house included.
func (h *house) admins(code string, n int) []ids.Account {
	h.t.Helper()
	out := []ids.Account{h.ids[code+"/tenantadmin"]}
	for i := 1; i < n; i++ {
		out = append(out, h.account(code, NewAccount{LoginID: fmt.Sprintf("admin%d", i), Name: "管理", Email: fmt.Sprintf("admin%d@%s.example", i, code), Password: rightPW, Grants: []Grant{{Role: actor.TenantAdmin}}}).ID)
	}
	return out
}

// left counts the active administrators.
func (h *house) left(code string, role actor.Role) int {
	h.t.Helper()
	t := h.tenants[code].ID
	k, err := h.keys.Tenant(h.t.Context(), t)
	must(h.t, err)
	n := 0
	must(h.t, h.db.View(h.t.Context(), t, func(tx *db.Tx) error {
		all, err := h.holders(tx, k, t, role)
		n = len(all)
		return err
	}))
	return n
}

// TestTheLastAdministratorUnderARace: administrators who take each other away in the same instant, by every
// path there is, leave one behind, on both engines.
func TestTheLastAdministratorUnderARace(t *testing.T) {
	paths := map[string]func(*house, ids.Account) error{
		"disable": func(h *house, id ids.Account) error { return h.Disable(t.Context(), h.admin["midori"], id, "交代") },
		"roles": func(h *house, id ids.Account) error {
			return h.SetGrants(t.Context(), h.admin["midori"], id, []Grant{{Role: actor.HR}}, "交代")
		},
		"review": func(h *house, id ids.Account) error {
			return h.RevokeGrant(t.Context(), h.admin["midori"], id, Grant{Role: actor.TenantAdmin}, "見直し")
		},
	}
	names := []string{"disable", "roles", "review"}
	for _, engine := range testdb.Engines {
		for _, name := range append(names, "all together") {
			t.Run(string(engine)+"/"+name, func(t *testing.T) {
				h := newHouse(t, testdb.New(t, engine), quick())
				all := h.admins("midori", 3)
				var wg sync.WaitGroup
				errs := make([]error, len(all))
				start := make(chan struct{})
				for i, id := range all {
					act := paths[name]
					if act == nil {
						act = paths[names[i]]
					}
					wg.Go(func() {
						<-start
						for range 10 { // the engine may say "busy", which the web would too
							if errs[i] = act(h, id); !fault.Is(errs[i], fault.Busy) {
								return
							}
							time.Sleep(5 * time.Millisecond)
						}
					})
				}
				close(start)
				wg.Wait()
				refused := 0
				for _, err := range errs {
					if f := fault.Of(err); err != nil && f.Code == "identity.last_admin" {
						refused++
					} else if err != nil {
						t.Errorf("%v", err)
					}
				}
				if n := h.left("midori", actor.TenantAdmin); n != 1 || refused != 1 {
					t.Errorf("%d administrators are left, %d acts were refused", n, refused)
				}
				if n := h.left("hikari", actor.TenantAdmin); n != 1 {
					t.Errorf("the neighbour has %d", n)
				}
			})
		}
	}
}

// TestTheLastManagerOfTheAssociation: where IT service managers administer, one of them stays too.
func TestTheLastManagerOfTheAssociation(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, quick()), t.Context()
		who := h.admin["midori"] // of a probe tenant, where the association's roles may be given
		make1 := func(login string) ids.Account {
			return h.account("midori", NewAccount{LoginID: login, Name: "五郎", Email: login + "@midori.example", Password: rightPW, Grants: []Grant{{Role: actor.ITSM}, {Role: actor.Operator}}}).ID
		}
		first, second := make1("itsm1"), make1("itsm2")
		h.want(h.SetGrants(ctx, who, first, []Grant{{Role: actor.ITSM}}, "運用から外す"), "")
		h.want(h.Disable(ctx, who, first, "退職"), "")
		h.want(h.Disable(ctx, who, second, "退職"), "identity.last_admin")
		h.want(h.SetGrants(ctx, who, second, []Grant{{Role: actor.Operator}}, "異動"), "identity.last_admin")
		h.want(h.SetGrants(ctx, who, second, []Grant{{Role: actor.ITSM}}, "運用から外す"), "")
		if n := h.left("midori", actor.ITSM); n != 1 {
			t.Errorf("%d are left", n)
		}
	})
}
