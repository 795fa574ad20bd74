package web

import (
	"bytes"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/mail"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/asset"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/sso"
	"rakudos/internal/people/org"
	"rakudos/internal/statement"
	"rakudos/internal/words"
)

var sampleNow = time.Date(2026, 11, 23, 13, 30, 0, 0, time.UTC)

func sampleVisitor(role actor.Role) *Visitor {
	v := &Visitor{Name: "佐藤 花子", LoginID: "sample", TenantCode: "midori", TenantName: "株式会社みどり製作所", IdleEnds: sampleNow.Add(3 * time.Hour), Ends: sampleNow.Add(12 * time.Hour)}
	v.Actor = actor.Actor{Kind: actor.Human, Tenant: "t", Account: "a", Person: "p", Roles: []actor.Role{role}}
	return v
}

func figures(n ...float64) []*float64 {
	var out []*float64
	for _, v := range n {
		out = append(out, &v)
	}
	return out
}

func samplePerson() *checkup.PersonView {
	bound, values := 129.0, figures(145, 138, 127)
	exams := []checkup.Exam{}
	for i, y := range []int{2026, 2025, 2024} {
		exams = append(exams, checkup.Exam{Result: "r", Year: y, Day: jst.Date{Y: y, M: 6, D: 3}, Judgement: checkup.Letter("CBA"[i : i+1]), Deadline: jst.Date{Y: y, M: 9, D: 3}, DaysLeft: 5 - i*10, Criteria: "人間ドック 2016-04"})
	}
	line := checkup.ItemLine{Key: "systolic", Name: "収縮期血圧", Unit: "mmHg", Numeric: true, Ref: "〜129", RefHigh: &bound, Cells: []checkup.Cell{
		{Text: "145", Num: values[0], Letter: "C", Out: true, Direction: "high"}, {Text: "138", Num: values[1], Letter: "B", Out: true, Direction: "high"}, {Text: "127", Num: values[2], Letter: "A"},
	}}
	low := checkup.ItemLine{Key: "hdl", Name: "HDLコレステロール", Unit: "mg/dL", Numeric: true, Ref: "40〜119", Cells: []checkup.Cell{{Text: "38", Num: values[0], Letter: "C", Out: true, Direction: "low"}, {Missing: true}, {Missing: true}}}
	xray := checkup.ItemLine{Key: "xray", Name: "胸部X線", Cells: []checkup.Cell{{Text: "所見あり", Letter: "C", Out: true}, {Text: "所見なし"}, {Missing: true}}}
	return &checkup.PersonView{Person: "p", Number: "M0001", Name: "清水 美咲", Kana: "シミズ ミサキ", Sex: checkup.Female, Site: "伏見工場", Dept: "製造一課", Birth: jst.Date{Y: 1993, M: 4, D: 2}, Age: 33,
		ShowValues: true, ShowJudgement: true, ShowOpinion: true, CanDecide: true, Exams: exams,
		Groups:   []checkup.ItemGroup{{Name: "血圧", Items: []checkup.ItemLine{line}}, {Name: "脂質", Items: []checkup.ItemLine{low}}, {Name: "画像", Items: []checkup.ItemLine{xray}}},
		Opinions: []*checkup.Opinion{{Decision: checkup.Decision{Fitness: "restricted", Opinion: "経過をみる", Measures: "時間外労働は月20時間まで"}, Year: 2025, At: sampleNow}},
		Advice:   []checkup.Advice{{Item: "systolic", Letter: "C", Title: "血圧が高めです", Text: "塩分を控え、1か月以内に医療機関で測り直してください。"}},
		Summary:  "血圧が高めです。ほかはおおむね良好です。"}
}

