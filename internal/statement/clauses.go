package statement

import "rakudos/internal/base/control"

// Chapter is one numbered part of the statement.
type Chapter struct {
	Number  string
	Title   string
	Clauses []Clause
}

var chapters = []struct{ number, title string }{
	{"1", "基本方針"},
	{"2", "環境"},
	{"3", "認証とアクセス制御"},
	{"4", "運用の監視とログ"},
	{"5", "インシデントへの対応"},
	{"6", "データの処分と再利用"},
	{"7", "改版履歴と問合せ先"},
}

// titles lists the 49 clauses in order. The ids follow the source document; a clause that promises two
// things is split so that each can be found broken by itself.
var titles = []struct{ id, title string }{
	{"1", "多層の対策と、法令・ガイドライン・社内方針の遵守"},
	{"2-1", "日本国内のクラウド環境"},
	{"2-2", "VPNとHTTPSによる経路"},
	{"2-3", "TLSによる通信の暗号化"},
	{"2-4", "資源の管理と安全な処分"},
	{"3-1", "四半期ごとの権限の見直し"},
	{"3-2", "個人ごとのIDと必要最小限の権限"},
	{"3-3", "IDとパスワードによる認証"},
	{"3-4a", "パスワードの条件"},
	{"3-4b", "連続した失敗によるロック"},
	{"3-5", "メールの認証コードによる二段階認証"},
	{"3-6", "WAFによる検知と遮断"},
	{"3-7", "IDS/IPSによる検知と遮断"},
	{"3-8", "セキュリティパッチの自動適用"},
	{"3-9", "認証局の証明書"},
	{"3-10", "常時監視と異常の検知"},
	{"3-11a", "保存データの暗号化"},
	{"3-11b", "通信経路の暗号化"},
	{"3-12", "セッションのタイムアウト"},
	{"4-1a", "日次のバックアップ"},
	{"4-1b", "バックアップの保存期間"},
	{"4-2", "インシデント対応の流れ"},
	{"4-3a", "アクセスログ"},
	{"4-3b", "マルウェア対策のログ"},
	{"4-3c", "システムログ"},
	{"4-3d", "ネットワークログ"},
	{"4-3e", "ログの取得と保管"},
	{"4-3f", "ログの開示"},
	{"4-4a", "時刻の同期"},
	{"4-4b", "日本時間での管理"},
	{"4-5a", "独立した部門による内部監査"},
	{"4-5b", "内部監査の結果の開示"},
	{"5-1", "目標時間内の対応と解決"},
	{"5-2a", "計測と評価"},
	{"5-2b", "対応を始めるまでの時間"},
	{"5-2c", "解決の目標時間"},
	{"5-2d", "対応する時間帯"},
	{"5-2e", "状況の報告"},
	{"5-2f", "通知の方法"},
	{"5-2g", "優先度の決め方"},
	{"5-2h", "合意による優先度の変更"},
	{"5-3", "重大な影響があるときの開示"},
	{"6-1", "保持期間が終わったデータの消去"},
	{"6-2a", "解約後の削除"},
	{"6-2b", "解約後のバックアップ"},
	{"6-3a", "消去証明書の発行"},
	{"6-3b", "第三者機関による監査"},
	{"6-4", "消去証明書の提示"},
	{"7", "改版履歴と問合せ先"},
}

// Clauses gives the 49 clauses with their readings (解釈).
func Clauses(f Figures) []control.Clause {
	read := readings(f)
	out := make([]control.Clause, len(titles))
	for i, t := range titles {
		out[i] = control.Clause{ID: t.id, Title: t.title, Interpretation: read[t.id]}
	}
	return out
}
