package identity

import (
	"strings"
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestOwnersAreToldOfFactors: whoever gets hold of an open session and adds or takes away a factor cannot do so
// unseen: the owner is mailed each time, with the address it came from, and the mail holds no secret.
func TestOwnersAreToldOfFactors(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e, quick())
		ctx, v, to := t.Context(), Visit{Addr: "192.0.2.1"}, "hr@hikari.example"
		check := func(subject string) {
			t.Helper()
			if text := h.told(t, to, subject); !strings.Contains(text, v.Addr) || !strings.Contains(text, "お心当たりがない場合") {
				t.Error(text)
			}
		}
		in, codes := h.enrol("hikari", "hr")
		if text := h.told(t, to, "回復用コードが作り直されました"); strings.Contains(text, codes[0]) {
			t.Error("a recovery code was mailed")
		}
		must(t, h.RemoveTOTP(ctx, v, in.Token))
		check("認証アプリの登録が外されました")
		h.passkey(in.Token)
		check("パスキーが登録されました")
		f, err := h.Factors(ctx, in.Token)
		must(t, err)
		must(t, h.RemovePasskey(ctx, v, in.Token, f.Passkeys[0].ID))
		check("パスキーの登録が外されました")
		eventually(t, "five events", func() bool { return strings.Count(h.verbs("hikari"), "factor_notice") == 5 })
		if strings.Contains(h.verbs("midori"), "factor_notice") {
			t.Error("the neighbour was told")
		}
	})
}
