package identity

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

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

// unshift gives the digits that share a key with marks: "1qaz@WSX" is typed as "1qaz2wsx" is.
var unshift = strings.NewReplacer("!", "1", "@", "2", "#", "3", "$", "4", "%", "5", "^", "6", "&", "7", "*", "8", "(", "9", ")", "0")

// unit is the part of which s is a repetition, or s.
func unit(s string) string {
	if i := strings.Index((s + s)[min(1, len(s)):], s) + 1; i > 0 && i < len(s) {
		return s[:i]
	}
	return s
}

// forms are what a password is compared as: after folding case, folding leet and stripping digits and marks at the end,
// some of them or all, in either order. "P@ssw0rd1!" and "Pa$$word$" are both the word, and "Aa123456@1" is "aa123456".
func forms(password string) (out []string) {
	low := foldCase(password)
	for _, s := range []string{low, unshift.Replace(low), unit(low)} {
		out = append(out, stem(foldLeet(s)))
		for end := len(stem(s)); end <= len(s); end++ {
			if end == len(s) || utf8.RuneStart(s[end]) {
				out = append(out, foldLeet(s[:end]))
			}
		}
	}
	return out
}

func isCommon(password string) bool {
	return slices.ContainsFunc(forms(password), common().Has)
}
