package archtest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// asvsSections is how many requirements each section of ASVS 5.0.0, chapters 6 to 8, has.
var asvsSections = []struct {
	section string
	points  int
}{
	{"6.1", 3}, {"6.2", 12}, {"6.3", 8}, {"6.4", 6}, {"6.5", 8}, {"6.6", 4}, {"6.7", 2}, {"6.8", 4},
	{"7.1", 3}, {"7.2", 4}, {"7.3", 2}, {"7.4", 5}, {"7.5", 3}, {"7.6", 2},
	{"8.1", 4}, {"8.2", 4}, {"8.3", 3}, {"8.4", 2},
}

var (
	asvsLine = regexp.MustCompile(`^\| (\d\.\d\.\d+) \| ([123]) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)
	asvsName = regexp.MustCompile("`(Test[A-Za-z0-9_]+)`")
	testFunc = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9_]+)\(t \*testing\.T\)`)
)

// testNames are the tests of the whole tree.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	files, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]bool{}
	for _, f := range files {
		for _, m := range testFunc.FindAllSubmatch(f.text, -1) {
			tests[string(m[1])] = f.test
		}
	}
	return tests
}

// TestDocsNameTestsThatExist: wherever a document leans on a test, the test is there.
func TestDocsNameTestsThatExist(t *testing.T) {
	tests, named := testNames(t), 0
	err := filepath.WalkDir(filepath.Join(root(), "docs"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".md" {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range asvsName.FindAllSubmatch(b, -1) {
			if named++; !tests[string(m[1])] {
				t.Errorf("%s: there is no %s", filepath.Base(path), m[1])
			}
		}
		return err
	})
	if err != nil || named < 100 {
		t.Errorf("%d tests are named: %v", named, err)
	}
}

// TestASVSNamesWhatExists: docs/asvs.md has each of the 79 requirements once, says of each how it stands, and
// names tests that are there.
func TestASVSNamesWhatExists(t *testing.T) {
	wanted := map[string]bool{}
	for _, s := range asvsSections {
		for n := range s.points {
			wanted[fmt.Sprintf("%s.%d", s.section, n+1)] = true
		}
	}
	if len(wanted) != 79 {
		t.Fatalf("%d requirements are listed here", len(wanted))
	}
	tests := testNames(t)
	b, err := os.ReadFile(filepath.Join(root(), "docs", "asvs.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(b), "\n") {
		if !strings.HasPrefix(line, "| 6.") && !strings.HasPrefix(line, "| 7.") && !strings.HasPrefix(line, "| 8.") {
			continue
		}
		m := asvsLine.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("not a line of the table: %s", line)
			continue
		}
		if !wanted[m[1]] {
			t.Errorf("%s is no requirement, or stands here twice", m[1])
		}
		delete(wanted, m[1])
		if s := m[4]; !strings.HasPrefix(s, "met") && !strings.HasPrefix(s, "deviates") && !strings.HasPrefix(s, "not applicable: ") || strings.HasPrefix(s, "deviates") && !strings.Contains(s, ": ") {
			t.Errorf("%s is neither met nor explained: %q", m[1], s)
		}
		names := asvsName.FindAllStringSubmatch(m[5], -1)
		if len(names) == 0 {
			t.Errorf("%s names no test", m[1])
		}
		for _, n := range names {
			if !tests[n[1]] {
				t.Errorf("%s: there is no %s", m[1], n[1])
			}
		}
	}
	for id := range wanted {
		t.Errorf("%s is missing", id)
	}
}
