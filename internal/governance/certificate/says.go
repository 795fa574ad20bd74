package certificate

import "slices"

// The fixed texts of the form.
const (
	media       = "論理的な記録（データベース・ファイル・鍵）"
	before      = "要配慮個人情報を含む"
	after       = "なし（例外の欄にあるものを除く）"
	destination = "媒体は消去後も同じサービスで使用しています。"

	saysPrimary    = "主たる記録と、それを読むための鍵は、消去されています。"
	saysUnreadable = "バックアップの写しは、鍵が失われたため読めません。写しそのものが期限で消えたことは、第2段階の証明書で示します。"
	saysExpiring   = "消した記録の写しは、バックアップの中に残り、期限（最長1年）で消えます。本人の鍵は使い続けているため、それまでは読めます。"
	saysKept       = "このほかに残るものと、その理由は、例外の欄にあります。"
	saysRecords    = "指定した記録は、消去されています。"
	saysBackups    = "消去したデータを含み得た最後のバックアップの世代は、期限により消えています。"
	saysExceptions = "例外の欄にあるものは、消去されていません。"
	saysApproved   = "消去の実行は、実行の前に異なる2人が承認しました。消去の後の確認は、このプログラムが自動で行いました。人が結果を確認したことは、この証明書では示しません。"
	saysTrial      = "検査のための消去で、人による承認はありません。消去の後の確認は、このプログラムが自動で行いました。"
	saysSkeleton   = "監査ログには、いつ何が起きたかの骨格だけが残り、その中身は読めません。"
)

// sentences are all that a certificate may say: they follow from what it is, and nobody writes others.
func (b *Body) sentences() []string {
	out := []string{saysPrimary}
	if b.Of == OfRecords {
		out[0] = saysRecords
	}
	switch {
	case b.Stage == Backups:
		out = append(out, saysBackups)
	case b.Of == OfRecords:
		out = append(out, saysExpiring)
	default:
		out = append(out, saysUnreadable)
	}
	if b.held() {
		out = append(out, saysExceptions)
	}
	for _, k := range []struct{ kind, says string }{{LogSkeleton, saysSkeleton}, {Kept, saysKept}} {
		if slices.ContainsFunc(b.Exceptions, func(e Exception) bool { return e.Kind == k.kind }) {
			out = append(out, k.says)
		}
	}
	if b.Format != format1 {
		out = append(out, map[bool]string{true: saysTrial, false: saysApproved}[b.trial()])
	}
	return out
}

func (b *Body) held() bool {
	return slices.ContainsFunc(b.Exceptions, func(e Exception) bool { return e.Kind == Hold })
}

// complete fills what follows from the rest, so that no caller chooses it.
func (b *Body) complete() {
	b.Format, b.Media, b.Before, b.After, b.Destination = Format, media, before, after, destination
	b.Operator, b.Verifier = eraser, checker
	b.State = Issued
	if b.held() {
		b.State = WithExceptions
	}
	if b.Exceptions == nil {
		b.Exceptions = []Exception{}
	}
	b.Says = b.sentences()
}
