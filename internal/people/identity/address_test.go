package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/testkit/testdb"
)

func TestAddress(t *testing.T) {
	for _, s := range []string{"a@b.example", "tanaka.taro+rk@mail.midori.co.jp", "o'neil@x.example", "a@xn--eckwd4c7c.jp", "a@sealed.invalid"} {
		if err := address(s); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
	for s, want := range map[string]string{
		"": "identity.email_form", "a": "identity.email_form", "a@": "identity.email_form", "A <a@b.example>": "identity.email_form", "a b@c.example": "identity.email_form", `"a b"@c.example`: "identity.email_form",
		"a@b.example,c@d.example": "identity.email_form", strings.Repeat("a", 65) + "@b.example": "identity.email_form", "a..b@c.example": "identity.email_form",
		"a\u200b@b.example": "identity.email_form", "a@b\u202e.example": "identity.email_form", "a@b.example\n": "identity.email_form", "a\x00@b.example": "identity.email_form",
		"ａ@b.example": "identity.email_wide", "a＠b.example": "identity.email_wide", "a@みどり.jp": "identity.email_wide", "田中@b.example": "identity.email_wide",
		"a@localhost": "identity.email_domain", "a@[192.0.2.1]": "identity.email_domain", "a@192.0.2.1": "identity.email_domain", "a@[IPv6:2001:db8::1]": "identity.email_form", "a@-b.example": "identity.email_domain", "a@b_c.example": "identity.email_domain",
	} {
		if err := address(s); err == nil {
			t.Errorf("%q passes", s)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", s, err, want)
		}
	}
}

// TestBothAddressesAreTold: the new one hears that it is to get the codes, from when, and what to do; of whose account it
// says nothing. The present address is no new one.
func TestBothAddressesAreTold(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, ctx := newHouse(t, e, quick()), t.Context()
		admin, id := h.admin["midori"], h.ids["midori/hr"]
		in := h.in("midori", "hr", Visit{})
		h.want(h.AskEmail(ctx, Visit{}, in.Token, rightPW, "HR@midori.example"), "identity.email_same")
		h.want(h.ProposeEmail(ctx, admin, id, "hr@midori.example", "x"), "identity.email_same")
		if c, err := h.EmailChange(ctx, in.Session.Actor); err != nil || !c.Due.IsZero() {
			t.Errorf("it waits all the same: %+v %v", c, err)
		}
		for email, ask := range map[string]func(string) error{
			"own@midori.example":  func(s string) error { return h.AskEmail(ctx, Visit{}, in.Token, rightPW, s) },
			"scim@midori.example": func(s string) error { return h.ProposeEmail(ctx, admin, id, s, "x") },
		} {
			for _, bad := range []string{"a@localhost", "ａ@midori.example", "a@[192.0.2.1]", "a\u200b@midori.example"} {
				if ask(bad) == nil {
					t.Errorf("%q waits to become the address", bad)
				}
			}
			must(t, ask(email))
			eventually(t, "the new address is told", func() bool {
				m, ok := h.box.Take(email, time.Time{})
				return ok && strings.Contains(m.Text, "切り替わる時刻") && strings.Contains(m.Text, "お心当たりがない場合") && !eight.MatchString(m.Text) && !strings.Contains(m.Text, "hr")
			})
			eventually(t, "the present one is told", func() bool { _, ok := h.box.Take("hr@midori.example", time.Time{}); return ok })
		}
		_, err := h.CreateAccount(ctx, admin, NewAccount{LoginID: "abc", Name: "x", Email: "a@localhost"})
		h.want(err, "identity.email_domain")
	})
}

// TestANewMailboxThatIsNotThere: the present address is told in time, and nothing is held against it.
func TestANewMailboxThatIsNotThere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h, relay := mailHouse(t, e)
		relay.refuse["typo@midori.example"] = true
		in := h.in("midori", "hr", Visit{})
		must(t, h.AskEmail(t.Context(), Visit{}, in.Token, rightPW, "typo@midori.example"))
		eventually(t, "the present address hears of it", func() bool {
			m, ok := h.box.Take("hr@midori.example", time.Time{})
			return ok && strings.Contains(m.Text, "拒まれました")
		})
		if got := h.failing("midori", "hr"); got != "" {
			t.Errorf("the present address is said to fail: %s", got)
		}
		relay.mu.Lock()
		defer relay.mu.Unlock()
		if relay.back["typo@midori.example"] == "" {
			t.Error("the notice does not know its way back")
		}
	})
}

// TestNobodyFloodsAMailboxWithChanges: each request mails an address that may be a stranger's.
func TestNobodyFloodsAMailboxWithChanges(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		in := h.in("midori", "hr", Visit{})
		for i := range emailAsks {
			must(t, h.AskEmail(t.Context(), Visit{}, in.Token, rightPW, fmt.Sprintf("a%d@elsewhere.example", i)))
		}
		h.want(h.AskEmail(t.Context(), Visit{}, in.Token, rightPW, "victim@elsewhere.example"), "identity.email_daily")
		h.in("midori", "nurse", Visit{})
	})
}
