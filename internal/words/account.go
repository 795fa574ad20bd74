package words

// AccountStates are the words for how an account stands, the same on a screen and on the command line.
var AccountStates = map[string]string{
	"active": "使用中", "must_change": "パスワード変更待ち", "locked": "ロック中", "disabled": "停止中", "tampered": "書き換えの疑い",
}
