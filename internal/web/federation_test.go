package web

import (
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
		Alone:  []sso.Alone{{Connection: sso.Connection{ID: "d", Settings: sso.Settings{Kind: sso.OIDC, Name: "会社", MFA: []string{"mfa"}}, Issuer: "idp3.example"}, Code: "hikari", Name: "ひかり商事"}},
		Links:  []linkLine{{sso.Link{ID: "l", CreatedAt: sampleNow, UsedAt: sampleNow}, "hr", "人事 花子", "本社のアカウント"}},
		Roles:  []choice{{"hr", "人事・健康管理担当者", true}},
		Tokens: []tokenLine{{scim.Token{ID: "t", Label: "人事システム", CreatedAt: sampleNow, ExpiresAt: sampleNow}, "admin", true}, {scim.Token{ID: "u", Label: "古いもの", CreatedAt: sampleNow}, "admin", false}},
		Groups: []groupLine{{scim.Group{ID: "g", Name: "健康管理室"}, []choice{{"", "役割なし", false}, {"nurse", "保健師・看護職", true}}, true}},
	}
}

func sampleConnection() *connectionView {
	return &connectionView{Page: Page{Title: "会社の認証との連携", Errors: []FieldError{{"issuer", "直してください。"}}}, ID: "a", Kind: sso.OIDC, Enabled: true, Own: "localhost", S: sso.Settings{Name: "本社のアカウント", LinkBy: sso.ByNumber}}
}
