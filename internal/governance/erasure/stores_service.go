package erasure

var serviceStores = []Store{
	{Name: "job", Place: Main, Says: "裏で動く処理", Erase: Rows, Tenant: "tenant_id", Key: []string{"job_id"}},
	{Name: "vault_canary", Place: Main, Says: "暗号化の点検用の値", Erase: Rows, Tenant: "tenant_id"},
	{Name: "erasure_hold", Place: Main, Says: "保全の指定", Erase: Skeleton, Tenant: "tenant_id", Key: []string{"hold_id"}, Person: "person_id",
		Why: "消去を止めた事実と解除の記録を、識別子だけで残します。"},

	{Name: "audit_person", Place: Main, Says: "操作の記録の索引（人）", Erase: AfterKeys, Tenant: "tenant_id", Key: []string{"person_id", "seq"}, Person: "person_id",
		Why: "契約中は、記録の改ざんを見つけるために識別子だけを残します。契約先の鍵を消した後に削除します。"},
	{Name: "audit_event", Place: Main, Says: "操作の記録", Erase: Skeleton, Tenant: "tenant_id", Key: []string{"seq"},
		Why: "改ざんを見つけるための骨組み（番号・時刻・動作の種類・要約値）だけが残ります。誰が誰の何をしたかは契約先の鍵で封をしてあり、鍵を消すと読めません。"},
	{Name: "audit_chain", Place: Main, Says: "操作の記録の鎖の先頭", Erase: Skeleton, Tenant: "tenant_id", Why: "要約値だけです。"},
	{Name: "audit_seal", Place: Main, Says: "停止の封印", Erase: Own, Tenant: "tenant_id", Key: []string{"seq"}, Why: "要約値だけです。"},

	{Name: "erasure_run", Place: Main, Says: "消去の記録", Erase: Skeleton, Tenant: "tenant_id", Key: []string{"run_id"},
		Why: "消去証明書のもとになる記録を、識別子と件数だけで残します。"},
	{Name: "erasure_count", Place: Main, Says: "消去の件数", Erase: Skeleton, Tenant: "tenant_id", Key: []string{"run_id", "store"}, Why: "件数だけです。"},
	{Name: "erasure_turn", Place: Main, Says: "消去の順番", Erase: Skeleton, Tenant: "tenant_id", Why: "番号だけです。"},

	{Name: "identity_throttle", Place: Main, Says: "サインインの間隔", Erase: Expire, Tenant: "tenant_id", Key: []string{"id"},
		Why: "元に戻せない照合用の値だけで、数分で消えます。"},
	{Name: "job_schedule", Place: Main, Says: "定期処理の予定", Erase: Own, Tenant: "tenant_id", Key: []string{"kind"}, Why: "サービス自身のものです。"},
	{Name: "evidence", Place: Main, Says: "点検の証跡", Erase: Own, Tenant: "tenant_id", Key: []string{"control_id", "id"}, Why: "サービス自身のもので、個人のデータを含みません。"},
	{Name: "handover", Place: Main, Says: "解約の受け渡しの記録", Erase: Rows, Tenant: "tenant_id", Key: []string{"handover_id"}},
	{Name: "termination", Place: Main, Says: "解約の手続", Erase: Own, Tenant: "tenant_id", Key: []string{"case_id"},
		Why: "消去の期限と証明書のもとになる記録を、サービスの鍵で封をして残します。人の氏名と健康情報を含みません。"},
	{Name: "certificate_presentation", Place: Main, Says: "消去証明書の提示の記録", Erase: Own, Tenant: "tenant_id", Key: []string{"presentation_id"},
		Why: "だれに証明書を示したかを、サービスの鍵で封をして残します。"},
	{Name: "certificate", Place: Main, Says: "消去証明書", Erase: Own, Tenant: "tenant_id", Key: []string{"certificate_id"},
		Why: "契約先のデータが消えた後も10年間示すため、サービスの鍵で封をして残します。健康情報を含みません。"},
	{Name: "certificate_key", Place: Main, Says: "消去証明書の署名鍵", Erase: Own, Tenant: "tenant_id", Key: []string{"key_id"}, Why: "サービス自身のものです。"},
	{Name: "asset_disposal", Place: Main, Says: "資源の処分", Erase: Own, Tenant: "tenant_id", Key: []string{"disposal_id"}, Why: "サービス自身のものです。"},
	{Name: "asset_entry", Place: Main, Says: "資源の台帳", Erase: Own, Tenant: "tenant_id", Key: []string{"asset_id"}, Why: "サービス自身のものです。"},
	{Name: "asset_canary", Place: Main, Says: "消えたことを確かめる印", Erase: Own, Tenant: "tenant_id", Key: []string{"canary_id"}, Why: "サービス自身のものです。"},
	{Name: "backup_since", Place: Main, Says: "バックアップの起点", Erase: Own, Tenant: "tenant_id", Why: "サービス自身のものです。"},
	{Name: "backup_set", Place: Main, Says: "バックアップの一覧", Erase: Own, Tenant: "tenant_id", Key: []string{"set_id"}, Why: "サービス自身のものです。"},
	{Name: "backup_missed", Place: Main, Says: "取れなかった日", Erase: Own, Tenant: "tenant_id", Key: []string{"day"}, Why: "サービス自身のものです。"},
	{Name: "backup_drill", Place: Main, Says: "復元の訓練", Erase: Own, Tenant: "tenant_id", Key: []string{"drill_id"}, Why: "サービス自身のものです。"},
	{Name: "backup_sentinel", Place: Main, Says: "バックアップの目印", Erase: Own, Tenant: "tenant_id", Key: []string{"set_id"}, Why: "サービス自身のものです。"},
	{Name: "goose_db_version", Place: Main, Says: "表の版", Erase: Own, Key: []string{"id"}, Why: "サービス自身のものです。"},
}

