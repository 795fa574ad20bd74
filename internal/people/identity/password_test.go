package identity

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPasswordVectors(t *testing.T) {
	p := DefaultPolicy()
	c := PasswordContext{LoginID: "hanako.y", TenantCode: "midori", TenantName: "株式会社みどり製作所"}
	rep := func(s string, n int) string { return strings.Repeat(s, n) }
	for _, v := range []struct {
		pw     string
		breaks []string
	}{
		// decisions 3-4a
		{"Abcdef1!xx", nil},
		{"Abcdef1!x", []string{RuleLength}},
		{"Abcdef1！xx", []string{RuleClasses}},
		{"Password1!", []string{RuleBlocklist}},
		{rep("Kx7#", 16), nil},
		{rep("Kx7#", 32) + "y", []string{RuleMaximum}},
		{rep("Kx7#", 32), nil},
		{"A1!" + rep("x", 125), nil},
		// clauses.md 3-4a
		{"abcdef1!xx", []string{RuleClasses}},
		{"ABCDEF1!XX", []string{RuleClasses}},
		{"Abcdefg!xx", []string{RuleClasses}},
		{"Abcdef12xx", []string{RuleClasses}},
		{"Abcdef1 xx", []string{RuleClasses}},
		{"健康Ab1!😀😀😀😀", nil},
		{"ＡＢＣａｂｃ１２３！", []string{RuleClasses, RuleBlocklist}},
		// never trimmed
		{" Kx7#mq2v ", nil},
		// the blocklist, folded
		{"P@ssw0rd!!", []string{RuleBlocklist}},
		{"P@$$w0rd2026", []string{RuleBlocklist}},
		{"Qwerty123!@#", []string{RuleBlocklist}},
		{"1qaz!QAZ2wsx", nil},
		{"1qaz2wsX!!", []string{RuleBlocklist}},
		{"Welcome2026!", []string{RuleBlocklist}},
		{"Sakura2026!!", []string{RuleBlocklist}},
		{"Kenshin2026!", []string{RuleBlocklist}},
		{"AdminAdmin1!", []string{RuleBlocklist}},
		{"Tokyo@2026#", []string{RuleBlocklist}},
		{"Drowssap12!!", []string{RuleBlocklist}},
		{"ABCDEFgh1234!", []string{RuleBlocklist}},
		// context: of four characters or more
		{"Midori#77xQ", []string{RuleContext}},
		{"xQ#77M1D0R1", []string{RuleContext}},
		{"qM1D0r1#77x", []string{RuleContext}},
		{"Ab1!みどり製作所ab", []string{RuleContext}},
		{"Hanako.Y#77", []string{RuleContext}},
		{"Rakudos#77xQ", []string{RuleContext}},
		{"", []string{RuleLength, RuleClasses}},
		{"Kx7#mq2vz\xff", []string{RuleMaximum}},
	} {
		got := broken(CheckPassword(p, c, v.pw))
		slices.Sort(got)
		want := slices.Sorted(slices.Values(v.breaks))
		if !slices.Equal(got, want) {
			t.Errorf("%q breaks %v, want %v", v.pw, got, want)
		}
	}
}

func TestShortContextIsIgnored(t *testing.T) {
	c := PasswordContext{LoginID: "hr", TenantCode: "abc", TenantName: "株式会社あ"}
	if b := broken(CheckPassword(DefaultPolicy(), c, "hrABCx#77株式会社あ")); len(b) != 1 || b[0] != RuleContext {
		t.Errorf("breaks %v: the whole name is a context word, its legal form alone is not", b)
	}
	if b := broken(CheckPassword(DefaultPolicy(), c, "hrABCx#77会社")); len(b) != 0 {
		t.Errorf("breaks %v", b)
	}
}

func TestRulesAreNamedInOrder(t *testing.T) {
	var got []string
	for _, r := range CheckPassword(DefaultPolicy(), PasswordContext{}, "") {
		got = append(got, r.Rule)
	}
	if strings.Join(got, " ") != "length classes blocklist context maximum" {
		t.Errorf("%v", got)
	}
}

func TestBlocklistSize(t *testing.T) {
	if n := len(common()); n < 5000 {
		t.Errorf("%d entries", n)
	} else {
		t.Logf("%d entries", n)
	}
	for w := range common() {
		if w != foldLeet(foldCase(w)) {
			t.Fatalf("%q is not folded", w)
		}
	}
}

// TestCommonWordsStayCommon: however a listed word is dressed with capitals and an end of digits and
// marks, it is found.
func TestCommonWordsStayCommon(t *testing.T) {
	words := strings.Fields(commonText)
	rapid.Check(t, func(t *rapid.T) {
		w := rapid.SampledFrom(words).Draw(t, "word")
		up := rapid.IntRange(0, len(w)).Draw(t, "capitals")
		end := rapid.StringOfN(rapid.SampledFrom([]rune("0123456789"+marks)), 0, 12, -1).Draw(t, "end")
		if pw := strings.ToUpper(w[:up]) + w[up:] + end; !isCommon(pw) {
			t.Fatalf("%q passes", pw)
		}
	})
}

func TestGeneratedPasswordsObey(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		pw := GeneratePassword()
		if b := broken(CheckPassword(DefaultPolicy(), PasswordContext{}, pw)); len(b) > 0 || utf8.RuneCountInString(pw) != 19 || strings.ContainsAny(pw, " \t\"'&<>") {
			t.Fatalf("%q breaks %v", pw, b)
		}
		if seen[pw] {
			t.Fatalf("%q twice", pw)
		}
		seen[pw] = true
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("Abcdef1!xx")
	f.Fuzz(func(t *testing.T, pw string) {
		r := CheckPassword(DefaultPolicy(), PasswordContext{TenantCode: "midori"}, pw)
		if len(r) != 5 {
			t.Fatal(r)
		}
	})
}
