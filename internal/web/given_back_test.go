package web

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

// TestEveryFieldHasAName: a page that gives back what was typed knows the fields of every form, and which are secrets.
func TestEveryFieldHasAName(t *testing.T) {
	field, name, kind := regexp.MustCompile(`<(input|textarea)\b[^>]*>`), regexp.MustCompile(` name="([a-z_]+)"`), regexp.MustCompile(` type="([a-z]+)"`)
	seen := map[string]bool{}
	err := fs.WalkDir(viewFiles, "view", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(viewFiles, path)
		for _, tag := range field.FindAllString(string(b), -1) {
			n, k := name.FindStringSubmatch(tag), kind.FindStringSubmatch(tag)
			if n == nil || k != nil && (k[1] == "hidden" || k[1] == "checkbox" || k[1] == "radio") {
				continue
			}
			seen[n[1]] = true
			if secret := k != nil && k[1] == "password"; typedWords[n[1]] == "" && typedNever[n[1]] == "" || secret && typedNever[n[1]] == "" && n[1] != "again" {
				t.Errorf("%s: %s has no name, or is a secret that would be repeated", path, n[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for n := range typedWords {
		if !seen[n] {
			t.Errorf("no form has %s", n)
		}
		if typedNever[n] != "" {
			t.Errorf("%s is repeated, and never repeated", n)
		}
	}
}

func TestWhatIsGivenBack(t *testing.T) {
	form := url.Values{"reason": {"<b>係争</b>"}, "opinion": {strings.Repeat("長", 6000)}, "password": {"ひみつ"}, "code": {"12345678"}, "note": {""}, "candidate": {"x"}, "again": {"2027/4/1"}}
	ask := func(method string, form url.Values) *http.Request {
		r := httptest.NewRequest(method, "/x", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	moved := fault.New(fault.Conflict, "retention.moved")
	got := givenBack(ask("POST", form), &Visitor{}, moved)
	if len(got) != 2 || got[0] != (typedLine{"次に候補に挙げる日", "2027/4/1"}) || got[1].Text != "<b>係争</b>" {
		t.Errorf("given back: %+v", got)
	}
	form.Set("new", "あたらしいひみつ")
	for name, x := range map[string][]typedLine{
		"a repeated password": givenBack(ask("POST", url.Values{"new": {"a"}, "again": {"a"}}), &Visitor{}, moved), "a visitor without a session": givenBack(ask("POST", form), nil, moved),
		"a locked screen": givenBack(ask("POST", form), &Visitor{Locked: true}, moved), "a question": givenBack(ask("GET", form), &Visitor{}, moved),
		"another tenant's form": givenBack(ask("POST", form), &Visitor{}, fault.New(fault.Denied, "web.other_tenant")),
	} {
		if len(x) != 0 {
			t.Errorf("%s is given back: %+v", name, x)
		}
	}
}
