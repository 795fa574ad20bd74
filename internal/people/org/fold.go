package org

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// smallKana gives the large form of each small katakana.
var smallKana = map[rune]rune{
	'ァ': 'ア', 'ィ': 'イ', 'ゥ': 'ウ', 'ェ': 'エ', 'ォ': 'オ', 'ッ': 'ツ', 'ャ': 'ヤ', 'ュ': 'ユ', 'ョ': 'ヨ', 'ヮ': 'ワ', 'ヵ': 'カ', 'ヶ': 'ケ',
}

// FoldKana makes the key under which two spellings of a name in kana are the same: half-width and
// hiragana become full-width katakana, small kana large ones, Latin letters capitals; spaces, long marks,
// hyphens and middle dots are left out.
func FoldKana(s string) string {
	s = norm.NFKC.String(s)
	return strings.Map(func(r rune) rune {
		switch {
		case 'ぁ' <= r && r <= 'ゖ':
			r += 'ァ' - 'ぁ'
		case unicode.IsSpace(r), isLong(r), r == '・':
			return -1
		}
		if large, ok := smallKana[r]; ok {
			return large
		}
		return unicode.ToUpper(r)
	}, s)
}

// isLong tells the long mark and what is written in its stead.
func isLong(r rune) bool {
	switch r {
	case 'ー', '-', '‐', '‑', '–', '—', '―', '−', '〜', '~':
		return true
	}
	return false
}

// isKanaName accepts what a reading is written with: kana, Latin letters of foreign names, marks, spaces.
func isKanaName(s string) bool {
	for _, r := range norm.NFKC.String(s) {
		ok := 'ぁ' <= r && r <= 'ゖ' || 'ァ' <= r && r <= 'ヺ' || isLong(r) || unicode.IsSpace(r) ||
			'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || strings.ContainsRune("・.,'", r)
		if !ok {
			return false
		}
	}
	return FoldKana(s) != ""
}

// FoldNumber makes the key under which two spellings of an employee number are the same: width and case
// do not count, leading zeros do.
func FoldNumber(s string) string {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || 'a' <= c && c <= 'z' {
			return strings.ToUpper(strings.TrimSpace(norm.NFKC.String(s)))
		}
	}
	return s
}

// foldUnit makes the key under which two spellings of a site's or department's code or name are the same.
func foldUnit(s string) string {
	return strings.ToUpper(strings.Join(strings.Fields(norm.NFKC.String(s)), " "))
}

// clean trims a cell and makes every run of white space one space. Ideographs are left as they are:
// normalising them would turn 﨑 and its like into other characters.
func clean(s string) string {
	plain := true
	for i := range len(s) {
		if c := s[i]; c <= ' ' && (c != ' ' || i == 0 || i == len(s)-1 || s[i-1] == ' ') || c == 0xe3 && strings.HasPrefix(s[i:], "　") || c == 0xc2 || c == 0xe2 {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}
