package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var (
	qSharedForge = db.Q("test.shared_forge", `update identity_shared_seen set devices = 1000 where tenant_id = $1`)
	qSharedAge   = db.Q("test.shared_age", `update identity_devices set used_at = 1 where tenant_id = $1`)
)

// TestSharedAccountsAreShownWithEvidence: five browsers within a week make the flag, with the networks; whoever looks
// into it gives a reason; one more browser, a forged row or another tenant's word don't hold it down.
func TestSharedAccountsAreShownWithEvidence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, quick()), t.Context()
		id := h.ids["midori/hr"]
		shared := func(code, role string) *Shared {
			t.Helper()
			a, err := h.Account(ctx, h.admin[code], h.ids[code+"/"+role])
			must(t, err)
			return a.Shared
		}
		from := func(n int) { h.in("midori", "hr", Visit{Addr: fmt.Sprintf("198.51.100.%d", n)}) }
		for i := range sharedDevices {
			if got := shared("midori", "hr"); got != nil {
				t.Fatalf("after %d browsers: %+v", i, got)
			}
			from(i)
		}
		h.in("midori", "nurse", Visit{})
		got := shared("midori", "hr")
		if got == nil || got.Devices != sharedDevices || got.Networks < 1 || !got.Seen.IsZero() {
			t.Fatalf("%+v", got)
		}
		if shared("midori", "nurse") != nil || shared("hikari", "hr") != nil {
			t.Error("others are flagged")
		}

		admin := h.keeper("k1")
		h.want(h.SeenShared(ctx, admin, id, " "), "identity.reason_missing")
		h.want(h.SeenShared(ctx, h.keeper(string(id)), id, "自分です"), "identity.shared_own")
		h.want(h.SeenShared(ctx, admin, h.ids["midori/nurse"], "念のため"), "identity.shared_none")
		h.want(h.SeenShared(ctx, h.admin["hikari"], id, "隣から"), "identity.no_account")
		h.want(h.SeenShared(ctx, actor.Actor{Kind: actor.Human, Tenant: admin.Tenant, Account: "x", Roles: []actor.Role{actor.HR}}, id, "権限なし"), "access.denied")
		must(t, h.SeenShared(ctx, admin, id, "在宅用と会社用の端末"))
		if got := shared("midori", "hr"); got.Seen.IsZero() || got.Reason != "在宅用と会社用の端末" {
			t.Errorf("%+v", got)
		}
		if !strings.Contains(h.verbs("midori"), "account.shared_seen") {
			t.Error(h.verbs("midori"))
		}
		from(99)
		if got := shared("midori", "hr"); !got.Seen.IsZero() || got.Devices != sharedDevices+1 {
			t.Errorf("one more browser: %+v", got)
		}
		must(t, e.DB.Tx(ctx, admin.Tenant, func(tx *db.Tx) error { _, err := tx.Exec(qSharedForge, admin.Tenant); return err }))
		if got := shared("midori", "hr"); !got.Seen.IsZero() {
			t.Errorf("a forged row holds it down: %+v", got)
		}
		must(t, h.SeenShared(ctx, admin, id, "確かめました"))
		k, err := h.keys.Tenant(ctx, admin.Tenant)
		must(t, err)
		must(t, e.DB.View(ctx, admin.Tenant, func(tx *db.Tx) error {
			late := map[ids.Account]*Shared{id: {Devices: 1}}
			if err := h.sharedEvidence(tx, k, admin.Tenant, id, time.Now().Add(sharedSeenFor+time.Hour), late[id]); err != nil || !late[id].Seen.IsZero() {
				t.Errorf("after a quarter: %+v %v", late[id], err)
			}
			return nil
		}))
		must(t, e.DB.Tx(ctx, admin.Tenant, func(tx *db.Tx) error { _, err := tx.Exec(qSharedAge, admin.Tenant); return err }))
		if got := shared("midori", "hr"); got != nil {
			t.Errorf("a week later: %+v", got)
		}
	})
}
