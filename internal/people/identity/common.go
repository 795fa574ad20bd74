package identity

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// common.txt holds words that people take for passwords: written down by hand from what is generally known
// to be common, not copied from a list of leaked ones.
//
//go:embed common.txt
var commonText string

// joiners are what people put behind a common word to make it longer.
var joiners = []string{"abc", "xyz", "qwe", "qwerty", "asd", "pass", "password", "admin", "desu", "dayo", "san", "chan", "kun", "sama"}

// leet folds the usual replacements; 1, ! and | stand for i and l, which therefore fold to one letter.
var leet = map[rune]rune{'0': 'o', '1': 'i', '!': 'i', '|': 'i', 'l': 'i', '3': 'e', '4': 'a', '@': 'a', '5': 's', '$': 's', '7': 't', '+': 't', '8': 'b', '9': 'g'}

func foldCase(s string) string { return strings.ToLower(norm.NFKC.String(s)) }

func foldLeet(s string) string {
	return strings.Map(func(r rune) rune {
		if to, ok := leet[r]; ok {
			return to
		}
		return r
	}, s)
}

// stem drops digits and marks at the end.
func stem(s string) string {
	return strings.TrimRightFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

// common is the blocklist, folded: every word, doubled, reversed, with "my" or "the" before it, and with
// the usual endings.
var common = sync.OnceValue(func() map[string]struct{} {
	set := map[string]struct{}{}
	add := func(s string) { set[foldLeet(s)] = struct{}{} }
	for _, w := range strings.Fields(commonText) {
		add(w)
		if e := stem(w); len(e) >= 3 { // typed with other digits behind it
			add(e)
		}
		if len(w) < 4 {
			continue
		}
		add(w + w)
		add(reversed(w))
		add("my" + w)
		add("the" + w)
		for _, j := range joiners {
			add(w + j)
		}
	}
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "1234567890"} {
		for i := range row {
			for j := i + 3; j <= len(row); j++ {
				add(row[i:j])
				add(reversed(row[i:j]))
			}
		}
	}
	for c := 'a'; c <= 'z'; c++ {
		for n := 3; n <= 16; n++ {
			add(strings.Repeat(string(c), n))
		}
	}
	return set
})

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// isCommon compares after folding case, folding leet and stripping trailing digits and marks, in either
// order: "P@ssw0rd1!" and "Pa$$word$" are both the word.
func isCommon(password string) bool {
	set, low := common(), foldCase(password)
	for _, s := range []string{foldLeet(low), foldLeet(stem(low)), stem(foldLeet(low))} {
		if _, ok := set[s]; ok {
			return true
		}
	}
	return false
}