func sampleAssets() *assetsView {
	e := asset.Entry{ID: "store:main.db", Kind: asset.Store, Name: "main.db", Location: "データフォルダー", Facts: "1ファイル・900 KiB", Class: asset.Sensitive, Owner: "DEV", Disposal: "鍵を破棄し、上書きして消す", CreatedBy: "service", FirstSeen: sampleNow, LastSeen: sampleNow}
	d := &asset.Disposal{ID: "d", Asset: "store:old.csv", Reason: "使わなくなったため", AskedAt: sampleNow, State: asset.Asked}
	lapsed := &asset.Disposal{ID: "f", Asset: "store:oldest.csv", Reason: "古いため", AskedAt: sampleNow, State: asset.Approved}
	done := &asset.Disposal{ID: "e", Asset: "store:older.csv", Reason: "古いため", AskedAt: sampleNow, State: asset.Done, Record: &asset.Record{Method: "Clear（上書き）", Files: 1, Bytes: 4096, Verified: "読み返して確かめました。"}}
	return &assetsView{Page: Page{Title: "資源の台帳"}, MayManage: true, Classes: assetClasses, Disposable: []string{"store:old.csv"},
		Ledger: &asset.View{At: sampleNow, Difference: asset.Difference{Orphans: []asset.Found{{ID: "store:stray", Name: "stray", Facts: "1ファイル・1 KiB"}}, Vanished: []asset.Entry{e}}},
		Groups: []assetGroup{{"ファイルとフォルダー", []asset.Entry{e}}}, Disposals: []disposalLine{{d, false, false}, {done, true, false}, {lapsed, false, true}}}
}

func sampleRows(n int) []checkup.ListRow {
	var out []checkup.ListRow
	for i := range n {
		l := checkup.Letter("ABCDE"[i%5 : i%5+1])
		out = append(out, checkup.ListRow{Person: "p", Number: "M000" + string(rune('1'+i)), Name: "清水 美咲", Site: "本社", Dept: "品質保証部", Examined: i != 3, Day: jst.Date{Y: 2026, M: 6, D: 3}, Result: "r", Judgement: l, Action: "referral", Worst: []string{"収縮期血圧", "LDLコレステロール"}, Deadline: jst.Date{Y: 2026, M: 9, D: 3}, DaysLeft: i*9 - 9})
	}
	return out
}

func sampleStatement() statement.Statement {
	at := statement.Moment{Time: sampleNow}
	index := int64(42)
	pass := statement.Card{ID: "NET-TLS13", Says: "通信はTLS 1.3だけで行います。", Grade: "R", GradeText: "実動作の確認", OwnerText: "SRE", Status: control.Pass, StatusText: "確認済", ObservedAt: at, FreshUntil: at, Measured: "TLS 1.2以下の接続 3種はすべて拒否され、TLS 1.3 だけがつながりました。", NotProven: "クライアント側の設定は分かりません。", LogIndex: &index, Mutant: &statement.Mutant{Result: "caught", Text: "わざと壊した環境では不適合になることを確認", At: at}}
	open := statement.Card{ID: "NET-VPN", Says: "VPNで守ります。", Grade: "C", GradeText: "設定の確認", OwnerText: "SRE", Status: control.Unknown, StatusText: "未確認", Reason: "対象の機能がまだありません。", NotProven: "何も分かりません。"}
	clauses := []statement.Clause{{ID: "2-3", Chapter: "2", Title: "通信の暗号化", Says: pass.Says, Interpretation: "TLS 1.2以下は受け付けません。", Status: control.Pass, Controls: []statement.Card{pass}}, {ID: "2-2", Chapter: "2", Title: "VPN", Says: open.Says, Status: control.Unknown, Controls: []statement.Card{open}}}
	return statement.Statement{Service: "健康管理楽dos.", Title: "セキュリティ対策について", StatusText: "一部未確認（1件）", Counts: statement.Counts{Total: 2, Pass: 1, Unknown: 1}, Edition: statement.Edition{Number: "4", Date: "2026-11-23"}, GeneratedAt: at, Version: "dev",
		Chapters: []statement.Chapter{{Number: "2", Title: "環境について", Clauses: clauses}}, Clauses: clauses, Extensions: []statement.Card{pass}, History: []statement.Edition{{Number: "4", Date: "2026-11-23", Note: "初版", SHA256: strings.Repeat("ab", 32)}}, Contact: statement.Contact{Association: "保健会", Mail: "a@example.jp"}}
}

