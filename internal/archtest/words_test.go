package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// otherNames are further names for what screens, mails, commands and guides call 利用者ID (without a space), 契約先コード
// and フォルダー.
var otherNames = regexp.MustCompile("ユー" + `ザー? ?ID|ログイン ?ID|利用者 ID|会社の?コード|フォルダ(?:[^ー]|$)`)

// TestOneNameForOneThing: one thing has one name everywhere, or people look for a second ID, code or folder.
func TestOneNameForOneThing(t *testing.T) {
	seen := 0
	for _, dir := range []string{"internal", "cmd", "docs/guide"} {
		err := filepath.WalkDir(filepath.Join(root(), dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && d.Name() == "node_modules" {
				return errOrSkip(err)
			}
			switch filepath.Ext(path) {
			case ".go", ".html", ".js", ".md":
			default:
				return nil
			}
			text, err := os.ReadFile(path)
			seen++
			if m := otherNames.Find(text); m != nil && filepath.Base(path) != "words_test.go" {
				t.Errorf("%s says %s", path, m)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 500 {
		t.Errorf("only %d files were read", seen)
	}
	for _, bad := range []string{"ユー" + "ザID", "ユー" + "ザーID", "ユー" + "ザー ID", "利用者 ID", "ログインID", "会社" + "コード", "データフォルダ", "フォルダの"} {
		if !otherNames.MatchString(bad) {
			t.Errorf("%s would pass", bad)
		}
	}
}

func errOrSkip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}
