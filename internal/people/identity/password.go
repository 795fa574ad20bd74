package identity

import (
	"crypto/rand"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Rules of a password, as `rakudos explain password` names them.
const (
	RuleLength    = "length"
	RuleClasses   = "classes"
	RuleBlocklist = "blocklist"
	RuleContext   = "context"
	RuleMaximum   = "maximum"
)

// PasswordContext is what may not stand inside somebody's password.
type PasswordContext struct {
	LoginID    string
	TenantCode string
	TenantName string
}

// RuleResult is the outcome of one rule.
type RuleResult struct {
	Rule string `json:"rule"`
	OK   bool   `json:"ok"`
}

// marks are the 32 ASCII punctuation marks; no other character counts as one.
const marks = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"

// CheckPassword is the one function that decides a password, wherever it is set. It gives every rule in a
// fixed order. The password is neither trimmed nor cut; length is counted in code points.
func CheckPassword(p Policy, c PasswordContext, password string) []RuleResult {
	n := utf8.RuneCountInString(norm.NFC.String(password))
	return []RuleResult{
		{RuleLength, n >= p.PasswordLeast},
		{RuleClasses, p.weak == SabotagePassword || hasClasses(password)},
		{RuleBlocklist, p.weak == SabotagePassword || !isCommon(password) && !p.leaked(password)},
		{RuleContext, !holdsContext(p, c, password)},
		{RuleMaximum, n <= p.PasswordMost && utf8.ValidString(password)},
	}
}

// broken lists the rules that a password breaks.
func broken(results []RuleResult) []string {
	var out []string
	for _, r := range results {
		if !r.OK {
			out = append(out, r.Rule)
		}
	}
	return out
}

func hasClasses(password string) bool {
	var upper, lower, digit, mark bool
	for _, r := range password {
		switch {
		case r >= 'A' && r <= 'Z':
			upper = true
		case r >= 'a' && r <= 'z':
			lower = true
		case r >= '0' && r <= '9':
			digit = true
		case r < 0x80 && strings.ContainsRune(marks, r):
			mark = true
		}
	}
	return upper && lower && digit && mark
}

// legalForms are parts of company names that would forbid nothing by themselves.
var legalForms = strings.NewReplacer("株式会社", "", "有限会社", "", "合同会社", "", "(株)", "", "(有)", "", "一般財団法人", "", "公益財団法人", "", "医療法人", "")

// holdsContext finds the login ID, the tenant's code or name, or the service's name, of ContextLeast code
// points or more, whatever the case and the usual replacements.
func holdsContext(p Policy, c PasswordContext, password string) bool {
	low := foldCase(password)
	folded := foldLeet(low)
	name := foldCase(c.TenantName)
	words := append([]string{c.LoginID, c.TenantCode, name, legalForms.Replace(name)}, p.ServiceNames...)
	for _, w := range words {
		w = strings.TrimSpace(foldCase(w))
		if utf8.RuneCountInString(w) < p.ContextLeast {
			continue
		}
		if strings.Contains(low, w) || strings.Contains(folded, foldLeet(w)) {
			return true
		}
	}
	return false
}

// NameWords are the forms in which somebody might type a name into a password: as it stands, without what separates its
// parts, and each part that is no ordinary word of Latin letters.
func NameWords(name string) []string {
	parts := strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != 'ー'
	})
	out := []string{name, strings.Join(parts, "")}
	for _, p := range parts {
		if strings.ContainsFunc(p, func(r rune) bool { return r > unicode.MaxASCII }) {
			out = append(out, p)
		}
	}
	return out
}

// The letters of generated passwords: none that is easily taken for another.
const (
	genUpper = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	genLower = "abcdefghijkmnpqrstuvwxyz"
	genDigit = "23456789"
)

// GeneratePassword makes a password that obeys the default policy: four groups of four, about 86 bits.
// It has no run of eight digits and no character that shells, forms or spoken words spoil.
func GeneratePassword() string {
	for {
		var b strings.Builder
		for i := range 16 {
			if i > 0 && i%4 == 0 {
				b.WriteByte('-')
			}
			b.WriteByte(pick(genUpper + genLower + genDigit))
		}
		if s := b.String(); len(broken(CheckPassword(DefaultPolicy(), PasswordContext{}, s))) == 0 {
			return s
		}
	}
}

func pick(from string) byte {
	n, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return from[n.Int64()]
}
