package words

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

func TestFaultFillsPlaceholders(t *testing.T) {
	got := Fault(fault.New(fault.TooLarge, "web.too_large", "limit", "64 KiB"))
	if want := "送られた内容が大きすぎます（上限 64 KiB）。"; got.Message != want {
		t.Errorf("got %q, want %q", got.Message, want)
	}
	if got := fill("{a}と{b}", map[string]string{"a": "{b}"}); got != "{b}と不明" {
		t.Errorf("an argument is expanded again or a missing one is shown: %q", got)
	}
	if got := Fault(fault.New(fault.Busy, "nobody.knows")); got != kindTexts[fault.Busy] {
		t.Errorf("an unknown code must take the words of its kind, got %+v", got)
	}
}

// TestAnEnvelopeHasNoMail: who holds the codes on paper is sent to no mailbox.
func TestAnEnvelopeHasNoMail(t *testing.T) {
	if text := Fault(fault.New(fault.Invalid, "identity.envelope_wrong", "left", "3")); strings.Contains(text.Message+text.Kept+text.Next, "メール") || !strings.Contains(text.Kept, "3") {
		t.Errorf("%+v", text)
	}
}

// TestWhatNobodySeesIsNamed: whatever the code, the words say which field has which character.
func TestWhatNobodySeesIsNamed(t *testing.T) {
	if text := Fault(fault.New(fault.Invalid, "support.reason", "hidden", "制御文字 U+0000", "of", "理由")); !strings.Contains(text.Message, "理由に制御文字 U+0000が") || strings.Contains(text.Message, "500") {
		t.Errorf("%+v", text)
	}
}

func TestNoCodeIsListedTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range subjects {
		for code, text := range m {
			if seen[code] {
				t.Errorf("%s stands in two catalogues", code)
			}
			seen[code] = true
			if text.Message == "" {
				t.Errorf("%s has no message", code)
			}
		}
	}
}

// TestEverySubjectIsListed finds a catalogue that was written but not joined.
func TestEverySubjectIsListed(t *testing.T) {
	src, err := os.ReadFile("words.go")
	if err != nil {
		t.Fatal(err)
	}
	for name := range sourceFiles(t, ".") {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range g.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || !strings.HasSuffix(v.Names[0].Name, "Texts") || v.Names[0].Name == "kindTexts" {
					continue
				}
				if !strings.Contains(string(src), "\t"+v.Names[0].Name+",") {
					t.Errorf("%s: %s is not joined in words.go", name, v.Names[0].Name)
				}
			}
		}
	}
}

// TestEveryCodeHasWords reads the whole tree for fault.New and looks its codes up.
func TestEveryCodeHasWords(t *testing.T) {
	for name := range sourceFiles(t, "../..") {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			at := 1 // fault.New(kind, code, …)
			if x, ok := c.Fun.(*ast.Ident); ok && x.Name == "wrong" {
				at = 0 // the command line's wrong(code, …)
			} else if !isFaultNew(c.Fun) {
				return true
			}
			if len(c.Args) <= at {
				return true
			}
			lit, ok := c.Args[at].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if code, _ := strconv.Unquote(lit.Value); !Known(code) {
				t.Errorf("%s: %q has no words", name, code)
			}
			return true
		})
	}
}

func isFaultNew(e ast.Expr) bool {
	s, ok := e.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "New" {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	return ok && x.Name == "fault"
}

// sourceFiles yields the Go files below root that are no tests.
func sourceFiles(t *testing.T, root string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && p != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(p, ".go") && !strings.HasSuffix(p, "_test.go") {
			out[p] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEveryWordIsSaid: words for a fault that nobody makes any more mislead the next reader.
func TestEveryWordIsSaid(t *testing.T) {
	var all strings.Builder
	for name := range sourceFiles(t, "../..") {
		if filepath.Base(filepath.Dir(name)) == "words" {
			continue
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	source := all.String()
	for code := range catalogue {
		if !strings.Contains(source, strconv.Quote(code)) {
			t.Errorf("%q has words, and nothing says it", code)
		}
	}
}
