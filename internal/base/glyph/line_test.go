package glyph

import (
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

func TestName(t *testing.T) {
	for _, s := range []string{"髙木 真理", "葛\U000E0100城", "Müller", "山田　太郎", "  余白 ", "O'Neil-Smith", "김철수", "①"} {
		if got, err := Name(s, 20, "x.name", "名前"); err != nil || got != strings.TrimSpace(s) {
			t.Errorf("%q: %q %v", s, got, err)
		}
	}
	for s, hidden := range map[string]string{
		"": "", "   ": "", "\u3000\u00a0": "", strings.Repeat("長", 21): "", "\ufe0f": "",
		"a\x00b": "制御文字 U+0000", "a\x1b[2Jb": "制御文字 U+001B", "a\u0090b": "制御文字 U+0090", "a\r\nb": "改行", "a\u2028b": "改行", "a\tb": "タブ", "a\u202eb": "文字の向きを変える見えない文字 U+202E", "a\u2066b": "文字の向きを変える見えない文字 U+2066",
		"\u3000\u200b": "見えない文字 U+200B", "a\u3164b": "見えない文字 U+3164", "a\xffb": "文字として読めないデータ", "a\ufffdb": "文字として読めないデータ",
		"a\u2800b": "見えない文字 U+2800",
	} {
		_, err := Name(s, 20, "x.name", "名前")
		if err == nil || fault.Of(err).Code != "x.name" || fault.Of(err).Args["hidden"] != hidden {
			t.Errorf("%q: %v %v", s, err, fault.Of(err))
		}
	}
}

func TestReason(t *testing.T) {
	if got, err := Reason(" 一行目\r\n二行目\n\n三\t行 ", 20, "x", "理由"); err != nil || got != "一行目 二行目 三 行" {
		t.Errorf("%q %v", got, err)
	}
	for _, s := range []string{"\n\r\n", "a\x1bb", "a\u202eb", "a\u200bb"} {
		if _, err := Reason(s, 20, "x", "理由"); err == nil {
			t.Errorf("%q passes", s)
		}
	}
}

func TestText(t *testing.T) {
	if got, err := Text(" 一行目\r\n二行目\r三\t行 \n", "x", "意見"); err != nil || got != "一行目\n二行目\n三\t行" {
		t.Errorf("%q %v", got, err)
	}
	for _, s := range []string{"a\x00b", "a\x1b[31mb", "a\u202eb", "a\u200bb", "a\xffb", "a\u2028b"} {
		if _, err := Text(s, "x", "意見"); err == nil || fault.Of(err).Args["of"] != "意見" {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestShown(t *testing.T) {
	for s, want := range map[string]string{"山田　太郎": "山田　太郎", "a\x1b[31mb": "a<U+001B>[31mb", "a\u202eb\r\n": "a<U+202E>b<U+000D><U+000A>", "a\xffb": "a\ufffdb"} {
		if got := Shown(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
