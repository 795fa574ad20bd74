package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"rakudos/internal/base/glyph"
)

// plain writes lines for a terminal: what somebody has once put into a name can neither move the cursor nor turn the
// text around. Lines and tabs are the verb's own.
type plain struct{ io.Writer }

func (p plain) Write(b []byte) (int, error) {
	if !bytes.ContainsFunc(b, hidden) {
		return p.Writer.Write(b)
	}
	var out strings.Builder
	for _, r := range string(b) {
		if hidden(r) {
			out.WriteString(glyph.Shown(string(r)))
			continue
		}
		out.WriteRune(r)
	}
	_, err := io.WriteString(p.Writer, out.String())
	return len(b), err
}

func hidden(r rune) bool {
	return r != '\n' && r != '\t' && (glyph.Hidden(r) || r == utf8.RuneError)
}

// escaped is JSON in which what nobody sees stands as an escape: the same text for a program, and harmless on a
// terminal. Such characters stand only inside of strings.
func escaped(b []byte) []byte {
	if !bytes.ContainsFunc(b, hidden) {
		return b
	}
	var out bytes.Buffer
	for _, r := range string(b) {
		switch {
		case !hidden(r):
			out.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(&out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.Bytes()
}
