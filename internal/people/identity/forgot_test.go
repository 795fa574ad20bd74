package identity

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// TestForgottenPassword: asking changes nothing; the administrators are told, and one of them decides.
func TestForgottenPassword(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v := t.Context(), Visit{Addr: "192.0.2.77"}
		must(t, h.AskReset(ctx, v, "hikari", "nobody"))
		must(t, h.AskReset(ctx, v, "nowhere", "hr"))
		must(t, h.AskReset(ctx, v, " Hikari", "HR"))
		for _, to := range []string{"hr@hikari.example", "tenantadmin@hikari.example"} {
			eventually(t, to+" is told", func() bool {
				m, ok := h.box.Take(to, time.Time{})
				return ok && strings.Contains(m.Subject, "再設定") && !eight.MatchString(m.Text)
			})
		}
		asked := func(code string) (out []ids.Account) {
			all, err := h.Accounts(ctx, h.admin[code])
			must(t, err)
			for _, a := range all {
				if !a.ResetAskedAt.IsZero() {
					out = append(out, a.ID)
				}
			}
			return out
		}
		if got := asked("hikari"); len(got) != 1 || got[0] != h.ids["hikari/hr"] || len(asked("midori")) != 0 {
			t.Errorf("%v", got)
		}
		h.in("hikari", "hr", Visit{}) // the present password still works
		must(t, h.AskReset(ctx, v, "hikari", "hr"))
		h.notices.Wait() // it is looked at behind the answer
		if _, err := h.ResetPassword(ctx, h.admin["hikari"], h.ids["hikari/hr"], "電話で本人を確認"); err != nil || len(asked("hikari")) != 0 {
			t.Errorf("%v, still asked: %v", err, asked("hikari"))
		}
		for range asksPerHour - 4 {
			must(t, h.AskReset(ctx, v, "hikari", "nobody"))
		}
		h.want(h.AskReset(ctx, v, "hikari", "nobody"), "identity.too_soon")
		must(t, h.AskReset(ctx, Visit{Addr: "192.0.2.78"}, "hikari", "nobody"))
	})
}
