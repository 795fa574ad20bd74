package words

// backupTexts are the messages of making, checking and restoring backups.
var backupTexts = map[string]Text{
	"backup.damaged": {
		Message: "バックアップ {set} の {piece} が壊れているか、書き換えられているか、なくなっています。",
		Kept:    "ほかのバックアップと現在のデータには変更を加えていません。",
		Next:    "rakudos backup verify で範囲を確かめ、別の日のバックアップ（--at 日付）を使ってください。",
	},
	"backup.keys_closed": {
		Message: "鍵データベースの写し {set} を、このルート鍵では開けません。",
		Kept:    "復元先には何も残していません。",
		Next:    "バックアップを取ったときのルート鍵を --root-key で指定してください。",
	},
	"backup.no_second": {
		Message: "二つ目の置き場所が設定されていません。",
		Kept:    "何も変更していません。",
		Next:    "設定 backup.second に url・endpoint・credentials_file を書いてください。",
	},
	"backup.no_drill": {
		Message: "復元の訓練をまだ行っていません。",
		Next:    "rakudos backup drill で行うか、夜の訓練を待ってください。",
	},
	"backup.receipt_old": {
		Message: "最後の復元の訓練は、結果を監査ログに結び付けていない以前の版のものです。",
		Next:    "rakudos backup drill で行い直すか、夜の訓練を待ってください。",
	},
	"backup.receipt_altered": {
		Message: "復元の訓練 {drill} の結果が、訓練のときに監査ログに書いたものと合いません。",
		Kept:    "バックアップと現在のデータには変更を加えていません。",
		Next:    "データベースに書ける人を調べてから、rakudos backup drill で訓練を行い直してください。",
	},
	"backup.none": {
		Message: "バックアップがありません。",
		Next:    "rakudos backup run で取るか、--from で置き場所を指定してください。",
	},
	"backup.none_at": {
		Message: "{day} までのバックアップはありません。最も古いものは {oldest} です。",
		Next:    "rakudos backup list で、あるものを確かめてください。",
	},
	"backup.unfinished": {
		Message: "フォルダー {dir} への復元は、途中で切れています。照合も消去のやり直しも済んでいないため、開けません。",
		Kept:    "フォルダーの中身には手を付けていません。",
		Next:    "フォルダーを消し、空のフォルダーへ復元し直してください。",
	},
	"backup.full": {
		Message: "ディスクがいっぱいで、最後まで書けませんでした（{where}）。",
		Kept:    "書きかけのものは残していません。これまでのデータとバックアップは、そのままです。",
		Next:    "空き容量を増やしてから、もう一度実行してください。",
	},
	"backup.not_empty": {
		Message: "復元先のフォルダー {dir} は空ではありません。",
		Kept:    "フォルダーの中身には変更を加えていません。",
		Next:    "空のフォルダーか、まだないフォルダーを --to で指定してください。",
	},
	"backup.destination": {
		Message: "復元先のフォルダー {dir} を使えません。",
		Next:    "書き込めるフォルダーを --to で指定してください。",
	},
	"backup.unlike": {
		Message: "バックアップ {set} から戻したデータが、取ったときのものと一致しません（{what}）。",
		Kept:    "復元先には何も残していません。",
		Next:    "rakudos backup verify で調べ、別の日のバックアップ（--at 日付）を使ってください。",
	},
	"backup.place": {
		Message: "バックアップの置き場所 {dir} を使えません。",
		Kept:    "これまでのバックアップと現在のデータには変更を加えていません。",
		Next:    "置き場所がつながっているか、書き込めるかを確かめてください。届くようになれば、自動でやり直します。",
	},
	"backup.ledger": {
		Message: "消去の台帳を、戻したデータに適用できませんでした。",
		Kept:    "消去済みのデータを生き返らせないため、復元先には何も残していません。",
		Next:    "台帳を確かめてから、もう一度復元してください。",
	},
	"backup.no_root_key": {
		Message: "ルート鍵のファイル {path} がありません。ルート鍵はバックアップに含まれません。",
		Kept:    "復元先には何も残していません。",
		Next:    "別に保管しているルート鍵を --root-key で指定してください。",
	},
	"backup.second_differs": {
		Message: "二つ目の置き場所の {file} が、送ったものと違います。",
		Kept:    "元の置き場所のものは、そのままです。",
		Next:    "自動でやり直します。続くときは、二つ目の置き場所を調べてください。",
	},
	"backup.pitr_none": {
		Message: "時刻を指定して戻せる写し（データベース全体の写しと WAL）がありません。",
		Kept:    "復元先には何も残していません。",
		Next:    "--at に日付だけを指定して、その日のバックアップを戻してください。",
	},
	"backup.pitr_outside": {
		Message: "{at} の状態には戻せません。{reach}",
		Kept:    "復元先には何も残していません。",
		Next:    "rakudos backup list で、戻せる時刻を確かめてください。",
	},
	"backup.pitr_short": {
		Message: "WAL が指定の時刻まで続いていないため、その時点には戻せませんでした。",
		Kept:    "手前の状態を代わりに渡すことはしません。復元先には何も残していません。",
		Next:    "rakudos backup verify で欠けているファイルを確かめ、もっと前の時刻を指定してください。",
	},
	"backup.pitr_recovery": {
		Message: "PostgreSQL が、写しを起動できませんでした。",
		Kept:    "復元先には何も残していません。",
		Next:    "サーバーと同じ版の PostgreSQL が、同じ設定（ロケール、ICU）で入っているかを確かめてください。",
	},
	"backup.wal_missing": {
		Message: "WAL のファイル {file} がないため、{at} の状態には戻せません。{reach}",
		Kept:    "手前の状態を代わりに渡すことはしません。復元先には何も残していません。",
		Next:    "もっと前の時刻か、日付だけを --at に指定してください。",
	},
	"backup.wal_damaged": {
		Message: "WAL のファイル {file} が壊れているか、書き換えられているため、{at} の状態には戻せません。{reach}",
		Kept:    "手前の状態を代わりに渡すことはしません。復元先には何も残していません。",
		Next:    "もっと前の時刻か、日付だけを --at に指定してください。",
	},
	"backup.pitr_version": {
		Message: "PostgreSQL の道具 {tool} の版（{have}）が、サーバーの版（{want}）と違います。",
		Kept:    "日次のバックアップは、これまでどおり取れます。",
		Next:    "サーバーと同じ版の postgresql-{want}（写しを取るだけなら postgresql-client-{want}）を入れてください。",
	},
	"backup.pitr_tools": {
		Message: "PostgreSQL {want} の道具 {tool} が、このホストにありません。",
		Kept:    "日次のバックアップは、これまでどおり取れます。",
		Next:    "サーバーと同じ版の postgresql-{want} を入れてください。",
	},
	"backup.pitr_old_server": {
		Message: "PostgreSQL {major} では、時刻を指定した復元を確かめられません。{least} 以上が必要です。",
		Next:    "サーバーを新しくしてください。",
	},
	"backup.pitr_root": {
		Message: "PostgreSQL のサーバーは root では動きません。",
		Kept:    "復元先には何も残していません。",
		Next:    "サービスの利用者で実行するか、このホストに利用者 postgres を作ってください。",
	},
	"backup.pitr_keys_inside": {
		Message: "鍵の保管庫が、記録と同じ PostgreSQL のクラスターにあります。",
		Kept:    "消した鍵が写しに残らないよう、データベース全体の写しは取りません。日次のバックアップは、これまでどおり取れます。",
		Next:    "鍵の保管庫を別のクラスターに移してください。",
	},
	"backup.pitr_others": {
		Message: "記録のクラスターに、ほかのデータベース {database} があります。写しはクラスター全体を取るため、始めません。",
		Kept:    "日次のバックアップは、これまでどおり取れます。",
		Next:    "記録だけのクラスターにしてください。",
	},
	"backup.pitr_tablespaces": {
		Message: "クラスターに追加のテーブル空間があるため、データベース全体の写しを取れません。",
		Kept:    "日次のバックアップは、これまでどおり取れます。",
	},
	"backup.pitr_role": {
		Message: "データベースの役割に、複製の権限がありません。",
		Kept:    "日次のバックアップは、これまでどおり取れます。",
		Next:    "REPLICATION を持つ役割の接続文字列を backup.replication_dsn_file に指定してください。",
	},
	"backup.pitr_hba": {
		Message: "サーバーの pg_hba.conf が、複製の接続を許していません。",
		Next:    "pg_hba.conf に、この役割の replication の行を足してください。",
	},
	"backup.pitr_password":  {Message: "複製の接続のパスワードが違います。", Next: "backup.replication_dsn_file を確かめてください。"},
	"backup.pitr_senders":   {Message: "サーバーが複製の接続を受け付けていません。", Next: "max_wal_senders を 4 以上にしてください。"},
	"backup.pitr_level":     {Message: "サーバーの wal_level が低く、WAL を受け取れません。", Next: "wal_level を replica にしてください。"},
	"backup.pitr_slots":     {Message: "サーバーの複製スロットに空きがありません。", Next: "max_replication_slots を増やしてください。"},
	"backup.pitr_taken":     {Message: "複製スロット rakudos_wal を、ほかの接続が使っています。", Next: "前の接続が切れれば、自動で続けます。"},
	"backup.pitr_lost":      {Message: "まだ受け取っていない WAL を、サーバーが捨てました。", Next: "新しい写しを自動で取ります。max_slot_wal_keep_size を確かめてください。"},
	"backup.pitr_error":     {Message: "PostgreSQL の道具 {tool} が失敗しました。", Kept: "日次のバックアップは、これまでどおり取れます。", Next: "サービスのログで理由を確かめてください。自動でやり直します。"},
	"backup.pitr_receiver":  {Message: "WAL の受け取りが途切れました。", Next: "自動でつなぎ直します。"},
	"backup.pitr_behind":    {Message: "WAL の受け取りが遅れています。", Next: "自動で追いつきます。"},
	"backup.pitr_keys_wait": {Message: "鍵の写しの順番を待っています。", Next: "自動で続けます。"},
	"backup.found_bad": {
		Message: "バックアップに問題が見つかりました。",
		Kept:    "バックアップと現在のデータには変更を加えていません。",
	},
	"backup.drill_failed": {
		Message: "復元の訓練で、取ったときのものと一致しないところが見つかりました。",
		Kept:    "現在のデータには変更を加えていません。訓練の結果は記録しました。",
		Next:    "rakudos backup verify で調べ、新しいバックアップを取ってください。",
	},
}
