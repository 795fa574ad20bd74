package erasure

const (
	general = "一般健康診断"
	byID    = "id"
	quoted  = "import_batch"   // quotes lines that were refused
	result  = "checkup_result" // with its judgements and opinions it is kept and erased as one
)

var healthStores = []Store{
	{Name: "checkup_followup", Place: Main, Says: "受診勧奨のその後", Erase: Rows, Tenant: "tenant_id", Key: []string{byID}, Person: "person_id", Class: general, Unit: result, UnitKey: "result_id"},
	{Name: "work_opinion", Place: Main, Says: "産業医の意見と就業区分", Erase: Rows, Tenant: "tenant_id", Key: []string{byID}, Person: "person_id", Class: general, Unit: result, UnitKey: "result_id"},
	{Name: "checkup_judgement", Place: Main, Says: "健診の判定", Erase: Rows, Tenant: "tenant_id", Key: []string{"result_id", "seq"}, Class: general, Unit: result, UnitKey: "result_id",
		Via: Link{"result_id", "checkup_result", "id", "person_id"}},
	{Name: "checkup_result", Place: Main, Says: "健診の結果", Erase: Rows, Tenant: "tenant_id", Key: []string{byID}, Person: "person_id", Class: general, Unit: result, UnitKey: byID},
	{Name: "consent", Place: Main, Says: "同意", Erase: Rows, Tenant: "tenant_id", Key: []string{byID}, Person: "person_id"},
	{Name: "import_batch_year", Place: Main, Says: "健診の取り込み（年度）", Erase: Rows, Tenant: "tenant_id", Key: []string{"batch_id", "year"}},
	{Name: "import_batch", Place: Main, Says: "健診の取り込み", Erase: Rows, Tenant: "tenant_id", Key: []string{byID},
		Stays: "終わった取り込みの、取り込まなかった行から引用した内容は消し、行番号・列・誤りの種類だけが残ります。確認を待っている取り込みの引用は、だれの行か分からないため残り、終わってから30日で消えます。バックアップの中の写しは契約先の鍵で封をしてあり、最長1年で消えます。戻したときは、終わってから30日を過ぎた引用を消します。"},
	{Name: "checkup_mapping", Place: Main, Says: "列の対応", Erase: Rows, Tenant: "tenant_id", Key: []string{byID}},
	{Name: "checkup_criteria", Place: Main, Says: "判定基準の版", Erase: Rows, Tenant: "tenant_id", Key: []string{byID}},
	{Name: "checkup_revision", Place: Main, Says: "一覧の版", Erase: Rows, Tenant: "tenant_id"},
}
