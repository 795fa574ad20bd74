package org

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
	"pgregory.net/rapid"
)

func TestFoldKana(t *testing.T) {
	for _, same := range [][]string{
		{"サトウ ショウタ", "サトウ　ショウタ", "ｻﾄｳ ｼｮｳﾀ", "さとう しょうた", "サトウシヨウタ", "サトウ・ショウタ"},
		{"オオノ ユーコ", "オオノ ユコ", "ｵｵﾉ ﾕｰｺ", "オオノ ユ－コ", "オオノ ユ-コ"},
		{"ガギ パピ", "ｶﾞｷﾞ ﾊﾟﾋﾟ", "カ\u3099キ\u3099ハ\u309aヒ\u309a"},
		{"SMITH ジョン", "ｓｍｉｔｈ ｼﾞｮﾝ"},
		{"ヶヵヮ", "ケカワ"},
	} {
		for _, s := range same[1:] {
			if FoldKana(s) != FoldKana(same[0]) {
				t.Errorf("%q → %q, %q → %q", same[0], FoldKana(same[0]), s, FoldKana(s))
			}
		}
	}
	for _, differ := range [][2]string{{"ハシモト", "バシモト"}, {"サトウ", "サイトウ"}, {"カワイ", "カワエ"}} {
		if FoldKana(differ[0]) == FoldKana(differ[1]) {
			t.Errorf("%q and %q are not the same", differ[0], differ[1])
		}
	}
}

func TestFoldsAreStable(t *testing.T) {
	kana := rapid.StringOf(rapid.SampledFrom([]rune("アィウガパッヤュー 　ァぁんゔヴA・-")))
	rapid.Check(t, func(r *rapid.T) {
		s := kana.Draw(r, "s")
		once := FoldKana(s)
		if FoldKana(once) != once {
			t.Fatalf("folding %q twice differs", s)
		}
		if FoldKana(width.Narrow.String(s)) != once && norm.NFKC.String(width.Narrow.String(s)) == norm.NFKC.String(s) {
			t.Fatalf("half width of %q folds differently", s)
		}
		n := rapid.String().Draw(r, "n")
		if FoldNumber(FoldNumber(n)) != FoldNumber(n) {
			t.Fatalf("number %q", n)
		}
		if c := clean(n); clean(c) != c || strings.Contains(c, "  ") {
			t.Fatalf("clean %q", n)
		}
	})
}

func TestFoldNumber(t *testing.T) {
	for in, want := range map[string]string{"100001": "100001", " m0001 ": "M0001", "ｍ０００１": "M0001", "00123": "00123", "A-1": "A-1"} {
		if got := FoldNumber(in); got != want {
			t.Errorf("%q → %q", in, got)
		}
	}
	if FoldNumber("0123") == FoldNumber("123") {
		t.Error("leading zeros must count")
	}
}

func TestParseSex(t *testing.T) {
	for in, want := range map[string]Sex{"男": Male, "女性": Female, "Ｆ": Female, "m": Male, "１": Male, "2": Female, " 女 ": Female} {
		if got, ok := ParseSex(in); !ok || got != want {
			t.Errorf("%q: %v %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "3", "不明", "男女"} {
		if _, ok := ParseSex(in); ok {
			t.Errorf("%q was accepted", in)
		}
	}
}