// samples gives every template at least one view with all its branches filled.
func samples() map[string]struct {
	role actor.Role
	view Viewer
} {
	type sample = struct {
		role actor.Role
		view Viewer
	}
	st := sampleStatement()
	refused := []refusedLine{{23, "健診日", "日付として読めません。", false}, {51, "", "社員番号の人が名簿にいません。", true}}
	doc := func(state string) *importDoc {
		return &importDoc{ID: "i", State: state, File: "checkup_body_a.csv", Body: "京都サンプル健診センター", Rows: 140, Accepted: 135, Rejected: 2, Unmatched: 3, Applied: 135, Done: 40, Started: sampleNow, Refused: refused, Ignored: []string{"備考"}}
	}
	full := func(state string, n int) *importDoc {
		d := &importDoc{ID: "i", Roster: true, State: state, File: "all.csv", Rows: 198, Unchanged: 198, Started: sampleNow, Full: true, AbsentCount: n}
		for i := range n {
			d.Absent = append(d.Absent, org.Absent{Person: ids.Person("p" + strconv.Itoa(i)), Number: "M000" + strconv.Itoa(i), Name: "清水 美咲", Site: "本社", Dept: "総務部"})
		}
		return d
	}
	list := &checkup.ListView{Departments: []org.Dept{{ID: "d", Name: "製造一課"}}, Filter: checkup.Filter{Year: 2026, Dept: "d", Judgement: "C+", Fitness: checkup.Waiting, Sort: "judgement"}, Years: []int{2026, 2025}, Total: 120, Page: 1, Pages: 3, Rows: sampleRows(5), Examined: 140, Population: 200, ShowJudgement: true, ShowFitness: true,
		Counts: []checkup.Count{{Letter: "A", N: 40}, {Letter: "B", N: 30}, {Letter: "C", N: 50}, {Letter: "D", N: 18}, {Letter: "E", N: 2}, {Letter: "none", N: 60}},
		Depts:  []checkup.DeptCount{{Dept: "製造一課", Population: 60, Examined: 50, Letters: map[checkup.Letter]int{"A": 20, "C": 20, "D": 10}}, {Dept: "品質保証部", Population: 30, Examined: 30, Letters: map[checkup.Letter]int{"A": 10, "B": 20}}}}
	person := newPersonView(samplePerson())
	person.Title = "清水 美咲"
	own := newPersonView(samplePerson())
	own.Title, own.Own = "わたしの健診結果", true
	decide := newDecideView(samplePerson(), 0)
	decide.Errors = []FieldError{{"fitness", "就業区分を選んでください。"}}
	return map[string]sample{
		"login":         {"", &loginView{Page: Page{Title: "サインイン", Narrow: true, Errors: []FieldError{{"", "IDまたはパスワードが正しくありません。"}}}, Tenant: "midori"}},
		"code":          {"", newCodeView(identity.Pending{SentTo: "s•••@example.jp", ExpiresAt: sampleNow, ResendsLeft: 3}, "/worklist")},
		"password":      {actor.HR, &passwordView{Page: Page{Title: "パスワードの変更", Narrow: true}, Forced: true, Rules: []string{"10文字以上"}, Least: 10, Suggestion: "Ab2d-Ef3g"}},
		"users":         {actor.TenantAdmin, &usersView{Page: Page{Title: "利用者と役割", Here: "/users", Errors: []FieldError{{"reason", "理由を入力してください。"}}}, Locked: 1, Screen: 30, Users: []userLine{{identity.Account{ID: "a", LoginID: "hr", Name: "人事 花子", SignedInAt: sampleNow, Failing: &identity.Failing{How: identity.Refused, Status: "5.1.1", At: sampleNow}, Shared: &identity.Shared{Devices: 6, Networks: 3}}, []string{"人事・健康管理担当者"}}, {identity.Account{ID: "b", LoginID: "x", Name: "停止 中", Disabled: true}, nil}, {identity.Account{ID: "c", LoginID: "y", Name: "ロック 中", Locked: true}, nil}}}},
		"user-new":      {actor.TenantAdmin, &userView{Page: Page{Title: "利用者の登録", Errors: []FieldError{{"roles", "役割を選んでください。"}}}, New: true, Roles: []roleChoice{{choice{"hr", "人事", true}, []choice{{"s", "本社", true}}}}, Depts: []choice{{"d", "製造一課", false}}, Says: personnelChoices("held")}},
		"user":          {actor.TenantAdmin, &userView{Page: Page{Title: "人事 花子"}, User: userLine{identity.Account{ID: "a", LoginID: "hr", Name: "人事 花子", Email: "hr@midori.example", Locked: true, CreatedAt: sampleNow, Failing: &identity.Failing{How: identity.Returned, Status: "5.2.2", At: sampleNow}, Shared: &identity.Shared{Devices: 6, Networks: 3}}, nil}, First: "Ab2d-Ef3g-Hj4k-Mn5p", Roles: []roleChoice{{choice{"hr", "人事", true}, nil}}, Says: personnelChoices("")}},
		"federation":    {actor.TenantAdmin, sampleFederation()},
		"token":         {actor.TenantAdmin, sampleToken()},
		"token-none":    {actor.TenantAdmin, &tokenView{Page: Page{Title: "トークンが行ったこと"}}},
		"fed-none":      {actor.TenantAdmin, &federationView{Page: Page{Title: "連携"}}},
		"connection":    {actor.TenantAdmin, sampleConnection()},
		"con-saml":      {actor.TenantAdmin, newConnectionView(sso.SAML, "localhost")},
		"sso":           {"", &ssoView{Page: Page{Title: "会社のアカウントでサインイン", Narrow: true}, Tenant: "midori", Back: "/"}},
		"sso-go":        {"", &ssoView{Page: Page{Title: "会社のサインイン画面へ移動します", Narrow: true}, Location: "/at-the-provider"}},
		"left":          {"", &leftView{Page: Page{Title: "サインアウトしました", Narrow: true}, Leaving: sso.Leaving{Name: "会社のアカウント", Location: "/at-the-provider"}}},
		"sso-choose":    {"", &ssoView{Page: Page{Title: "会社のアカウントでサインイン", Narrow: true}, Tenant: "midori", Back: "/people", Choices: []sso.Choice{{ID: "a", Name: "本社のアカウント"}, {ID: "b", Name: "工場のアカウント"}}}},
		"forgot":        {"", newForgotView()},
		"forgot-sent":   {"", &forgotView{Page: Page{Title: "パスワードを忘れたとき", Narrow: true}, Sent: true}},
		"code-app":      {"", newCodeView(identity.Pending{Own: true, TOTP: true, Passkey: true, MayMail: true, TriesLeft: 5}, "/worklist")},
		"code-passkey":  {"", newCodeView(identity.Pending{Own: true, Passkey: true, TriesLeft: 2}, "/")},
		"factors":       {actor.HR, &factorsView{Page: Page{Title: "パスキーと認証アプリ", Errors: []FieldError{{"proof", "パスワードが違います。"}}}, Must: true}},
		"factors-own":   {actor.Nurse, sampleFactors(true)},
		"factors-last":  {actor.Nurse, sampleFactors(false)},
		"totp":          {actor.HR, sampleTOTP()},
		"codes":         {actor.HR, &codesView{Page: Page{Title: "回復用コード", Narrow: true}, Codes: []string{"abcde-fghjk", "mnpqr-stuvw"}}},
		"reset":         {"", (&server{}).newResetView(false)},
		"reset-asked":   {"", &resetView{Page: Page{Title: "認証アプリでパスワードを決め直す", Narrow: true, Errors: []FieldError{{"code", "違います。"}}}, Asked: true, Rules: []string{"10文字以上"}, Least: 10}},
		"unlock":        {actor.HR, newUnlockView("/people")},
		"unlock-sso":    {actor.HR, &unlockView{Page: Page{Title: "画面をロックしています", Narrow: true}, Back: "/people", SSO: true}},
		"security":      {actor.HR, &securityView{Page: Page{Title: "サインインと安全", Here: "/me/security"}, Email: "h***@midori.example", Screen: 30, Sessions: []sessionLine{{identity.SessionInfo{ID: "s", Addr: "192.0.2.1", StartedAt: sampleNow, SeenAt: sampleNow, Current: true}, "Windows の Edge"}, {identity.SessionInfo{ID: "s2", Addr: "192.0.2.2", StartedAt: sampleNow, SeenAt: sampleNow}, "iPhone の Safari"}}}},
		"security-wait": {actor.HR, &securityView{Page: Page{Title: "サインインと安全"}, Email: "h***@midori.example", Change: identity.EmailChange{Email: "n***@midori.example", Due: sampleNow}}},
		"error":         {actor.HR, &errorView{Page: Page{Title: "見つかりません。", Narrow: true}, Text: words.Fault(fault.New(fault.Internal, "internal")), Code: "internal", Request: "r"}},
		"trust":         {"", &trustView{Page: Page{Title: "セキュリティ対策と確認状況"}, St: st, Shown: st.Chapters, Choices: []trustChoice{{control.Pass, 1, false}}}},
		"mail":          {"", &mailView{Page{Title: "デモのメール"}, []mail.Mail{{To: "a@example.jp", Subject: "認証コード", Text: "認証コード: 01234567", Date: sampleNow}}}},
		"home":          {actor.Physician, &homeView{Page: Page{Title: "ホーム", Here: "/"}, Todos: []todo{{"/worklist", "就業判定の期限を過ぎた人がいます", "3人", "late"}, {"/imports", "確認を待つ取り込みがあります", "1件", "soon"}}, Figures: []figure{{"/trust", "10 / 49", "", "項目が確認済です"}}}},
		"home-empty":    {actor.Employee, &homeView{Page: Page{Title: "ホーム", Here: "/"}, Own: true}},
		"home-own":      {actor.Employee, &homeView{Page: Page{Title: "ホーム"}, Own: true, Readings: []string{"血圧が高めです。"}, Advice: []adviceLine{{"C", "血圧が高めです", "測り直してください。"}}}},
		"access":        {actor.TenantAdmin, sampleAccess()},
		"sealed":        {actor.ITSM, sampleSealed()},
		"sealed-none":   {actor.ITSM, &sealedView{Page: Page{Title: "緊急用の利用者ID"}}},
		"emergency":     {actor.Emergency, &emergencyView{Page: Page{Title: "緊急用の画面", Errors: []FieldError{{"reason", "理由を入力してください。"}}}}},
		"emergency-why": {actor.Emergency, &emergencyView{Page: Page{Title: "緊急用の画面"}, Use: identity.SealedAccount{Reason: "管理者が全員ロックされた。山田", Drill: true, OpenedAt: sampleNow}, Locked: []identity.Account{{ID: "a", Name: "管理 三郎", LoginID: "admin"}}}},
		"code-envelope": {"", newCodeView(identity.Pending{ExpiresAt: sampleNow, Envelope: 2}, "/")},
		"support":       {actor.ITSM, sampleDesk()},
		"support-none":  {actor.ITSM, &supportView{Page: Page{Title: "サポート入室"}}},
		"visits":        {actor.TenantAdmin, sampleVisits()},
		"visits-none":   {actor.TenantAdmin, &visitsView{Page: Page{Title: "保健会のサポート入室"}}},
		"visit":         {actor.TenantAdmin, sampleVisit()},
		"audit":         {actor.Auditor, &auditView{Page: Page{Title: "操作の記録"}, Entries: []auditLine{newAuditLine(audit.Entry{Verb: "checkup.view", At: sampleNow, Result: "ok", Purpose: "follow-up", Readable: true}, nil)}, More: "/audit?before=1"}},
		"upload":        {actor.HR, checkupUpload()},
		"imports":       {actor.HR, &importsView{Page: Page{Title: "取り込み", Here: "/imports"}, Docs: []*importDoc{doc("preview"), doc("applied"), doc("failed"), doc("reading")}, RosterAllowed: true}},
		"import":        {actor.HR, &importView{Page: Page{Title: "健診結果の取り込み", Here: "/imports"}, Doc: doc("preview"), Shown: refused}},
		"import-full":   {actor.HR, &importView{Page: Page{Title: "名簿の取り込み", Here: "/imports"}, Doc: full("preview", 2)}},
		"import-leave":  {actor.HR, &importView{Page: Page{Title: "名簿の取り込み", Here: "/imports", Errors: []FieldError{{"day", "退職の日を書いてください。"}, {"absent", "退職にする人を選んでください。"}}}, Doc: full("applied", 2), Chose: map[ids.Person]bool{"p0": true}, Day: "いつか"}},
		"import-all":    {actor.HR, &importView{Page: Page{Title: "名簿の取り込み", Here: "/imports"}, Doc: full("applied", 0)}},
		"import-run":    {actor.HR, &importView{Page: Page{Title: "健診結果の取り込み"}, Doc: doc("applying")}},
		"import-done":   {actor.HR, &importView{Page: Page{Title: "健診結果の取り込み"}, Doc: doc("applied"), Shown: refused}},
		"import-failed": {actor.HR, &importView{Page: Page{Title: "健診結果の取り込み"}, Doc: &importDoc{ID: "i", State: "failed", File: "a.csv", Started: sampleNow, Failure: textOf(fault.New(fault.Invalid, "checkup.header_unknown"))}}},
		"import-back":   {actor.HR, &importView{Page: Page{Title: "健診結果の取り込み"}, Doc: doc("withdrawn"), Shown: refused}},
		"columns":       {actor.HR, &columnsView{Page: Page{Title: "列の対応"}, ID: "i", Map: &checkup.MappingView{}}},
		"people":        {actor.HR, &peopleView{Page: Page{Title: "従業員", Here: "/people"}, MayImport: true, People: []personLine{{org.Person{Number: "M0001", Name: "清水 美咲", Kana: "シミズ ミサキ"}, "本社", "製造一課"}}}},
		"checkups":      {actor.Nurse, sampleList(list)},
		"person":        {actor.Physician, person},
		"me":            {actor.Employee, own},
		"record":        {actor.HR, &recordView{Page: Page{Title: "清水 美咲", Here: "/people"}, P: org.Person{ID: "p", Number: "M0001", Kana: "シミズ ミサキ", Left: jst.Date{Y: 2027, M: 3, D: 31}}, SiteName: "本社", DeptName: "製造一課", MayChange: true, History: []historyLine{{jst.Date{Y: 2026, M: 4, D: 1}, "異動", "本社 製造一課", sampleNow, ""}}, Sites: []choice{{"s", "本社", true}}}},
		"worklist":      {actor.Physician, &worklistView{Page: Page{Title: "就業判定の待ち", Here: "/worklist"}, Items: []checkup.WorkItem{{ListRow: sampleRows(1)[0], Previous: "normal"}, {ListRow: sampleRows(3)[2]}}, Open: 2, Late: 1, Soon: 1}},
		"decide":        {actor.Physician, decide},
		"measures":      {actor.Manager, &measuresView{Page{Title: "就業上の措置", Here: "/measures"}, []checkup.Measure{{Number: "M0001", Name: "清水 美咲", Dept: "製造一課", Measures: "時間外労働は月20時間まで", From: jst.Date{Y: 2026, M: 7, D: 1}}}}},
		"measures-none": {actor.Manager, &measuresView{Page: Page{Title: "就業上の措置"}}},
		"assets":        {actor.ITSM, sampleAssets()},
		"criteria-edit": {actor.Nurse, sampleCriteriaEdit()},
		"keys":          {actor.ITSM, sampleKeys(true)},
		"keys-fine":     {actor.Operator, sampleKeys(false)},
		"criteria":      {actor.Physician, &criteriaView{Page: Page{Title: "判定基準"}, MayApprove: true, Year: 2026, Versions: criteriaCards([]checkup.CriteriaVersion{{Criteria: checkup.BuiltIn[0], State: "active"}, {Criteria: checkup.BuiltIn[1], State: "draft"}})}},
	}
}

