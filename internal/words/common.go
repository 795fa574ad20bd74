package words

import "rakudos/internal/base/fault"

// kindTexts are the words for a code that has none of its own.
var kindTexts = map[fault.Kind]Text{
	fault.Invalid:  {Message: "入力の内容に誤りがあります。", Kept: "保存された情報は変わっていません。", Next: "入力を見直して、もう一度お試しください。"},
	fault.Denied:   {Message: "この操作は許可されていません。", Kept: "情報は変わっていません。", Next: "必要な場合は、会社の管理者にご相談ください。"},
	fault.Missing:  {Message: "見つかりません。", Next: "一覧に戻って選び直してください。"},
	fault.Conflict: {Message: "ほかの操作が先に行われたため、実行できませんでした。", Kept: "情報は変わっていません。", Next: "画面を開き直して、今の状態を確かめてください。"},
	fault.Locked:   {Message: "IDまたはパスワードが正しくありません。", Next: "入力を見直してください。解決しないときは会社の管理者にご連絡ください。"},
	fault.Busy:     {Message: "ただいま混み合っています。", Kept: "情報は変わっていません。", Next: "少し待ってから、もう一度お試しください。"},
	fault.TooLarge: {Message: "送られた内容が大きすぎます。", Kept: "情報は変わっていません。", Next: "内容を分けて、もう一度お試しください。"},
	fault.Internal: {Message: "システムの内部で問題が起きました。", Kept: "途中までの変更は取り消されています。", Next: "もう一度お試しください。続くときは、画面の受付番号を添えてお問い合わせください。"},
}

// commonTexts belong to no single subject.
var commonTexts = map[string]Text{
	"internal":          kindTexts[fault.Internal],
	"fault.panic":       kindTexts[fault.Internal],
	"app.starting":      {Message: "サービスを準備しています。", Next: "少し待ってから、もう一度お試しください。"},
	"tenant.unknown":    {Message: "契約先コード {code} は登録されていません。", Next: "契約先コードを確かめてください。"},
	"db.missing":        {Message: "お探しの情報は見つかりません。", Next: "一覧に戻って選び直してください。"},
	"db.duplicate":      {Message: "同じ内容がすでに登録されています。", Kept: "登録済みの情報は変わっていません。", Next: "登録済みの情報を確かめてください。"},
	"db.reference":      {Message: "ほかの情報から使われているため、実行できませんでした。", Kept: "情報は変わっていません。", Next: "関係する情報を先に見直してください。"},
	"db.failed":         kindTexts[fault.Internal],
	"db.text":           {Message: "使えない文字（NULや、文字コードの壊れた文字）が入っています。", Kept: "情報は変わっていません。", Next: "その文字を除いて、もう一度入力してください。"},
	"db.no_scope":       kindTexts[fault.Internal],
	"db.foreign_tenant": kindTexts[fault.Internal],
	"db.row_security":   kindTexts[fault.Internal],
	"db.busy":           {Message: "ただいま混み合っています。", Kept: "情報は変わっていません。", Next: "少し待ってから、もう一度お試しください。"},
}