var keyStores = []Store{
	{Name: "key_person", Place: Keys, Says: "個人の鍵", Erase: KeyDestroy, Tenant: "tenant_id", Key: []string{"person_id", "version"}, Person: "person_id"},
	{Name: "key_tenant", Place: Keys, Says: "契約先の鍵", Erase: KeyDestroy, Tenant: "tenant_id", Key: []string{"version"}},
	{Name: "key_destroyed", Place: Keys, Says: "消した鍵の控え", Erase: Skeleton, Tenant: "tenant_id", Key: []string{"person_id"}, Person: "person_id",
		Why: "消した鍵を作り直させないため、識別子・時刻・証明だけを残します。"},
	{Name: "key_retired", Place: Keys, Says: "破棄した鍵の版の控え", Erase: Skeleton, Tenant: "tenant_id", Key: []string{"person_id", "version"}, Person: "person_id",
		Why: "破棄した版を示すため、識別子・時刻・証明だけを残します。"},
	{Name: "key_work", Place: Keys, Says: "鍵の更新の進み具合", Erase: Skeleton, Tenant: "tenant_id", Key: []string{"id"}, Person: "person_id",
		Why: "識別子と時刻だけで、鍵も個人の情報も含みません。"},
	{Name: "key_root", Place: Keys, Says: "ルート鍵の照合用の値", Erase: Own, Key: []string{"id"}, Why: "サービス自身のものです。"},
	{Name: "erasure_head", Place: Keys, Says: "消去の台帳の先頭", Erase: Own, Tenant: "tenant_id", Why: "要約値だけです。"},
	{Name: "goose_db_version", Place: Keys, Says: "表の版", Erase: Own, Key: []string{"id"}, Why: "サービス自身のものです。"},
}

var fileStores = []Store{
	{Name: "checkup/", Place: Blob, Says: "取り込み待ちの健診ファイル", Erase: Files},
	{Name: "handover/", Place: Blob, Says: "解約の受け渡しのファイル", Erase: Files},
	{Name: "roster/", Place: Blob, Says: "取り込み待ちの名簿ファイル", Erase: Files},
	{Name: "probe/", Place: Blob, Says: "点検用の利用者", Erase: Own, Why: "架空の利用者だけです。"},

	{Name: "main.db", Place: File, Says: "記録のデータベース", Erase: Rows, Why: "表ごとに消し、書きかけの控え（WAL）も切り詰めます。"},
	{Name: "keys.db", Place: File, Says: "鍵のデータベース", Erase: KeyDestroy, Why: "鍵を上書きして消し、書きかけの控え（WAL）も切り詰めます。"},
	{Name: "blobs", Place: File, Says: "ファイル", Erase: Files},
	{Name: "mail", Place: File, Says: "送らずに置いたメール", Erase: Files, Why: "宛先が消去の対象者のものを消します。"},
	{Name: "log", Place: File, Says: "透明性ログ", Erase: Skeleton, Why: "要約値だけで、元の内容を含みません。"},
	{Name: "log-key", Place: File, Says: "ログの署名鍵", Erase: Own, Why: "サービス自身のものです。"},
	{Name: "root.key", Place: File, Says: "ルート鍵", Erase: Own, Why: "サービス自身のものです。"},
	{Name: "tls", Place: File, Says: "サーバー証明書", Erase: Own, Why: "サービス自身のものです。"},
	{Name: "erasure", Place: File, Says: "消去の台帳", Erase: Skeleton, Why: "古いバックアップを戻したときに消去をやり直すため、識別子だけを残します。"},
	{Name: "backups", Place: File, Says: "バックアップ", Erase: Expire, Why: "鍵を消した時点で読めなくなり、最長1年で消えます。鍵の写しはその場で作り直し、古いものを消します。"},
	{Name: "tmp", Place: File, Says: "作業用のフォルダー", Erase: Expire, Why: "点検と訓練のためのもので、終わり次第、遅くとも起動と停止のときに消します。"},
	{Name: "demo-accounts.txt", Place: File, Says: "体験用の利用者", Erase: Own, Why: "架空の利用者だけです。"},
	{Name: "lock", Place: File, Says: "二重起動を防ぐ印", Erase: Own, Why: "中身がありません。"},
	{Name: "a11y-report.json", Place: File, Says: "使いやすさの検査結果", Erase: Own, Why: "個人のデータを含みません。"},
	{Name: "a11y-report.pub", Place: File, Says: "検査結果の公開鍵", Erase: Own, Why: "個人のデータを含みません。"},
	{Name: "restored", Place: File, Says: "復元した環境の情報", Erase: Own, Why: "設定と版だけです。"},
}

var memoryStores = []Store{
	{Name: "org.directory", Place: Memory, Says: "名簿の控え", Erase: Forget},
	{Name: "checkup.snapshots", Place: Memory, Says: "健診一覧の控え", Erase: Forget},
	{Name: "vault.cache", Place: Memory, Says: "契約先の鍵の控え", Erase: Forget, Why: "ほかの節では1分以内に消えます。"},
	{Name: "checkup.export", Place: Memory, Says: "書出し", Erase: Own, Why: "画面に流すだけで、どこにも残しません。"},
}
