package certificate

import (
	"fmt"
	"io"

	"rakudos/internal/base/jst"
	"rakudos/internal/engine/paper"
)

var (
	stateNames    = map[string]string{Issued: "発行済", WithExceptions: "例外付", Revoked: "取消"}
	stageNames    = map[int]string{Primary: "第1段階（主たる記録と鍵の消去）", Backups: "第2段階（バックアップの期限切れ）"}
	ofNames       = map[string]string{OfTenant: "契約先のすべてのデータ", OfPerson: "一人のデータ", OfPeople: "複数の人のデータ", OfRecords: "一部の記録"}
	categoryNames = map[string]string{"clear": "消去（Clear）", "purge": "除去（Purge）", "destroy": "破壊（Destroy）"}
	keyNames      = map[string]string{OfTenant: "契約先の鍵", OfPerson: "個人の鍵"}
	kindNames     = map[string]string{Hold: "保留（法令・係争）", LogSkeleton: "監査ログの骨格", Kept: "残すもの"}
)

// StateName and StageName are the words for a register.
func StateName(state string) string { return stateNames[state] }

// StageName is the Japanese name of a stage.
func StageName(stage int) string { return stageNames[stage] }

// State is the state of the file: revoked when it carries a revocation.
func (f *File) State() string {
	if f.Revocation != nil {
		return Revoked
	}
	return f.Certificate.State
}

// Print writes the certificate for paper. The printed sheet is for reading; what is checked is the JSON
// file, whose digest stands on it. site is the service's address, for the code.
func (f *File) Print(w io.Writer, site string) error {
	b := &f.Certificate
	message, err := b.message()
	if err != nil {
		return err
	}
	sum := digest(message)
	issued, _ := b.IssuedAt.Time()
	d, err := paper.New("データ消去証明書 "+b.ID, "証明書番号 "+b.ID, issued)
	if err != nil {
		return err
	}
	d.Title("データ消去証明書")
	if f.Revocation != nil {
		d.Text(fmt.Sprintf("この証明書は %s に取り消されています。理由：%s", f.Revocation.At.JST, f.Revocation.Reason))
	}
	d.Text(fmt.Sprintf("%s（%s）は、次のデータを消去したことを証明します。", b.Issuer, b.Service))
	d.Heading("証明すること")
	for _, s := range b.Says {
		d.Text("・" + s)
	}
	f.printFacts(d)
	f.printScope(d)
	f.printPeople(d)
	d.Heading("検証")
	d.Field("内容の SHA-256", sum)
	d.Field("署名の鍵", f.Signature.Key)
	if f.Log != nil {
		d.Field("監査ログの位置", fmt.Sprintf("%d 番（証明は JSON ファイルに含まれます）", f.Log.Index))
	}
	err = d.Code(site+"/certificates/verify#"+sum,
		"証明書の JSON ファイルは、この QR コードのページで検証できます。通信のない場所では、公開鍵（"+site+"/certificates/key）と次の命令で検証できます。\nrakudos certificate verify 証明書.json --key 公開鍵.txt")
	if err != nil {
		return err
	}
	return d.Write(w)
}

