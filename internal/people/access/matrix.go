package access

import "rakudos/internal/base/actor"

// Row is one permission: who has it by role, and which callers that are no human have it.
type Row struct {
	Permission Permission
	Says       string // what it lets one do, for the matrix page
	Roles      []actor.Role
	Kinds      []actor.Kind // Machine: jobs of the service; Host: who runs the binary on the host
}

var (
	everyone    = actor.Roles
	staff       = []actor.Role{actor.HR, actor.Nurse, actor.Physician}
	listing     = []actor.Role{actor.HR, actor.Nurse, actor.Physician, actor.SupportLists}
	medical     = []actor.Role{actor.Nurse, actor.Physician}
	office      = []actor.Role{actor.HR, actor.Nurse}
	overseers   = []actor.Role{actor.TenantAdmin, actor.Operator, actor.ITSM, actor.Auditor}
	association = []actor.Role{actor.Operator, actor.ITSM}
	accounts    = []actor.Role{actor.TenantAdmin, actor.ITSM}

	service = []actor.Kind{actor.Machine}
	host    = []actor.Kind{actor.Host}
	both    = []actor.Kind{actor.Machine, actor.Host}
)

// Matrix is the whole of who may do what. The page, the CSV, the checks and the tests read this table.
var Matrix = []Row{
	{HomeRead, "ホームを開く", everyone, nil},
	{AccountSelf, "自分のパスワードとサインイン中の端末を扱う", everyone, nil},

	{PeopleImport, "名簿を取り込む", []actor.Role{actor.HR}, both},
	{PeopleRead, "名簿を見る", listing, nil},
	{PeopleChange, "異動・退職を登録する", []actor.Role{actor.HR}, both},
	{PersonRead, "個人のページを開く", []actor.Role{actor.HR, actor.Nurse, actor.Physician, actor.SupportPerson}, nil},
	{PersonReadSelf, "自分の記録を見る", []actor.Role{actor.Employee}, nil},
	{ConsentSelf, "自分の同意を与える・取り消す", []actor.Role{actor.Employee}, nil},
	{MeasuresRead, "就業上の措置を見る", []actor.Role{actor.Manager, actor.HR, actor.Nurse, actor.Physician}, nil},

	{ErasureRun, "承認済みの消去を実行する", nil, both},
	{HoldManage, "消去を止める保全を指定・解除する", []actor.Role{actor.TenantAdmin, actor.ITSM}, both},
	{ErasureRead, "消去の記録と保全を見る", []actor.Role{actor.TenantAdmin, actor.ITSM, actor.Auditor}, both},

	{CheckupImport, "健診結果を取り込む", office, both},
	{ImportRead, "取り込みの状況を見る", []actor.Role{actor.HR, actor.Nurse, actor.SupportLists}, both},
	{ImportWithdraw, "取り込みを取り消す", office, host},
	{MappingEdit, "列の対応を直す", office, nil},
	{CheckupList, "健診の一覧を見る", listing, nil},
	{CheckupExport, "健診の一覧を書き出す", staff, nil},
	{CheckupValues, "検査値を見る", medical, service},
	{CheckupDecide, "就業区分と意見を決める", []actor.Role{actor.Physician}, nil},
	{FollowUpNote, "受診の確認を見る・記録する", medical, nil},
	{CriteriaRead, "判定基準を見る", staff, both},
	{CriteriaEdit, "判定基準の案を作る", medical, nil},
	{CriteriaApprove, "判定基準の版を承認する", []actor.Role{actor.Physician}, nil},

	{AuditRead, "操作の記録を見る", overseers, host},
	{AuditReadSelf, "自分に関わる記録を見る", everyone, nil},
	{TrustEvidence, "セキュリティの証跡を詳しく見る", overseers, both},
	{MatrixRead, "権限の表を見る", overseers, host},
	{AccountManage, "利用者と権限を管理する", accounts, both},
	{AccountVouch, "利用者が独立した一人だと確かめて記録する", accounts, host},
	{AccountVouchFor, "契約先の管理者が独立した一人だと確かめて記録する（保健会）", []actor.Role{actor.ITSM}, nil},
	{AccountUnlock, "ロックを解除する", []actor.Role{actor.TenantAdmin, actor.ITSM, actor.Emergency}, host},
	{FederationSecond, "管理者が一人だけの契約先の、会社の認証の設定を確かめる", []actor.Role{actor.ITSM}, nil},
	{FederationManage, "会社の認証・人事システムとの連携を管理する", accounts, service},
	{Provision, "人事システムから利用者を登録する（連携用のトークンだけ）", nil, nil},
	{TenantManage, "契約先を登録する", []actor.Role{actor.ITSM}, both},
	{AssetRead, "資源の台帳を見る（保健会）", []actor.Role{actor.Operator, actor.ITSM, actor.Auditor}, both},
	{AssetManage, "資源の処分を申請・承認する（保健会）", association, nil},
	{ReviewRead, "権限の見直しの状況を見る", overseers, host},
	{ReviewDecide, "割り当てられた権限を見直す（自分の権限は見直せません）", []actor.Role{actor.TenantAdmin, actor.Operator, actor.ITSM}, nil},
	{SealedRead, "緊急用の利用者IDの状態を見る", []actor.Role{actor.TenantAdmin, actor.ITSM, actor.Auditor}, nil},
	{SealedSeal, "緊急用の利用者IDに封をする", accounts, host},
	{SealedReview, "緊急用の利用者IDを使ったあとの確認を記録する", []actor.Role{actor.TenantAdmin, actor.ITSM, actor.Auditor}, nil},
	{EmergencyAct, "緊急用の利用者IDで、使った理由を書き、ロックを解除する", []actor.Role{actor.Emergency}, nil},
	{SupportDesk, "サポート入室の窓口を見る（保健会）", association, nil},
	{SupportAsk, "サポート入室を申し込み、使う（保健会）", association, nil},
	{SupportApprove, "ほかの人のサポート入室の申込みを決める（保健会）", []actor.Role{actor.ITSM}, nil},
	{SupportSee, "保健会のサポート入室の記録を見る", []actor.Role{actor.TenantAdmin, actor.Auditor}, nil},
	{SupportStop, "保健会のサポート入室を終わらせる", []actor.Role{actor.TenantAdmin}, nil},
	{KeyRead, "鍵の台帳を見る", association, both},
	{KeyRotate, "鍵を新しくする・古い版を破棄する", []actor.Role{actor.ITSM}, both},
	{JobRead, "裏で動く処理を見る", association, both},
	{JobRetry, "止まった処理をやり直す", association, host},
	{TerminationRequest, "解約を申し込む・取り消す", []actor.Role{actor.TenantAdmin}, nil},
	{TerminationDesk, "解約を受け付け、消去を確認する", association, nil},
	{RetentionRead, "保持期間と消去の候補を見る（自社）", []actor.Role{actor.TenantAdmin, actor.ITSM, actor.Auditor}, nil},
	{RetentionCustomer, "保持期間の終わったものの消去を承認する・見送る（契約先）", []actor.Role{actor.TenantAdmin}, nil},
	{RetentionDesk, "保持期間の終わったものの消去を承認する・見送る、契約による延長を記録する（保健会）", []actor.Role{actor.ITSM}, nil},
	{HandoverAsk, "解約の受け渡しのファイルを作る", []actor.Role{actor.TenantAdmin}, nil},
	{HandoverTake, "解約の受け渡しのファイルを受け取る（検査値を含む）", medical, nil},
	{CertificateRead, "消去証明書の台帳を見る（保健会）", []actor.Role{actor.Operator, actor.ITSM, actor.Auditor}, both},
	{CertificatePresent, "消去証明書を提示する（保健会）", association, nil},
	{CertificateManage, "消去証明書を発行・取り消しする", []actor.Role{actor.ITSM}, both},
	{DemoMail, "デモのメールを読む", nil, nil},
}

