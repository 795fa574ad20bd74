package web

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/people/identity/scim"
	"rakudos/internal/people/identity/sso"
)

// sampleFederation has every part of the page filled.
func sampleFederation() *federationView {
	return &federationView{
		Page: Page{Title: "会社の認証・人事システムとの連携", Here: "/federation", Errors: []FieldError{{"label", "使い道を入力してください。"}}}, Base: "localhost/scim/v2", Secret: "rks_sample", Keeper: "admin",
		Connections: []connectionLine{
			{Connection: sso.Connection{ID: "a", Enabled: true, Settings: sso.Settings{Kind: sso.OIDC, Name: "本社のアカウント", MFA: []string{"mfa"}}, Issuer: "login.example"}, By: "admin"},
			{Connection: sso.Connection{ID: "b", Settings: sso.Settings{Kind: sso.SAML, Name: "工場のアカウント", MFA: []string{"mfa"}}, Issuer: "idp.example", Confirmed: true}, By: "admin", Second: "admin2"},
			{Connection: sso.Connection{ID: "c", Settings: sso.Settings{Kind: sso.SAML, Name: "自分の設定", MFA: []string{"mfa"}}, Issuer: "idp2.example"}, By: "admin", Mine: true}},
		Alone:   []sso.Alone{{Connection: sso.Connection{ID: "d", Settings: sso.Settings{Kind: sso.OIDC, Name: "会社", MFA: []string{"mfa"}}, Issuer: "idp3.example"}, Code: "hikari", Name: "ひかり商事"}},
		Links:   []linkLine{{sso.Link{ID: "l", CreatedAt: sampleNow, UsedAt: sampleNow}, "hr", "人事 花子", "本社のアカウント"}},
		Roles:   []choice{{"hr", "人事・健康管理担当者", true}},
		Tokens:  []tokenLine{{scim.Token{ID: "t", Label: "人事システム", CreatedAt: sampleNow, ExpiresAt: sampleNow}, "admin", true}, {scim.Token{ID: "u", Label: "古いもの", CreatedAt: sampleNow}, "admin", false}},
		Groups:  []groupLine{{scim.Group{ID: "g", Name: "健康管理室"}, []choice{{"", "役割なし", false}, {"nurse", "保健師・看護職", true}}, true, "hr、nurse"}},
		Waiting: []waitingLine{{scim.Waiting{Account: "x", Number: "M0001", Since: sampleNow}, "sato", "佐藤 一郎", "sato@midori.example", ""}, {scim.Waiting{Account: "y", Role: "nurse", Group: "健康管理室", Since: sampleNow}, "suzuki", "鈴木 花子", "suzuki@midori.example", "保健師・看護職"}},
	}
}

func sampleConnection() *connectionView {
	return &connectionView{Page: Page{Title: "会社の認証との連携", Errors: []FieldError{{"issuer", "直してください。"}}}, ID: "a", Kind: sso.OIDC, Enabled: true, Own: "localhost", S: sso.Settings{Name: "本社のアカウント", LinkBy: sso.ByNumber}}
}

func sampleToken() *tokenView {
	return &tokenView{Page: Page{Title: "トークンが行ったこと"}, Token: tokenLine{scim.Token{ID: "t", Label: "人事システム", UsedAt: sampleNow}, "admin", true}, Days: 7, Spans: []choice{{"1", "1日", false}, {"7", "7日", true}},
		Acts: []actLine{{scim.Act{ID: "a", DoneAt: sampleNow}, "sato", "佐藤 一郎", "利用者を登録"}, {scim.Act{ID: "b", DoneAt: sampleNow, UndoneAt: sampleNow}, "hr", "人事 花子", "利用者を停止"}}}
}

// TestActsInWords: each kind of act has words, and what was before stands in them.
func TestActsInWords(t *testing.T) {
	for what, want := range map[string]string{"created": "利用者を登録", "disabled": "利用者を停止", "enabled": "利用者を再開", "renamed": "名前を変更（前は「前」）", "email": "メールアドレスの変更を予定（前は 前）"} {
		if got := says(scim.Act{What: what, Before: "前"}); got != want {
			t.Errorf("%s: %q", what, got)
		}
	}
	for what, want := range map[string]string{"role-given": "役割「保健師・看護職」を与えた", "role-taken": "役割「保健師・看護職」を外した"} {
		if got := says(scim.Act{What: what, Before: "nurse"}); got != want {
			t.Errorf("%s: %q", what, got)
		}
	}
	for text, want := range map[string]int{"": 1, "7": 7, "8": 1, "-30": 1, "x": 1, "365": 365} {
		if got := span(text); got != want {
			t.Errorf("%q is %d days", text, got)
		}
	}
	login := map[ids.Account]string{}
	var all []ids.Account
	for i := range 25 {
		id := ids.Account(strconv.Itoa(i))
		all, login[id] = append(all, id), fmt.Sprintf("u%02d", i)
	}
	if got := members(append(all[:2:2], "erased"), login); got != "u00、u01" {
		t.Errorf("members %q", got)
	}
	if got := members(all, login); !strings.HasSuffix(got, "u19 ほか5人") {
		t.Errorf("many members %q", got)
	}
}
