package identity

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The blocklist is built into the program as a filter: 1 in a million other words is taken for one of it
// (FilterRate), which a test measures. Its lists stand in blocklist/: words.txt is written down by hand from
// what is generally known to be common, leaked.txt comes from a published list (see LICENSE there).
//
//go:generate go run ./blocklist/make
//go:embed blocklist/blocklist.bloom
var commonBytes []byte

var common = sync.OnceValue(func() *Filter {
	f, err := ParseFilter(commonBytes)
	if err != nil {
		panic(err) // built into the program, and read by its tests
	}
	return f
})

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

// Blocklist gives every entry of the built-in list, folded. Of the words written by hand: each, doubled,
// reversed, with "my" or "the" before it, and with the usual endings. Of the leaked ones: each, and what is
// left without digits and marks at its end.
func Blocklist(words, leaked string) map[string]struct{} {
	set := map[string]struct{}{}
	add := func(s string) { set[foldLeet(s)] = struct{}{} }
	for _, w := range strings.Fields(words) {
		add(w)
		if e := stem(w); len(e) >= 3 { // typed with other digits behind it
			add(e)
		}
		if len(w) < 4 {
			continue
		}
		for _, s := range []string{w + w, reversed(w), "my" + w, "the" + w} {
			add(s)
		}
		for _, j := range joiners {
			add(w + j)
		}
	}
	for _, w := range strings.Fields(foldCase(leaked)) {
		add(w)
		if e := stem(w); len(e) >= 4 {
			add(e)
		}
	}
	addRows(add)
	return set
}

// addRows adds runs of keys, of the alphabet, of digits, and of one letter.
func addRows(add func(string)) {
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
}

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// forms are what a password is compared as: after folding case, folding leet and stripping trailing digits
// and marks, in either order. "P@ssw0rd1!" and "Pa$$word$" are both the word.
func forms(password string) [3]string {
	low := foldCase(password)
	return [3]string{foldLeet(low), foldLeet(stem(low)), stem(foldLeet(low))}
}

func isCommon(password string) bool {
	for _, s := range forms(password) {
		if common().Has(s) {
			return true
		}
	}
	return false
}
