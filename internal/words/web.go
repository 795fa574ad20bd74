package words

// webTexts are the words of the frame itself: routing, forms, uploads.
var webTexts = map[string]Text{
	"web.streams":        {Message: "同じ画面を開きすぎているため、進み具合を表示できません。", Kept: "取り込みはそのまま続いています。", Next: "ほかのタブを閉じてから、画面を開き直してください。"},
	"web.not_found":      {Message: "お探しのページはありません。", Next: "URLを確かめるか、ホームからたどり直してください。"},
	"web.method":         {Message: "このページでは、その操作はできません。", Next: "画面のボタンから操作してください。"},
	"web.sign_in":        {Message: "サインインが必要です。", Next: "サインインしてから、もう一度お試しください。"},
	"web.other_tenant":   {Message: "画面を開いたときと別の会社でサインインしています。", Kept: "情報は変わっていません。", Next: "右上の会社名を確かめ、画面を開き直してください。"},
	"web.host":           {Message: "このアドレスでは、このサービスを使えません。", Kept: "情報は変わっていません。", Next: "案内されたアドレスを開いてください。設置した人は、設定の names にこの名前があるか確かめてください。"},
	"web.cross_origin":   {Message: "別のサイトから送られた操作のため、受け付けませんでした。", Kept: "情報は変わっていません。", Next: "このサービスの画面から操作し直してください。"},
	"web.too_large":      {Message: "送られた内容が大きすぎます（上限 {limit}）。", Kept: "情報は変わっていません。", Next: "ファイルを分けて、もう一度お試しください。"},
	"web.form":           {Message: "送られた内容を読み取れませんでした。", Kept: "情報は変わっていません。", Next: "画面を開き直して、もう一度お試しください。"},
	"web.file_missing":   {Message: "ファイルが選ばれていません。", Kept: "情報は変わっていません。", Next: "取り込むファイルを選んでから送信してください。"},
	"web.upload_cut":     {Message: "ファイルの送信が途中で切れました。", Kept: "取り込みは行われていません。情報は変わっていません。", Next: "通信状態を確かめて、もう一度送信してください。"},
	"web.reason_missing": {Message: "理由が入力されていません。", Kept: "情報は変わっていません。", Next: "理由を入力してください。記録に残ります。"},
	"web.field":          {Message: "「{field}」の入力に誤りがあります。", Kept: "情報は変わっていません。", Next: "例のように入力してください。"},
	"web.day":            {Message: "日付として読めません。", Kept: "情報は変わっていません。", Next: "2026/4/1、20260401、R8.4.1 のように入力してください。"},
	"web.role_missing":   {Message: "役割を1つ以上選んでください。", Kept: "情報は変わっていません。"},
	"web.screen_locked":  {Message: "画面をロックしています。", Kept: "サインインは続いています。情報は変わっていません。", Next: "パスワードを入力してロックを解除してください。"},
	"web.factor_first":   {Message: "はじめに、パスキーか認証アプリの登録が必要です。", Next: "「パスキーと認証アプリ」の画面で一つ登録してください。"},
	"web.passkey_host":   {Message: "パスキーは、サービスの名前（アドレスの数字ではなく）で開いたときだけ使えます。", Kept: "何も変わっていません。", Next: "案内されたアドレスで開き直してください。"},
	"web.password_first": {Message: "はじめにパスワードの変更が必要です。", Next: "新しいパスワードを設定してください。"},
	"web.passwords":      {Message: "新しいパスワードと確認用の入力が一致しません。", Kept: "パスワードは変わっていません。", Next: "同じパスワードを2回入力してください。"},
	"web.not_ready":      {Message: "サービスを準備しています。", Next: "少し待ってから、もう一度お試しください。"},
	"web.verifying":      {Message: "いま、ほかの証明書を検証しています。", Next: "少し待ってから、もう一度送ってください。"},
}
