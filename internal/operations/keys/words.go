package keys

// AlertWords say what an alert means, for the inventory's page, the operator's home and the command line.
var AlertWords = map[string]string{
	"age":            "作ってから1年を過ぎた鍵があります。鍵を新しくしてください。",
	"copy_age":       "7日を過ぎた鍵データベースの写しが残っています。バックアップの置き場所を確かめてください。",
	"copy_damaged":   "鍵データベースの写しに、壊れているか、このルート鍵では開けないものがあります。",
	"copies_unknown": "鍵データベースの写しを確かめられません。バックアップの置き場所に届きません。",
	"stray":          "鍵データベースの写しが、あるべきでない場所にあります。破棄した鍵がそこから読めるため、中身を確かめて消してください。",
	"strays_unknown": "データフォルダーに鍵データベースの写しがないか、最後まで調べられませんでした。",
	"work_failed":    "終わっていない鍵の更新があります。",
}

// StepWords name the steps of a rotation.
var StepWords = map[string]string{
	stepBegun: "始めました", stepVersion: "新しい版を作る", stepWrap: "下の鍵を包み直す", stepSeal: "記録を暗号化し直す",
	stepCopies: "鍵の写しを取り直す", stepForget: "古いルート鍵を破棄する", stepDone: "終わりました",
}
