package web

import (
	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
	"rakudos/internal/people/tenant"
)

// Wing is a part of the menu; Item one entry of it.
type Wing struct {
	ID, Name string
	Items    []Item
}

// Item leads to a page; it is shown only to those who may open it.
type Item struct {
	Path, Name string
	Permission access.Permission
}

// menu is the whole menu in the order of the wings; in each, what is needed most often comes first.
var menu = []Wing{
	{"mine", "わたし", []Item{
		{"/", "ホーム", SignedIn},
		{"/me", "わたしの健診結果", access.PersonReadSelf},
		{"/me/readers", "わたしの情報を見た人", access.PersonReadSelf},
		{"/me/security", "サインインと安全", SignedIn},
		{"/me/password", "パスワードの変更", SignedIn},
	}},
	{"health", "健康管理", []Item{
		{"/checkups", "健診結果の一覧", access.CheckupList},
		{"/worklist", "就業判定の待ち", access.CheckupDecide},
		{"/measures", "就業上の措置", access.MeasuresRead},
		{"/people", "従業員", access.PeopleRead},
		{"/imports", "取り込み", access.ImportRead},
		{"/criteria", "判定基準", access.CriteriaRead},
	}},
	{"protection", "保護と記録", []Item{
		{"/emergency", "緊急用の画面", access.EmergencyAct},
		{"/users", "利用者と役割", access.AccountManage},
		{"/reviews", "権限の見直し", access.ReviewRead},
		{"/support", "サポート入室", access.SupportDesk},
		{"/visits", "保健会のサポート入室", access.SupportSee},
		{"/audit", "操作の記録", access.AuditRead},
		{"/access", "だれが何を見られるか", access.MatrixRead},
		{"/federation", "認証・人事との連携", access.FederationManage},
		{"/sealed", "緊急用の利用者ID", access.SealedRead},
	}},
	{"leaving", "解約と消去", []Item{
		{"/retention", "保持期間", access.RetentionRead},
		{"/holds", "消去の保全", access.ErasureRead},
		{"/desk/retention", "契約先の保持期間", access.RetentionDesk},
		{"/leaving", "解約とデータの受け取り", access.TerminationRequest},
		{"/leaving/files", "解約時のデータの受け取り", access.HandoverTake},
		{"/desk/leaving", "解約の受付", access.TerminationDesk},
		{"/certificates", "消去証明書", access.CertificateRead},
	}},
	{"operations", "運用", []Item{
		{"/jobs", "自動の処理", access.JobRead},
		{"/assets", "資源の台帳", access.AssetRead},
		{"/keys", "鍵の台帳", access.KeyRead},
	}},
	{"governance", "証明", []Item{
		{"/trust", "セキュリティ対策と確認状況", SignedIn},
	}},
}

// borrowed are the entries for everybody that are left under a support access.
var borrowed = map[string]bool{"/": true, "/trust": true}

// menuOf keeps what the actor may open in a tenant of that kind.
func menuOf(a actor.Actor, k tenant.Kind) []Wing {
	var out []Wing
	for _, w := range menu {
		var items []Item
		for _, i := range w.Items {
			if (a.Ticket != "" || a.Has(actor.Emergency)) && i.Permission == SignedIn && !borrowed[i.Path] {
				continue // what is one's own stays at home
			}
			if i.Permission == SignedIn || access.Allows(a, i.Permission) && inReach(k, i.Permission) {
				items = append(items, i)
			}
		}
		if len(items) > 0 {
			out = append(out, Wing{w.ID, w.Name, items})
		}
	}
	return out
}
