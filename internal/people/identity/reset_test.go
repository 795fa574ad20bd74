package identity

import (
	"encoding/base32"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rakudos/internal/testkit/testdb"
)

const otherPW = "Wm4%tuy8-Qa"

func unspell(t testing.TB, s string) []byte {
	t.Helper()
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(s, " ", ""))
	must(t, err)
	return b
}

// resetCode waits for the mail that goes out behind the answer.
func (h *house) resetCode(to string) (code string) {
	eventually(h.t.(*testing.T), "the mail of a reset", func() bool {
		m, ok := h.box.Take(to, time.Time{})
		if ok && strings.Contains(m.Subject, "再設定の確認コード") {
			code = eight.FindString(m.Text)
		}
		return code != ""
	})
	return code
}

// TestPasswordSetAnewByMailAndApp: a mailed code alone, the app alone, or another's codes give nothing; both together
// set the password, end all sessions and leave a lock as it is. Unknown names get the same answer.
func TestPasswordSetAnewByMailAndApp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx := t.Context()
		v := Visit{Addr: "192.0.2.9"}
		in, _ := h.enrol("midori", "hr")
		for _, who := range [][2]string{{"midori", "nobody"}, {"nowhere", "hr"}, {"midori", "nurse"}} { // the nurse has no app
			token, err := h.BeginReset(ctx, v, who[0], who[1])
			must(t, err)
			h.want(h.FinishReset(ctx, v, token, "12345678", "123456", otherPW), "identity.reset_wrong")
		}
		token, err := h.BeginReset(ctx, v, "midori", "hr")
		must(t, err)
		code := h.resetCode("hr@midori.example")
		h.want(h.FinishReset(ctx, v, "another browser", code, h.fresh("midori", "hr"), otherPW), "identity.ceremony_over")
		h.want(h.FinishReset(ctx, v, token, code, "000000", otherPW), "identity.reset_wrong")
		h.want(h.FinishReset(ctx, v, token, "00000000", h.fresh("midori", "hr"), otherPW), "identity.reset_wrong")
		h.want(h.FinishReset(ctx, v, token, code, h.fresh("midori", "hr"), "short"), "identity.password_rules")
		must(t, h.FinishReset(ctx, v, token, code, h.fresh("midori", "hr"), otherPW))
		h.want(h.FinishReset(ctx, v, token, code, h.fresh("midori", "hr"), otherPW), "identity.ceremony_over")
		_, err = h.Session(ctx, in.Token, false)
		h.want(err, "identity.session_ended")
		_, err = h.first("midori", "hr", rightPW, Visit{})
		h.want(err, "identity.wrong")
		_, err = h.first("midori", "hr", otherPW, Visit{})
		must(t, err)
		h.in("hikari", "hr", Visit{Addr: "192.0.2.1"}) // the neighbour's password is as it was
	})
}

// TestResetsAreBounded: five tries, ten minutes, three mails an hour for a name, ten requests for a network.
func TestResetsAreBounded(t *testing.T) {
	h := newHouse(t, testdb.New(t, "sqlite"), quick())
	ctx, v := t.Context(), Visit{Addr: "192.0.2.9"}
	h.enrol("midori", "hr")
	token, err := h.BeginReset(ctx, v, "midori", "hr")
	must(t, err)
	for range 5 {
		h.want(h.FinishReset(ctx, v, token, "00000000", "000000", otherPW), "identity.reset_wrong")
	}
	h.want(h.FinishReset(ctx, v, token, h.resetCode("hr@midori.example"), h.fresh("midori", "hr"), otherPW), "identity.ceremony_over")
	for range 9 {
		_, err = h.BeginReset(ctx, v, "midori", "hr")
		must(t, err)
	}
	_, err = h.BeginReset(ctx, v, "midori", "hr")
	h.want(err, "identity.too_soon")
}

func TestCeremoniesEnd(t *testing.T) {
	c := ceremony{kind: askReset}
	synctest.Test(t, func(*testing.T) {
		if c.life() != ResetFor || (ceremony{kind: askSignIn}).life() != CeremonyFor {
			t.Error("lives")
		}
	})
	c.expires = 1000
	if _, err := c.open(nil, time.UnixMicro(1000)); err == nil {
		t.Error("an answer counts when its time is over")
	}
}