var inline = regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<script(?: type="module" src="/static/[0-9a-f]{16}/main\.js")?>[^<]|javascript:|https?://[^w"]`)

// TestEveryViewRenders fills every template; with RAKUDOS_VIEWS=dir the pages are kept for looking at.
func TestEveryViewRenders(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	v, err := loadViews(a)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	all := samples()
	for name, view := range sampleReviews() {
		s := all["home"]
		s.role, s.view = actor.TenantAdmin, view
		all[name] = s
	}
	maps.Copy(all, leavingSamples())
	maps.Copy(all, retentionSamples())
	maps.Copy(all, jobSamples())
	for name, s := range all {
		f := &Frame{Service: "健康管理楽dos.", Association: "保健会", ContactMail: "support@example.jp", Version: "dev", Demo: true, Now: jst.StampSec(sampleNow), NowText: jst.Stamp(sampleNow), Request: "r"}
		if s.role != "" {
			f.Visitor = sampleVisitor(s.role)
			f.Menu, f.RoleNames, f.Edge = menuOf(f.Visitor.Actor, f.Visitor.TenantKind), roleNames(f.Visitor.Roles), edge("midori")
		}
		s.view.page().Frame = f
		seen[s.view.Template()] = true
		var b bytes.Buffer
		if err := v.render(&b, s.view); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m := inline.FindString(b.String()); m != "" {
			t.Errorf("%s: %q breaks the content security policy", name, m)
		}
		if s.role != "" && !strings.Contains(b.String(), `<form method="post" action="/logout">`) {
			t.Errorf("%s: nobody can sign out there", name)
		}
		if n := strings.Count(b.String(), "<h1"); n != 1 {
			t.Errorf("%s: %d h1", name, n)
		}
		if asks := strings.Contains(b.String(), "のデータの消去を確認する"); asks != (name == "leaving-case") && strings.HasPrefix(name, "leaving-case") {
			t.Errorf("%s: asked for a confirmation: %v", name, asks)
		}
		if dir := os.Getenv("RAKUDOS_VIEWS"); dir != "" {
			keep(t, a, dir, name, b.String())
		}
	}
	files, _ := fs.Glob(viewFiles, "view/*.html")
	for _, f := range files {
		if n := strings.TrimSuffix(path.Base(f), ".html"); n != "layout" && n != "parts" && !seen[n] {
			t.Errorf("%s: no sample in this test", f)
		}
	}
}

