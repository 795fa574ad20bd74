package words

const rosterKept = "名簿はこれまでのままです。"

// orgTexts is what a person reads about people, sites, departments and roster files.
var orgTexts = map[string]Text{
	"org.person_missing":     {Message: "その人は見つかりません。", Next: "名簿の一覧から選び直してください。"},
	"org.unit_missing":       {Message: "その事業所または部署は見つかりません。", Kept: "何も変わっていません。", Next: "一覧から選び直してください。"},
	"org.out_of_scope":       {Message: "担当していない事業所・部署へは異動できません。", Kept: "何も変わっていません。", Next: "担当者に依頼してください。"},
	"org.left_before_hired":  {Message: "退職日が入社日や生年月日より前です。", Kept: "何も変わっていません。", Next: "日付を確かめてください。"},
	"org.before_birth":       {Message: "生年月日以前の日付です。"},
	"org.birth_range":        {Message: "生年月日が1900年より前か、未来の日付です。"},
	"org.cell_empty":         {Message: "空欄です。必ず入力してください。"},
	"org.cell_long":          {Message: "長すぎます。"},
	"org.cell_control":       {Message: "読めない文字が入っています。"},
	"org.kana":               {Message: "カナ以外の文字が入っています。"},
	"org.sex":                {Message: "男・女のどちらとも読めません。"},
	"org.email":              {Message: "メールアドレスの形が正しくありません。"},
	"org.number_twice":       {Message: "同じ社員番号が{line}行目にもあります。"},
	"org.number_of_another":  {Message: "この社員番号は別の人のものです（カナ氏名・生年月日・性別のうち2つ以上が違います）。"},
	"org.site_two_names":     {Message: "同じ事業所コードの名前が{line}行目と違います。"},
	"org.header_missing":     {Message: "見出しに{columns}がありません。", Kept: rosterKept, Next: "1行目に見出しのあるファイルを選び、足りない列を加えてください。"},
	"org.header_duplicate":   {Message: "見出しの「{column}」と「{other}」は同じ意味の列です。", Kept: rosterKept, Next: "どちらかの列を削除してください。"},
	"org.file_empty":         {Message: "ファイルの中身がありません。", Kept: rosterKept, Next: "ファイルを確かめて、もう一度送ってください。"},
	"org.file_size":          {Message: "ファイルが大きすぎます（上限 {limit}）。", Kept: rosterKept, Next: "ファイルを分けて送ってください。"},
	"org.too_many_rows":      {Message: "行が多すぎます（上限 {limit} 行）。", Kept: rosterKept, Next: "ファイルを分けて送ってください。"},
	"org.too_many_wrong":     {Message: "誤りのある行が{limit}行を超えました。", Kept: rosterKept, Next: "正しいファイルか、列の並びが合っているかを確かめてください。"},
	"org.import_missing":     {Message: "その取り込みは見つかりません。", Next: "取り込みの一覧から選び直してください。"},
	"org.import_state":       {Message: "この取り込みには、いまその操作はできません。", Kept: "何も変わっていません。", Next: "画面を読み込み直して、いまの状態を確かめてください。"},
	"org.import_stale":       {Message: "確認のあいだに名簿が変わりました。", Kept: rosterKept, Next: "いまの名簿ともう一度比べています。結果を確かめてから、改めて確定してください。"},
	"org.import_differs":     {Message: "確認したときと読み取りの結果が違います。", Kept: rosterKept, Next: "ファイルをもう一度送ってください。"},
	"org.import_interrupted": {Message: "取り込みが途中で止まりました。", Kept: rosterKept, Next: "ファイルをもう一度送ってください。"},
	"org.key_missing":        {Message: "消去された人が含まれています。", Kept: rosterKept, Next: "その人の行を除いて、もう一度送ってください。"},
	"org.no_queue":           {Message: "いまは取り込みを受け付けられません。", Kept: rosterKept, Next: "管理者に知らせてください。"},
}
