// Package glyph tells characters that people can see from those that only change how others are shown. It
// must never refuse what Japanese names are written with: ideographic variation selectors stay.
package glyph

import (
	"strings"
	"unicode"
)

// Hidden tells whether r is a control character, a direction mark, a line separator or takes no room: with
// these a name is shown as something else than what is stored, or two names look alike.
func Hidden(r rune) bool {
	switch {
	case r < 0x80:
		return r < ' ' || r == 0x7f
	case 0x3000 < r && r <= 0x3163, 0x3165 <= r && r < 0xd800: // kana and ideographs, quickly
		return false
	case r == 0x2800, r == 0x034f, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, r == 0x3164, r == 0xffa0: // blank pattern, joiner and fillers: without a shape
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// AnyHidden tells whether s has a hidden character.
func AnyHidden(s string) bool { return strings.ContainsFunc(s, Hidden) }

// Visible is s without its hidden characters, for names that are only displayed.
func Visible(s string) string {
	return strings.Map(func(r rune) rune {
		if Hidden(r) {
			return -1
		}
		return r
	}, s)
}
