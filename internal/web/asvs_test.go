package web

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
)

var inputTag = regexp.MustCompile(`<input[^>]*>`)

// TestPasswordFields: whoever types a password is shown dots, may paste, and is helped by a password manager.
func TestPasswordFields(t *testing.T) {
	n := 0
	look := func(where fs.FS) fs.WalkDirFunc {
		return func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := fs.ReadFile(where, path)
			if err != nil {
				return err
			}
			text := string(b)
			if strings.HasSuffix(path, ".js") && regexp.MustCompile(`["'](paste|copy|contextmenu)["']`).MatchString(text) {
				t.Errorf("%s handles pasting", path)
			}
			if !strings.HasSuffix(path, ".html") {
				return nil
			}
			for _, tag := range inputTag.FindAllString(text, -1) {
				if !strings.Contains(tag, `type="password"`) && !strings.Contains(tag, `name="password"`) || strings.Contains(tag, `name="secret"`) {
					continue // what is no password: the secret that a provider has given out
				}
				n++
				if !strings.Contains(tag, `type="password"`) || !strings.Contains(tag, `autocomplete="current-password"`) && !strings.Contains(tag, `autocomplete="new-password"`) {
					t.Errorf("%s: %s", path, tag)
				}
				if strings.Contains(tag, "maxlength") {
					t.Errorf("%s cuts a password: %s", path, tag)
				}
			}
			return nil
		}
	}
	for _, where := range []fs.FS{viewFiles, staticFiles} {
		if err := fs.WalkDir(where, ".", look(where)); err != nil {
			t.Fatal(err)
		}
	}
	if n < 5 {
		t.Errorf("%d fields", n)
	}
}

// TestNoQuestionsAndNoPhones: no secret question, no hint of a password, no telephone number and no push
// message takes part in signing in.
func TestNoQuestionsAndNoPhones(t *testing.T) {
	asked := regexp.MustCompile(`type="tel"|秘密の質問|パスワードのヒント|SMS|プッシュ通知|電話番号`)
	for _, page := range []string{"login", "code", "forgot", "reset", "sso", "unlock", "security", "factors", "totp", "codes", "password", "user", "users"} {
		b, err := fs.ReadFile(viewFiles, "view/"+page+".html")
		if err != nil {
			t.Fatal(err)
		}
		if what := asked.Find(b); what != nil {
			t.Errorf("%s asks for %s", page, what)
		}
	}
	way := regexp.MustCompile(`sms|phone|push|question|hint`)
	for _, row := range Table() {
		if way.MatchString(row.Pattern) {
			t.Errorf("%s", row.Pattern)
		}
	}
}
