package archtest

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// file is one Go source file of the module.
type file struct {
	path    string // from the root, with slashes: "internal/base/ids/ids.go"
	pkg     string // import path without the module: "internal/base/ids"
	test    bool
	lines   int
	imports []string
	text    []byte
}

const module = "rakudos/"

var root = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	for dir != "/" {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	panic("archtest: no go.mod above the test")
})

// sources reads every Go file in-process: a test that shelled out to `go list` would be served stale from
// the test cache, which only knows of files that the test itself opens.
var sources = sync.OnceValues(func() ([]file, error) {
	var out []file
	err := filepath.WalkDir(root(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root() && (strings.HasPrefix(name, ".") || slices.Contains([]string{"node_modules", "testdata", "data", "bin", "out", "tools"}, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root(), path)
		if err != nil {
			return err
		}
		f := file{path: filepath.ToSlash(rel), test: strings.HasSuffix(name, "_test.go"), lines: bytes.Count(text, []byte("\n")), text: text}
		f.pkg = strings.TrimSuffix(f.path, "/"+name)
		for _, i := range parsed.Imports {
			f.imports = append(f.imports, strings.Trim(i.Path.Value, `"`))
		}
		out = append(out, f)
		return nil
	})
	return out, err
})

func load(t *testing.T) []file {
	t.Helper()
	s, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// own returns the packages of this module that f imports, without the module's name.
func (f file) own() []string {
	var out []string
	for _, i := range f.imports {
		if p, ok := strings.CutPrefix(i, module); ok {
			out = append(out, p)
		}
	}
	return out
}

// syntax parses the whole file.
func (f file) syntax(t *testing.T) (*ast.File, *token.FileSet) {
	t.Helper()
	set := token.NewFileSet()
	a, err := parser.ParseFile(set, f.path, f.text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return a, set
}

// calls returns the positions of uses of pkg.name, where pkg is the last element of an import path.
func (f file) uses(t *testing.T, pkg string, match func(name string) bool) []token.Position {
	t.Helper()
	a, set := f.syntax(t)
	var out []token.Position
	ast.Inspect(a, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == pkg && match(s.Sel.Name) {
				out = append(out, set.Position(s.Pos()))
			}
		}
		return true
	})
	return out
}
