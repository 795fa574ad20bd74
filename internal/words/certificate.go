package words

// certificateTexts are the messages of certificates of erasure.
var certificateTexts = map[string]Text{
	"certificate.missing":           {Message: "その消去証明書はありません。", Next: "一覧から選び直してください。"},
	"certificate.uncopied":          {Message: "証明書の操作は済みましたが、鍵の保管庫の写しを取り直せませんでした。", Kept: "発行・取消し・鍵の更新は有効です。いまある写しから復元すると、この操作は失われます。", Next: "バックアップの置き場所を確かめ、rakudos backup run を実行してください。"},
	"certificate.row_missing":       {Message: "発行した消去証明書 {id} が、データベースにありません。発行したことは監査ログに残っています。", Kept: "データには変更を加えていません。", Next: "データフォルダーを保全し、責任者に連絡して、だれが消したかを調べてください。"},
	"certificate.row_altered":       {Message: "データベースにある消去証明書 {id} が、書き換えられているか、壊れています。", Kept: "データには変更を加えていません。", Next: "データフォルダーを保全し、責任者に連絡してください。バックアップの記録と見比べてください。"},
	"certificate.large":             {Message: "消去証明書のファイルとしては大きすぎます（上限 1 MB）。", Next: "受け取った JSON ファイルを、そのまま指定してください。"},
	"certificate.form":              {Message: "消去証明書の形式ではないか、書き換えられています。", Next: "受け取った JSON ファイルを、編集せずにそのまま指定してください。"},
	"certificate.field":             {Message: "証明書の項目 {field} が、決まった形と合いません。", Next: "発行元に連絡してください。"},
	"certificate.verifier":          {Message: "承認した2人か、消去と確認をしたものの記載が、決まった形と合いません（承認は異なる2人、消去と確認はプログラムです）。", Next: "発行元に連絡してください。"},
	"certificate.unverified":        {Message: "消去後の確認の結果がないか、残りが見つかっています。", Kept: "証明書は発行していません。", Next: "残った箇所を調べてください。"},
	"certificate.no_receipt":        {Message: "鍵を廃棄した受領の記録がないか、正しくありません。", Next: "発行元に連絡してください。"},
	"certificate.overclaims":        {Message: "証明書の段階で言えること以上のことが書かれています（第1段階の証明書は、バックアップが消えたことを示しません）。", Next: "発行元に連絡してください。"},
	"certificate.signature":         {Message: "署名が合いません。書き換えられたか、別の内容の署名です。", Next: "発行元から証明書を取り直し、それでも同じなら発行元に連絡してください。"},
	"certificate.key_unknown":       {Message: "署名した鍵が、公開されている鍵の中にありません。", Next: "発行元の公開鍵を取り直してから、もう一度検証してください。"},
	"certificate.key_retired":       {Message: "証明書の日付が、署名した鍵の使用を終えた日より後です。", Next: "発行元に連絡してください。"},
	"certificate.keys":              {Message: "公開鍵のファイルの {line} 行目が読めません。", Next: "発行元の公開鍵を取り直してください。"},
	"certificate.no_proof":          {Message: "監査ログに載っていることの証明が付いていません。", Next: "発行元から証明書を取り直してください。"},
	"certificate.log_key":           {Message: "監査ログの公開鍵がないため、ログに載っていることを検証できません。", Next: "公開鍵のファイルを取り直すか、--log-key で指定してください。"},
	"certificate.other_event":       {Message: "付いている証明は、この証明書を発行した記録のものではありません。", Next: "発行元に連絡してください。"},
	"certificate.revoked":           {Message: "この証明書は {at} に取り消されています。", Next: "発行元に、新しい証明書があるかを確かめてください。"},
	"certificate.revocation_broken": {Message: "取消の記載がありますが、その署名が正しくありません。", Next: "発行元に連絡してください。"},
	"certificate.request":           {Message: "求めた人、その所属、どう確かめたかを、それぞれ 200 字以内で入力してください。", Kept: "提示は記録していません。"},
	"certificate.not_presented":     {Message: "その提示の記録はありません。", Kept: "証明書は渡していません。", Next: "求めた人と確かめ方を記録してから、取り出してください。"},
	"certificate.reason":            {Message: "取り消す理由を、400バイト（漢字で130字ほど）以内で入力してください。", Kept: "証明書はそのままです。"},
}
