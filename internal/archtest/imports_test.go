package archtest

import (
	"slices"
	"strings"
	"testing"
)

// fence says who alone may import something, and why.
type fence struct {
	imports []string // an import path, or a prefix when it ends in "/"
	only    []string // packages, or folders when they end in "/"
	reason  string
}

var fences = []fence{
	{[]string{"database/sql", "modernc.org/sqlite", "github.com/pressly/goose/v3"}, []string{"internal/engine/db"},
		"SQL goes through engine/db, or it escapes the tenant of its transaction"},
	{[]string{"github.com/jackc/pgx/v5"}, []string{"internal/engine/db", "internal/testkit/"},
		"as above; the test kit makes and drops whole databases"},
	{[]string{"crypto/aes", "crypto/cipher", "crypto/des", "crypto/rc4", "golang.org/x/crypto/chacha20poly1305", "golang.org/x/crypto/nacl/"}, []string{"internal/engine/vault"},
		"one place knows how things are sealed, so that one place can be audited and keys can be destroyed"},
	{[]string{"golang.org/x/crypto/argon2", "golang.org/x/crypto/bcrypt", "golang.org/x/crypto/scrypt"}, []string{"internal/people/identity", "internal/engine/vault"},
		"password hashing is bounded in one place, or a storm of sign-ins takes all memory"},
	{[]string{"github.com/transparency-dev/"}, []string{"internal/engine/audit"},
		"what is in the log is decided by audit alone"},
	{[]string{"github.com/xuri/excelize/v2"}, []string{"internal/base/tabular", "internal/testkit/"},
		"tabular puts the guard against formula injection into every cell"},
	{[]string{"html/template"}, []string{"internal/web", "internal/web/"},
		"HTML is made where the content security policy is set"},
	{[]string{"math/rand", "math/rand/v2"}, []string{"internal/app", "internal/testkit/"},
		"predictable numbers are for demo people; everything else takes crypto/rand"},
	{[]string{"os/exec", "github.com/chromedp/"}, []string{"internal/testkit/", "cmd/rakudos", "internal/operations/backup/pgtool"},
		"the service starts no other program than PostgreSQL's own, for copies of its cluster (ADR 32)"},
	{[]string{"unsafe", "plugin", "C"}, nil, "nothing here needs to leave the language"},
}

func TestFences(t *testing.T) {
	in := func(list []string, p string) bool {
		return slices.ContainsFunc(list, func(l string) bool {
			return l == p || strings.HasSuffix(l, "/") && strings.HasPrefix(p, l)
		})
	}
	for _, f := range load(t) {
		if f.test && !slices.Contains(f.imports, "database/sql") {
			continue // tests look at things from outside; SQL alone is fenced for them too
		}
		for _, w := range fences {
			for _, i := range f.imports {
				if in(w.imports, i) && !in(w.only, f.pkg) {
					t.Errorf("%s imports %s, which only %v may: %s", f.path, i, w.only, w.reason)
				}
			}
		}
	}
}

// program tells the packages that ship.
func program(f file) bool {
	return !f.test && !strings.HasPrefix(f.pkg, "internal/testkit") && f.pkg != "internal/archtest"
}

// TestRulesDoNotReadTheClock: a file of pure rules takes the instant as an argument. Such a file is one of
// base or of a subject that neither takes a context nor guards a cache nor touches an engine.
func TestRulesDoNotReadTheClock(t *testing.T) {
	for _, f := range load(t) {
		fl, _ := floorOf(f.pkg)
		impure := slices.Contains(f.imports, "context") || slices.Contains(f.imports, "sync") || slices.ContainsFunc(f.own(), func(p string) bool { return strings.HasPrefix(p, "internal/engine/") })
		rule := fl.number == 0 || (fl.number == 3 || fl.number == 4) && !impure
		if !rule || !program(f) {
			continue
		}
		for _, at := range f.uses(t, "time", func(n string) bool { return n == "Now" || n == "Since" || n == "Until" }) {
			t.Errorf("%s reads the clock in a file of rules: take the instant as an argument", at)
		}
	}
}

func TestPrintOnlyInTheCommandLine(t *testing.T) {
	for _, f := range load(t) {
		if !program(f) || f.pkg == "internal/cli" || strings.HasPrefix(f.pkg, "cmd/") {
			continue
		}
		for _, at := range f.uses(t, "fmt", func(n string) bool { return strings.HasPrefix(n, "Print") }) {
			t.Errorf("%s prints: return a value, or take an io.Writer or a logger", at)
		}
	}
}

func TestNoInitRegistration(t *testing.T) {
	for _, f := range load(t) {
		if !program(f) {
			continue
		}
		if i := strings.Index(string(f.text), "\nfunc init()"); i >= 0 {
			t.Errorf("%s has an init function: app wires everything, where the compiler and a reader see it", f.path)
		}
	}
}
