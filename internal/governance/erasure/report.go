package erasure

import (
	"fmt"

	"rakudos/internal/engine/db"
)

// methods names what was done by the categories of NIST SP 800-88 Rev. 2.
func (w *work) methods() []Method {
	out := []Method{
		{"データベースの行・索引", "Clear", "行を削除し、空いた場所を0で上書き（SQLite）または表を書き直し（PostgreSQL）、書きかけの控えを切り詰め"},
		{"待ちファイル・控え", "Clear", "ファイルを削除し、メモリー上の控えを破棄"},
	}
	if w.rec.Kind != Records {
		out = append(out, Method{"暗号化された写し（バックアップを含む）", "Purge", "Cryptographic Erase：AES-256-GCM の鍵を上書きして削除し、鍵の写しを作り直して古いものを削除"})
	}
	return out
}

// exceptions are what stays, and why: never more is claimed than what was done.
func (w *work) exceptions() []Exception {
	out := []Exception{
		{What: "操作の記録の骨組み", Why: "改ざんを見つけるため、番号・時刻・動作の種類・要約値を残します。氏名と健康情報は含みません。"},
		{What: "消去の台帳と消去の記録", Why: "古いバックアップを戻したときに消去をやり直すため、識別子・件数・時刻を残します。"},
		{What: "消した鍵の控え", Why: "同じ鍵を作り直させないため、識別子・時刻・証明を残します。"},
	}
	switch {
	case w.rec.Kind == Records:
		out = append(out, Exception{What: "バックアップの中の同じ記録", Why: "本人の鍵は使い続けているため、バックアップの中の写しは鍵では消えません。バックアップは最長1年で消えます。"})
	case w.partial():
		out = append(out,
			Exception{What: "取り込み待ちのファイル", Why: "取り込みを終えていないファイルは人ごとに分けられないため残ります。取り込み・取消しのとき、遅くとも30日で消えます。"},
			Exception{What: "バックアップの中の利用者の氏名・メールアドレス", Why: "契約先の鍵で封をしてあり、契約先の鍵は使い続けているため、バックアップが消える最長1年の間は鍵では消えません。戻したときは台帳により消えます。"},
			Exception{What: "操作の記録の中の本人の識別子", Why: "名簿の行がないため、誰のものかは分かりません。契約先の鍵とともに消えます。"})
		for _, s := range Stores {
			if s.Stays != "" {
				out = append(out, Exception{What: s.Says, Why: s.Stays})
			}
		}
	default:
		out = append(out, Exception{What: "契約先コードと契約の日付", Why: "同じコードを別の会社に使わせないために残します。"})
	}
	if w.rec.HouseTexts {
		out = append(out, Exception{What: "バックアップの中の、以前の版で書いた保全と見送りの理由", Why: "以前の版はサービスの鍵で封をしていたため、バックアップが消える最長1年の間は鍵では消えません。"})
	}
	if n := len(w.rec.Held); n > 0 {
		out = append(out, Exception{What: fmt.Sprintf("保全中の%d人のデータ", n), Why: "保全（リーガルホールド）の指定があるため残しました。解除の後に消去します。"})
	}
	if w.o.Main.Engine() == db.Postgres {
		why := "PostgreSQL が上書きするまで残ります。中身は封をしたままで、鍵は消えています。"
		if w.partial() {
			why = "PostgreSQL が上書きするまで残ります。中身は封をしたままです。本人の鍵は消えていますが、利用者の氏名・メールアドレスは、契約先の鍵があるあいだは、その鍵で開けます。"
		}
		out = append(out, Exception{What: "記録のデータベースの先行書込みログ（WAL）", Why: why})
	}
	if why := keyLogWords[w.rec.KeyLog]; why != "" {
		out = append(out, Exception{What: "鍵のデータベースの先行書込みログ（WAL）", Why: why + "残っているあいだは、上位の鍵（契約先の鍵かルート鍵）を持つ人には、消した鍵を取り出せます。"})
	}
	return out
}

// keyLogWords say why the wrapped keys may still stand in the log of the key store's server.
var keyLogWords = map[db.LogKept]string{
	db.LogRights:   "サービスの役割に権限がなく、上書きさせられませんでした。PostgreSQL が上書きするまで残ります。",
	db.LogArchived: "上書きさせましたが、サーバーの設定で別に保管（アーカイブ）したものは、その保存期間のあいだ残ります。",
	db.LogHeld:     "複製や設定のために、サーバーが古いものを持ち続けています。要らなくなり、上書きされるまで残ります。",
}
