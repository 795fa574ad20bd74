package identity

import (
	"encoding/hex"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
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
		{"Aa123456!!", []string{RuleBlocklist}},
		{"Aa123456@1", []string{RuleBlocklist}},
		{"Aa12345678!", []string{RuleBlocklist}},
		{"Aa@123456!", []string{RuleBlocklist}},
		{"1qaz@WSX3edc", []string{RuleBlocklist}},
		{"1qaz!QAZ2wsx", []string{RuleBlocklist}},
		{"Zaq1@wsx12", []string{RuleBlocklist}},
		{"Password1!Password1!", []string{RuleBlocklist}},
		{"Password-Kx7mq2vz", nil},
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

// TestTheConfiguredNameIsNoPassword in any of the forms in which it is typed.
func TestTheConfiguredNameIsNoPassword(t *testing.T) {
	p := DefaultPolicy()
	p.ServiceNames = append(p.ServiceNames, NameWords("健康管理楽 dos.")...)
	for pw, ok := range map[string]bool{"健康管理楽Aa1!bbcc": false, "健康管理楽 dos.Aa1!": false, "健康管理楽dosAa1!bc": false, "健康Aa1!bbccKx管理": true, "Kx7#dos-mq2vz": true} {
		if b := broken(CheckPassword(p, PasswordContext{}, pw)); (len(b) == 0) != ok {
			t.Errorf("%q breaks %v", pw, b)
		}
	}
	p.ServiceNames = NameWords("Blue Care") // whose parts are ordinary words
	for pw, ok := range map[string]bool{"Blue!Tiger4Lamp": true, "bluecare#Kx7mq2": false} {
		if b := broken(CheckPassword(p, PasswordContext{}, pw)); slices.Contains(b, RuleContext) == ok {
			t.Errorf("%q breaks %v", pw, b)
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
	set := Blocklist(listText(t, "words"), listText(t, "leaked"))
	if n := len(set); n < 40_000 || common().Len() != n {
		t.Errorf("%d entries, %d in the filter", n, common().Len())
	}
	for w := range set {
		if w != foldLeet(foldCase(w)) {
			t.Fatalf("%q is not folded", w)
		}
		if !common().Has(w) {
			t.Fatalf("%q is not in the filter: run go generate", w)
		}
	}
	if n := len(commonBytes); n > 512<<10 {
		t.Errorf("the filter takes %d bytes", n)
	}
}

func listText(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile("blocklist/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestFilterRate measures what the filter takes for its own although it is not.
func TestFilterRate(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	wrong, n := 0, 1_000_000
	for range n {
		if common().Has(strconv.FormatUint(r.Uint64(), 36) + "#") {
			wrong++
		}
	}
	if t.Logf("%d of %d, %d bytes for %d entries", wrong, n, len(commonBytes), common().Len()); wrong > 8 {
		t.Errorf("%d wrong of %d: more than %g", wrong, n, FilterRate)
	}
	for _, b := range [][]byte{nil, []byte("rkbloom1"), []byte("rkbloom0\x05aaaaaaaaa")} {
		if _, err := ParseFilter(b); err == nil {
			t.Errorf("%q is taken for a filter", b)
		}
	}
}

// TestOperatorsList loads passwords and hashes in one file.
func TestOperatorsList(t *testing.T) {
	path := t.TempDir() + "/list.txt"
	lines := "Tr0ub4dor&3\r\n\n" + hex.EncodeToString([]byte(sha1Of("Vq8!zzKp#2")[5:])) + ":123\nplainone"
	if err := os.WriteFile(path, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := LoadBlocklist(path)
	if err != nil {
		t.Fatal(err)
	}
	p := DefaultPolicy()
	for _, pw := range []string{"Tr0ub4dor&3", "TROUB4D0r&3", "Vq8!zzKp#2", "PlainOne77!"} {
		if len(broken(CheckPassword(p, PasswordContext{}, pw))) != 0 {
			t.Fatalf("%q is refused without the list", pw)
		}
	}
	p.Leaked = f
	for pw, ok := range map[string]bool{"Tr0ub4dor&3": false, "TROUB4D0r&3": false, "Vq8!zzKp#2": false, "Vq8!zzKp#3": true, "PlainOne77!": false, "Abcdef1!xx": true, "Kx7#mq2v-Z": true} {
		if b := broken(CheckPassword(p, PasswordContext{}, pw)); (len(b) == 0) != ok {
			t.Errorf("%q breaks %v", pw, b)
		}
	}
	if _, err := LoadBlocklist(path + ".none"); err == nil {
		t.Error("a list that is not there is no error")
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadBlocklist(path); err == nil {
		t.Error("a line without end is read")
	}
}

// TestCommonWordsStayCommon: however a listed word is dressed with capitals and an end of digits and
// marks, it is found.
func TestCommonWordsStayCommon(t *testing.T) {
	words := strings.Fields(listText(t, "words"))
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
