package archtest

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func generated(f file) bool { return bytes.HasPrefix(f.text, []byte("// Code generated")) }

func TestFileSizes(t *testing.T) {
	const largest, median = 600, 120
	var sizes []int
	for _, f := range load(t) {
		if generated(f) {
			continue
		}
		if f.lines > largest {
			t.Errorf("%s has %d lines, at most %d", f.path, f.lines, largest)
		}
		if !f.test {
			sizes = append(sizes, f.lines)
		}
	}
	slices.Sort(sizes)
	if m := sizes[len(sizes)/2]; m > median {
		t.Errorf("the median source file has %d lines, at most %d", m, median)
	}
}

func TestTestRatio(t *testing.T) {
	const goal, least = 0.9, 0.57 // least only ever rises, until it is the goal: docs/adr/0020-test-ratio.md
	var source, tests int
	for _, f := range load(t) {
		switch {
		case generated(f):
		case f.test, strings.HasPrefix(f.pkg, "internal/testkit/"):
			tests += f.lines
		default:
			source += f.lines
		}
	}
	ratio := float64(tests) / float64(source)
	t.Logf("%d lines of tests for %d lines of source: %.2f (goal %.1f)", tests, source, ratio, goal)
	if ratio < least {
		t.Errorf("%.2f lines of tests for each line of source, at least %.2f, goal %.1f", ratio, least, goal)
	}
}

// TestPackagesSayWhatTheyAre: one sentence what a package is for, one what it must never do.
func TestPackagesSayWhatTheyAre(t *testing.T) {
	docs, files := map[string]string{}, map[string]string{}
	for _, f := range load(t) {
		if f.test {
			continue
		}
		files[f.pkg] = f.path
		if a, _ := f.syntax(t); a.Doc != nil {
			docs[f.pkg] += a.Doc.Text()
		}
	}
	for pkg, path := range files {
		switch doc := docs[pkg]; {
		case doc == "":
			t.Errorf("%s: package %s has no doc comment", path, pkg)
		case !strings.Contains(doc, "never") && !strings.Contains(doc, "Nothing else"):
			t.Errorf("%s: the doc comment of %s does not say what it must never do", path, pkg)
		}
	}
}

func TestNothingLeftUndone(t *testing.T) {
	for _, f := range load(t) {
		if f.pkg == "internal/archtest" {
			continue
		}
		for _, word := range []string{"TODO", "FIXME", "not implemented", "unimplemented"} {
			if i := strings.Index(string(f.text), word); i >= 0 {
				t.Errorf("%s:%d: %q", f.path, 1+strings.Count(string(f.text[:i]), "\n"), word)
			}
		}
	}
}
