package scim

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestNoiseHidesNothingFromTheUndo: whoever holds a leaked token and buries what it did under thousands of renames, has
// it taken back all the same, and the neighbour's acts stay.
func TestNoiseHidesNothingFromTheUndo(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx, admin, tok := t.Context(), b.admin["midori"], b.token["midori"]
		hr := string(b.ids["midori/hr"])
		since := time.Now()
		b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+hr, plainLeave))
		newcomer := b.join("midori")
		rename := func(to string) {
			b.ok(http.StatusOK, b.call("midori", "PATCH", "/Users/"+newcomer, fmt.Sprintf(`{"schemas":[%q],"Operations":[{"op":"replace","path":"displayName","value":%q}]}`, schemaPatch, to)))
		}
		was := b.account("midori", newcomer).Name
		rename("はじめの名前")
		k, err := b.Keys.Tenant(ctx, admin.Tenant)
		must(t, err)
		const noise = actsMost + 500
		must(t, e.DB.Tx(ctx, admin.Tenant, func(tx *db.Tx) error { // as if the token had done it call by call
			for i := range noise {
				if err := noteIn(tx, k, tok.actor(Request{}), ids.Account(newcomer), renamed, fmt.Sprint("x", i), time.Now()); err != nil {
					return err
				}
			}
			return nil
		}))
		theirs := b.join("hikari")
		undone, left, err := b.Undo(ctx, admin, tok.ID, since)
		must(t, err)
		if undone != noise+3 || left != 0 {
			t.Errorf("%d taken back, %d left", undone, left)
		}
		if b.account("midori", hr).Disabled || !b.account("midori", newcomer).Disabled || b.account("midori", newcomer).Name != was {
			t.Errorf("hr stopped %v, newcomer stopped %v and called %q", b.account("midori", hr).Disabled, b.account("midori", newcomer).Disabled, b.account("midori", newcomer).Name)
		}
		if b.account("hikari", theirs).Disabled {
			t.Error("the neighbour's newcomer is stopped")
		}
		if undone, left, err := b.Undo(ctx, admin, tok.ID, since); err != nil || undone != 0 || left != 0 {
			t.Errorf("a second time: %d %d %v", undone, left, err)
		}
	})
}

// TestAddressesAreProposedOnceAnHour: a token that alternates addresses does not flood the owner; the same one again
// changes nothing, and an administrator may correct it at once.
func TestAddressesAreProposedOnceAnHour(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		hr := string(b.ids["midori/hr"])
		propose := func(to string) Response {
			return b.call("midori", "PATCH", "/Users/"+hr, fmt.Sprintf(`{"schemas":[%q],"Operations":[{"op":"replace","path":"emails","value":[{"value":%q}]}]}`, schemaPatch, to))
		}
		b.ok(http.StatusOK, propose("one@elsewhere.example"))
		b.ok(http.StatusOK, propose("one@elsewhere.example"))
		for range 3 {
			b.ok(http.StatusServiceUnavailable, propose("two@elsewhere.example"))
		}
		must(t, b.id.ProposeEmail(t.Context(), b.admin["midori"], ids.Account(hr), "three@midori.example", "打ち間違い"))
		all, err := b.id.Proposed(t.Context(), b.admin["midori"])
		must(t, err)
		if len(all) != 1 || all[ids.Account(hr)] != "three@midori.example" {
			t.Errorf("%v", all)
		}
		n := 0
		for range 6000 {
			if _, ok := b.box.Take("hr@midori.example", time.Time{}); ok {
				n++
			}
			time.Sleep(5 * time.Millisecond)
		}
		if n != 2 {
			t.Errorf("%d mails to the owner", n)
		}
	})
}
