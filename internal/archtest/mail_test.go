package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// senders are who alone may hold a mail.Sender: the package that makes them, the wiring, and identity, whose deliver
// is the one place that sends.
var senders = []string{"internal/engine/mail", "internal/app", "internal/people/identity"}

// delivers is the function in which identity sends.
const delivers = "deliver"

// TestEveryMailKnowsItsWayBack: whatever is sent to a person carries the token by which a mail that comes back is
// known (ADR 31), because there is one way to send. A sender held elsewhere, or asked elsewhere, would go around it.
func TestEveryMailKnowsItsWayBack(t *testing.T) {
	sends := 0
	for _, f := range load(t) {
		if f.test || strings.HasPrefix(f.pkg, "internal/testkit/") || !slices.Contains(f.imports, "rakudos/internal/engine/mail") {
			continue
		}
		for _, why := range bypasses(t, f.path, f.text, f.pkg) {
			t.Errorf("%s: %s", f.path, why)
		}
		sends++
	}
	if sends < 5 {
		t.Errorf("only %d files with mail were looked at", sends)
	}
}

// bypasses are the ways around deliver in one file.
func bypasses(t *testing.T, path string, text any, pkg string) (out []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		fn, _ := d.(*ast.FuncDecl)
		ast.Inspect(d, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "mail" && n.Sel.Name == "Sender" && !slices.Contains(senders, pkg) {
					out = append(out, "holds a mail.Sender")
				}
			case *ast.CallExpr:
				if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Send" && len(n.Args) == 2 && (pkg != "internal/people/identity" || fn == nil || fn.Name.Name != delivers) {
					out = append(out, "sends a mail by itself")
				}
			}
			return true
		})
	}
	return out
}

// TestBypassIsFound: the check can fail.
func TestBypassIsFound(t *testing.T) {
	const held = "package p\nimport \"rakudos/internal/engine/mail\"\ntype S struct{ Mail mail.Sender }\n"
	const sent = "package p\nfunc (s *S) tell() { _ = s.mail.Send(ctx, mail.Message{}) }\n"
	for name, k := range map[string]struct {
		text, pkg string
		want      int
	}{
		"another package holds one":   {held, "internal/governance/accessreview", 1},
		"identity holds one":          {held, "internal/people/identity", 0},
		"another package sends":       {sent, "internal/app", 1},
		"identity sends elsewhere":    {sent, "internal/people/identity", 1},
		"identity sends where it may": {strings.Replace(sent, "tell", delivers, 1), "internal/people/identity", 0},
	} {
		if got := bypasses(t, name+".go", k.text, k.pkg); len(got) != k.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
