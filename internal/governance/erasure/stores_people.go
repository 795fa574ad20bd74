package erasure

// account leads from an account's table to the employee whose account it is.
var account = Link{"account_id", "identity_accounts", "account_id", "person_id"}

var peopleStores = []Store{
	{Name: "roster_stage_event", Place: Main, Says: "取り込み待ちの名簿（履歴）", Erase: Rows, Tenant: "tenant_id", Key: []string{"import_id", "line", "event_id"}, Person: "person_id"},
	{Name: "roster_stage", Place: Main, Says: "取り込み待ちの名簿", Erase: Rows, Tenant: "tenant_id", Key: []string{"import_id", "line"}, Person: "person_id"},
	{Name: "roster_import", Place: Main, Says: "名簿の取り込み", Erase: Rows, Tenant: "tenant_id", Key: []string{"import_id"}},
	{Name: "person_event", Place: Main, Says: "入社・異動・退職の履歴", Erase: Rows, Tenant: "tenant_id", Key: []string{"person_id", "event_id"}, Person: "person_id"},
	{Name: "person", Place: Main, Says: "名簿", Erase: Rows, Tenant: "tenant_id", Key: []string{"person_id"}, Person: "person_id"},
	{Name: "site", Place: Main, Says: "事業所", Erase: Rows, Tenant: "tenant_id", Key: []string{"site_id"}},
	{Name: "dept", Place: Main, Says: "部署", Erase: Rows, Tenant: "tenant_id", Key: []string{"dept_id"}},
	{Name: "org_revision", Place: Main, Says: "名簿の版", Erase: Rows, Tenant: "tenant_id"},

	{Name: "scim_acts", Place: Main, Says: "人事システムの連携用トークンが行ったこと", Erase: Rows, Tenant: "tenant_id", Key: []string{"act_id"}, Via: account},
	{Name: "scim_joins", Place: Main, Says: "人事システムが登録した利用者の確認", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "scim_given", Place: Main, Says: "人事システムのグループによる役割", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id", "role"}, Via: account},
	{Name: "scim_users", Place: Main, Says: "人事システムの利用者との対応", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "scim_groups", Place: Main, Says: "人事システムのグループ", Erase: Rows, Tenant: "tenant_id", Key: []string{"group_id"}},
	{Name: "scim_tokens", Place: Main, Says: "人事システムとの連携用トークン", Erase: Rows, Tenant: "tenant_id", Key: []string{"token_id"}},
	{Name: "sso_links", Place: Main, Says: "外部の認証との結び付き", Erase: Rows, Tenant: "tenant_id", Key: []string{"link_id"}, Via: account},
	{Name: "sso_flows", Place: Main, Says: "外部の認証の途中", Erase: Rows, Tenant: "tenant_id", Key: []string{"flow_id"}},
	{Name: "sso_confirmations", Place: Main, Says: "外部の認証の設定の確認", Erase: Rows, Tenant: "tenant_id", Key: []string{"connection_id"}},
	{Name: "sso_connections", Place: Main, Says: "外部の認証の設定", Erase: Rows, Tenant: "tenant_id", Key: []string{"connection_id"}},
	{Name: "sso_assertions", Place: Main, Says: "使い終えた認証の応答（照合用の値）", Erase: Rows, Tenant: "tenant_id", Key: []string{"id"}},
	{Name: "sso_only_roles", Place: Main, Says: "外部の認証を求める役割", Erase: Rows, Tenant: "tenant_id", Key: []string{"role"}},

	{Name: "support_accesses", Place: Main, Says: "保健会の一時的な閲覧", Erase: Rows, Tenant: "tenant_id", Key: []string{"access_id"}, Person: "person_id"},
	{Name: "review_notice", Place: Main, Says: "権限の見直しの知らせ", Erase: Rows, Tenant: "tenant_id", Key: []string{"campaign_id", "kind", "account_id"}, Via: account},
	{Name: "review_pace", Place: Main, Says: "権限の見直しの進み", Erase: Rows, Tenant: "tenant_id", Key: []string{"campaign_id", "account_id"}, Via: account},
	{Name: "review_line", Place: Main, Says: "権限の見直しの表", Erase: Rows, Tenant: "tenant_id", Key: []string{"campaign_id", "line_no"},
		Stays: "見直しの表は、開いたときの姿のまま要約値で固めてあるため、利用者だった人の氏名が封をしたまま残ります。契約先の鍵とともに消えます。"},
	{Name: "review_campaign", Place: Main, Says: "権限の見直し", Erase: Rows, Tenant: "tenant_id", Key: []string{"campaign_id"}},

	{Name: "identity_asserted", Place: Main, Says: "会社の認証を通ったサインインの控え", Erase: Rows, Tenant: "tenant_id", Key: []string{"id"}, Via: account},
	{Name: "identity_signins", Place: Main, Says: "サインインの途中", Erase: Rows, Tenant: "tenant_id", Key: []string{"signin_id"}, Via: account},
	{Name: "identity_sessions", Place: Main, Says: "サインイン中の端末", Erase: Rows, Tenant: "tenant_id", Key: []string{"session_id"}, Via: account},
	{Name: "identity_devices", Place: Main, Says: "記憶した端末", Erase: Rows, Tenant: "tenant_id", Key: []string{"device_id"}, Via: account},
	{Name: "identity_shared_seen", Place: Main, Says: "共用の疑いの確認", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "identity_mail_failing", Place: Main, Says: "メールが届かないアドレスの印", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "identity_email_changes", Place: Main, Says: "メールアドレスの変更待ち", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "identity_sealed", Place: Main, Says: "緊急用の利用者IDの封筒", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "identity_resets", Place: Main, Says: "パスワード再設定の申込み", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "identity_totp", Place: Main, Says: "認証アプリ", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Via: account},
	{Name: "identity_passkeys", Place: Main, Says: "パスキー", Erase: Rows, Tenant: "tenant_id", Key: []string{"passkey_id"}, Via: account},
	{Name: "identity_recovery", Place: Main, Says: "回復用コード（照合用の値）", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id", "code_mac"}, Via: account},
	{Name: "identity_ceremonies", Place: Main, Says: "パスキーなどの確認の途中", Erase: Rows, Tenant: "tenant_id", Key: []string{"ceremony_id"}, Via: account},
	{Name: "identity_grants", Place: Main, Says: "役割", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id", "role", "site_id", "dept_id"}, Via: account},
	{Name: "identity_accounts", Place: Main, Says: "利用者", Erase: Rows, Tenant: "tenant_id", Key: []string{"account_id"}, Person: "person_id"},
	{Name: "identity_two_factor", Place: Main, Says: "二要素を必須にする役割", Erase: Rows, Tenant: "tenant_id"},
	{Name: "identity_settings", Place: Main, Says: "サインインの設定", Erase: Rows, Tenant: "tenant_id"},
	{Name: "identity_retired", Place: Main, Says: "使い終えた利用者ID（照合用の値）", Erase: Rows, Tenant: "tenant_id", Key: []string{"login_index"}},

	{Name: "tenant", Place: Main, Says: "契約先", Erase: Skeleton, Tenant: "tenant_id",
		Why: "契約先コードを別の会社に使わせないため、コードと日付だけを残します。名称は空にします。"},
}
