package identity

import (
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

// TestNothingUnseenIsKept: neither a name nor a reason holds what nobody sees, whichever way it comes in; a reason that
// was typed on two lines is one.
func TestNothingUnseenIsKept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := sealHouse(t, e, quick()), t.Context()
		admin, id := h.admin["midori"], h.ids["midori/hr"]
		names := map[string]func(string) error{
			"create": func(s string) error {
				_, err := h.CreateAccount(ctx, admin, NewAccount{LoginID: "abc", Name: s, Email: "a@b.example"})
				return err
			},
			"rename": func(s string) error { return h.Rename(ctx, admin, id, s, "x") },
			"seal":   func(s string) error { _, err := h.Seal(ctx, h.keeper("k1"), "Glass", s); return err },
		}
		reasons := map[string]func(string) error{
			"disable": func(s string) error { return h.Disable(ctx, admin, id, s) },
			"roles":   func(s string) error { return h.SetGrants(ctx, admin, id, nil, s) },
			"reset":   func(s string) error { _, err := h.ResetPassword(ctx, admin, id, s); return err },
			"unlock":  func(s string) error { _, err := h.UnlockAll(ctx, admin, s); return err },
			"end all": func(s string) error { return h.EndAllSessions(ctx, admin, s) },
		}
		for _, s := range []string{"a\x00b", "a\x1b[2Jb", "a\u0085b", "a\u202eb", "a\u200bb", "\u3000\u200b", "a\xffb"} {
			for what, of := range map[string]map[string]func(string) error{"identity.name_form": names, "identity.reason_missing": reasons} {
				for way, act := range of {
					if err := act(s); err == nil || fault.Of(err).Code != what || fault.Of(err).Args["hidden"] == "" {
						t.Errorf("%s %q: %v", way, s, err)
					}
				}
			}
		}
		for way, act := range names {
			if err := act("一\r\n二"); err == nil || fault.Of(err).Args["hidden"] != "改行" {
				t.Errorf("%s on two lines: %v", way, err)
			}
		}
		must(t, h.Rename(ctx, admin, id, "葛\U000E0100城 花子", "一\r\n二"))
		for _, entry := range h.entries("midori") {
			if entry.Verb == "account.renamed" && entry.Detail["reason"] != "一 二" {
				t.Errorf("the reason is %q", entry.Detail["reason"])
			}
		}
	})
}