func (f *File) printFacts(d *paper.Doc) {
	b := &f.Certificate
	d.Heading("対象")
	d.Field("証明書番号", b.ID)
	d.Field("段階", stageNames[b.Stage])
	d.Field("状態", stateNames[f.State()])
	d.Field("発行（日本時間）", b.IssuedAt.JST)
	d.Field("契約先", fmt.Sprintf("%s（契約先コード %s）", b.Tenant.Name, b.Tenant.Contract))
	d.Field("消去したもの", ofNames[b.Of])
	if b.Person != "" {
		d.Field("個人の番号", b.Person)
	}
	d.Field("消去の根拠", b.Basis)
	d.Field("記録の種類", b.Media+"。消去前："+b.Before+"。消去後："+b.After)
	d.Field("媒体のその後", b.Destination)
	d.Field("開始", b.Started.JST+"（UTC "+b.Started.UTC+"）")
	d.Field("終了", b.Finished.JST+"（UTC "+b.Finished.UTC+"）")
	if b.Of != OfRecords {
		d.Field("バックアップが読めない時点", b.Backups.UnreadableSince.JST)
	}
	if last, err := jst.ParseDate(b.Backups.LastExpiry); err == nil {
		d.Field("最後の世代が消える日", jst.Japanese(last))
	}
	if b.Backups.GoneAt != nil {
		d.Field("最後の世代が消えたことの確認", b.Backups.GoneAt.JST)
	}
	if b.Replaces != nil {
		d.Field("置き換える証明書", b.Replaces.ID+"（取り消されました）")
	}
	if b.FirstStage != nil {
		d.Field("第1段階の証明書", b.FirstStage.ID)
	}
	d.Field("方針の版", b.Policy)
	d.Field("消去の台帳の番号", fmt.Sprint(b.LedgerIndex))
}

func (f *File) printScope(d *paper.Doc) {
	b := &f.Certificate
	d.Heading(fmt.Sprintf("消去した場所と件数（合計 %d 件。分類は NIST SP 800-88r2）", b.Total()))
	d.Table([]string{"場所", "種類", "件数", "分類", "方法"}, []float64{26, 14, 10, 16, 34}, func(yield func([]string) bool) {
		for _, s := range b.Scope {
			if !yield([]string{s.Name, s.Kind, fmt.Sprint(s.Count), categoryNames[s.Category], s.Technique}) {
				return
			}
		}
	})
	if len(b.Keys) > 0 {
		f.printKeys(d)
	}
	d.Heading("例外（消去していないもの）")
	if len(b.Exceptions) == 0 {
		d.Text("ありません。")
		return
	}
	d.Table([]string{"種類", "内容", "件数", "理由"}, []float64{18, 34, 10, 38}, func(yield func([]string) bool) {
		for _, e := range b.Exceptions {
			count := "—" // what is kept whole is not counted
			if e.Count != nil {
				count = fmt.Sprint(*e.Count)
			}
			if !yield([]string{kindNames[e.Kind], e.What, count, e.Reason}) {
				return
			}
		}
	})
}

func (f *File) printKeys(d *paper.Doc) {
	b := &f.Certificate
	d.Heading("廃棄した鍵と受領の記録")
	d.Table([]string{"鍵", "種類", "数", "廃棄", "受領の記録"}, []float64{26, 14, 8, 24, 30}, func(yield func([]string) bool) {
		for _, k := range b.Keys {
			if !yield([]string{k.ID, keyNames[k.Kind], fmt.Sprint(k.Count), k.Destroyed.JST, k.Receipt}) {
				return
			}
		}
	})
}

func (f *File) printPeople(d *paper.Doc) {
	b := &f.Certificate
	d.Heading("消去と確認")
	d.Field("使った道具", b.Tool+" "+b.ToolVersion)
	for i, w := range b.approvers() {
		d.Field(fmt.Sprintf("承認 %d", i+1), who(w))
	}
	d.Field("消去", eraser.Title)
	d.Field("確認", checker.Title)
	if b.Format == format1 {
		d.Text("この証明書は前の様式（/1）で、JSON ファイルには、承認した2人が、消去した人・確認した人として記されています。2人がしたのは、実行の前の承認です。")
	}
	d.Field("確認の方法", b.Verification.Method)
	d.Field("確認の結果", fmt.Sprintf("%d 箇所を調べ、残りは %d 件", b.Verification.Sample, b.Verification.Found))
}

func who(w Who) string {
	if w.Name == "" {
		return fmt.Sprintf("%s（利用者番号 %s）", w.Title, w.ID)
	}
	return fmt.Sprintf("%s %s（利用者番号 %s）", w.Title, w.Name, w.ID)
}