func keep(t *testing.T, a *assets, dir, name, page string) {
	page = strings.ReplaceAll(page, "/static/"+a.version+"/", "static/")
	for file, b := range a.files {
		_ = os.MkdirAll(filepath.Join(dir, "static"), 0o755)
		if err := os.WriteFile(filepath.Join(dir, "static", file), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sampleCriteriaEdit() *criteriaEditView {
	v := newCriteriaEdit(checkup.NingenDock2016)
	v.Name, v.Source, v.Ready = "当社基準 2026", "産業医の意見による", true
	v.Diff = []criteriaDiff{{"LDLコレステロール", "", "A 60〜119／B 120〜139", "A 60〜129／B 130〜139"}}
	v.Impact = &checkup.Impact{Year: 2026, People: 120, Change: 9, Moves: []checkup.Move{{From: checkup.B, To: checkup.A, N: 9}}}
	v.Errors = []FieldError{{"rule-2-a", "収縮期血圧の129と131の間の値が、どの区分にも入りません。"}, {"name", "版の名前を書いてください。"}}
	return v
}

// TestADateStaysOnOneLine: in the text it is one piece, in an attribute nothing but the date.
func TestADateStaysOnOneLine(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	v, err := loadViews(a)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	err = template.Must(template.Must(v.byName["home"].Clone()).New("x").Parse(`<p title="{{day .}}">{{day .}}</p>`)).ExecuteTemplate(&b, "x", jst.Date{Y: 2026, M: 4, D: 1})
	if want := `<p title="2026-04-01"><span class="nowrap">2026-04-01</span></p>`; err != nil || b.String() != want {
		t.Errorf("%s, %v", b.String(), err)
	}
}
