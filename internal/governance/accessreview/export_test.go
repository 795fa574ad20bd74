package accessreview

import (
	"bytes"
	"strings"
	"testing"

	"rakudos/internal/base/glyph"
)

// TestSheetsShowWhatNobodySees: names and reasons from before such characters were refused stand written out in the file.
func TestSheetsShowWhatNobodySees(t *testing.T) {
	s := Sheet{Lines: []Line{{Grant: Grant{Kind: Account}, Name: "a\u202eb\x1b[2J", Reason: "c\u200bd"}, {Grant: Grant{Kind: Account, Site: "s1", Dept: "d1"}}, {Grant: Grant{Kind: Account, Site: "s2", Dept: "d2"}}}}
	var b bytes.Buffer
	if err := s.WriteCSV(&b, map[string]string{"d1": "総務部", "s1": "本社"}); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); !strings.Contains(got, "本社,総務部") || !strings.Contains(got, "一つの事業所,一つの部署") || strings.Contains(got, "d1") || strings.Contains(got, "s2") {
		t.Errorf("places by their identifiers: %s", got)
	}
	text := strings.NewReplacer("\ufeff", "", "\r\n", "").Replace(b.String())
	if glyph.AnyHidden(text) || !strings.Contains(text, "a<U+202E>b<U+001B>[2J") || !strings.Contains(text, "c<U+200B>d") {
		t.Errorf("%q", b.String())
	}
}
