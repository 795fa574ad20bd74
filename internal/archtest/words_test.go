package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// otherNames are further names for what people type when they sign in, which screens, mails, commands and guides call
// 利用者ID, always without a space.
var otherNames = regexp.MustCompile("ユー" + `ザー? ?ID|ログイン ?ID|利用者 ID`)

// TestOneNameForTheID: one thing has one name everywhere, or people look for a second ID.
func TestOneNameForTheID(t *testing.T) {
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
	for _, bad := range []string{"ユー" + "ザID", "ユー" + "ザーID", "ユー" + "ザー ID", "利用者 ID", "ログインID"} {
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
