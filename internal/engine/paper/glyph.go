package paper

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/font/sfnt"

	"rakudos/internal/base/fault"
)

// stand is printed in the place of a character that cannot be: the geta of Japanese printers.
const stand = '〓'

// glyphs knows what the font and the library can print. The library has a table of the first 65,536 characters and
// panics, or spoils the rest of the line, beyond it: a name with 𠮷 must never get there.
type glyphs struct {
	font *sfnt.Font
	buf  sfnt.Buffer
	has  map[rune]bool
}

func newGlyphs(font []byte) (*glyphs, error) {
	f, err := sfnt.Parse(font)
	if err != nil {
		return nil, fault.New(fault.Busy, "paper.font").Because(err)
	}
	return &glyphs{font: f, has: map[rune]bool{}}, nil
}

// print gives what is printed for r: itself, a space for a control, nothing for what only modifies or directs its
// neighbours, and else the stand-in. lost tells that the paper no longer says what the text did.
func (g *glyphs) print(r rune) (out rune, lost bool) {
	switch {
	case r == '\t' || r == '\r' || r == '\n':
		return ' ', false
	case g.knows(r):
		return r, false
	case unicode.Is(unicode.Variation_Selector, r) || unicode.In(r, unicode.Cf, unicode.Cc):
		return -1, true
	}
	return stand, true
}

func (g *glyphs) knows(r rune) bool {
	if r < ' ' || r >= 0xFFFF {
		return false
	}
	known, asked := g.has[r]
	if !asked {
		i, err := g.font.GlyphIndex(&g.buf, r)
		known = err == nil && i != 0
		g.has[r] = known
	}
	return known
}

// text is s as it can be printed. Broken UTF-8 comes out of the loop as U+FFFD.
func (g *glyphs) text(s string, lost func(rune)) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !g.knows(r) || r == unicode.ReplacementChar }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		p, gone := g.print(r)
		if gone && lost != nil {
			lost(r)
		}
		if p >= 0 {
			b.WriteRune(p)
		}
	}
	return b.String()
}

// named is how many of the lost characters a page names.
const named = 4

// note tells below a page that it does not show every character.
func note(lost []rune) string {
	var codes []string
	for _, r := range lost[:min(len(lost), named)] {
		codes = append(codes, fmt.Sprintf("U+%04X", r))
	}
	more := ""
	if len(lost) > named {
		more = " ほか"
	}
	return "このページには、印刷用の書体で表せない文字があります（" + strings.Join(codes, "、") + more + "）。〓に置き換えるか省きました。元の文字は電子のファイルにあります。"
}

func addRune(to []rune, r rune) []rune {
	if len(to) > named || slices.Contains(to, r) {
		return to
	}
	return append(to, r)
}
