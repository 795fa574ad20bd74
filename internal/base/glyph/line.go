package glyph

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"rakudos/internal/base/fault"
)

// Flaw says in words what s has that people can't see and that has no place in a name; empty for nothing.
func Flaw(s string) string {
	if !utf8.ValidString(s) {
		return "文字として読めないデータ"
	}
	for _, r := range s {
		switch {
		case r == utf8.RuneError:
			return "文字として読めないデータ"
		case !Hidden(r):
		case r == '\n', r == '\r', r == '\u0085', r == '\u2028', r == '\u2029':
			return "改行"
		case r == '\t':
			return "タブ"
		case unicode.Is(unicode.Cc, r):
			return fmt.Sprintf("制御文字 %U", r)
		case unicode.Is(unicode.Bidi_Control, r):
			return fmt.Sprintf("文字の向きを変える見えない文字 %U", r)
		default:
			return fmt.Sprintf("見えない文字 %U", r)
		}
	}
	return ""
}

// Name is what people are called or what they call something: one line of 1 to most characters, without spaces around
// it. Anything else is a fault of the code; where it is something nobody sees, the fault says what, in the argument
// "hidden", and of which field, in "of".
func Name(s string, most int, code, of string) (string, error) {
	s = strings.TrimSpace(s)
	if flaw := Flaw(s); flaw != "" {
		return s, fault.New(fault.Invalid, code, "hidden", flaw, "of", of)
	}
	if n := utf8.RuneCountInString(s); n == 0 || n > most || !strings.ContainsFunc(s, shape) {
		return s, fault.New(fault.Invalid, code)
	}
	return s, nil
}

// shape tells whether r is seen by itself: neither a space nor a mark on another character.
func shape(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }

// Reason is why somebody does something, as a name of one line: where it was typed on several, they are joined.
func Reason(s string, most int, code, of string) (string, error) {
	return Name(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " "), most, code, of)
}

// Text is what people write on several lines: their ends are made the same, spaces around it go, and of what nobody sees
// only lines and tabs stay. Anything else is a fault of the code as in Name.
func Text(s, code, of string) (string, error) {
	s = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s))
	if flaw := Flaw(strings.NewReplacer("\n", "", "\t", "").Replace(s)); flaw != "" {
		return s, fault.New(fault.Invalid, code, "hidden", flaw, "of", of)
	}
	return s, nil
}

// Shown is s for a terminal or a file that people open: what nobody sees is written out, so that it can neither move
// the cursor nor turn what stands around it.
func Shown(s string) string {
	if !AnyHidden(s) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if Hidden(r) {
			fmt.Fprintf(&b, "<%U>", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
