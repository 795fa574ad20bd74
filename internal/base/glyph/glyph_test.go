package glyph

import (
	"testing"
	"unicode"
)

func TestHidden(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		control := unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r)
		if control && !Hidden(r) {
			t.Errorf("%U is let through", r)
		}
		if Hidden(r) && unicode.Is(unicode.Variation_Selector, r) {
			t.Errorf("%U, which names are written with, is refused", r)
		}
		if Hidden(r) && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) {
			t.Errorf("%U is a Japanese letter", r)
		}
	}
	for _, r := range "\u200b\u200c\u200d\u2060\ufeff\u00ad\u2028\u2029\u202a\u202e\u2066\u2069\u200e\u061c\u3164\uffa0\u115f" {
		if !Hidden(r) {
			t.Errorf("%U is let through", r)
		}
	}
	for _, s := range []string{"髙木 真理", "葛\U000E0100城", "辻\ufe00", "Müller", "山田　太郎", "ﾀｶｷﾞ", "〇々ー", "𠮷田", "김"} {
		if AnyHidden(s) || Visible(s) != s {
			t.Errorf("%q is refused", s)
		}
	}
	if got := Visible("a\u202efdp\u200b.csv\x00"); got != "afdp.csv" {
		t.Errorf("%q", got)
	}
}