// House are the permissions that reach beyond the own tenant. A role alone does not give them: a customer's
// administrator may make somebody an auditor, and that auditor is one of the customer's own affairs. They count
// for people of the association alone (and for the service's own probes).
var House = []Permission{
	FederationSecond, AccountVouchFor,
	AssetRead, AssetManage, TenantManage, JobRead, JobRetry, SupportDesk, SupportAsk, SupportApprove,
	TerminationDesk, RetentionDesk, CertificateRead, CertificatePresent, CertificateManage, KeyRead, KeyRotate,
}

// roleNames are the words for the roles on screens and in exports.
var roleNames = map[actor.Role]string{
	actor.Employee: "従業員本人", actor.Manager: "上長", actor.HR: "人事・健康管理担当者", actor.Nurse: "保健師・看護職",
	actor.Physician: "産業医", actor.StressImplementer: "ストレスチェック実施者", actor.StressStaff: "ストレスチェック実施事務従事者", actor.TenantAdmin: "テナント管理者", actor.Operator: "運用者（保健会）",
	actor.ITSM: "ITサービスマネジャー（保健会）", actor.Auditor: "監査者",
	actor.SupportLists: "サポート入室（一覧）", actor.SupportPerson: "サポート入室（一人の記録）",
	actor.Emergency: "緊急用",
}

// RoleName is the Japanese name of a role; an unknown one is shown as it is written.
func RoleName(r actor.Role) string {
	if n, ok := roleNames[r]; ok {
		return n
	}
	return string(r)
}
