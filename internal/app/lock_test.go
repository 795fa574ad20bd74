package app

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

// TestTheNodeOfADataDirectory: a directory keeps its name from start to start, a copy that lost its file or holds
// something else gets a new one, and who comes second learns the process and changes nothing.
func TestTheNodeOfADataDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	held := func() string {
		t.Helper()
		node, release, err := lockData(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		_, _, err = lockData(dir)
		if f := fault.Of(err); f == nil || f.Code != "app.running" || f.Args["pid"] != strconv.Itoa(os.Getpid()) {
			t.Fatalf("a second process gets %v", err)
		}
		return node
	}
	first := held()
	host, _ := os.Hostname()
	if name, at, _ := strings.Cut(first, "@"); len(name) != 36 || at != host {
		t.Fatalf("the name is %q", first)
	}
	if again := held(); again != first {
		t.Errorf("after a restart %q, before %q", again, first)
	}
	file := filepath.Join(dir, "lock")
	for _, content := range []string{"", "4711\n", "4711\nsomething\n", strings.Repeat("x", 200)} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		lost := held()
		if lost == first || len(lost) != len(first) {
			t.Errorf("%q in the file gives %q", content, lost)
		}
		if again := held(); again != lost {
			t.Errorf("the new name does not stay: %q, then %q", lost, again)
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if other := held(); other == first {
		t.Error("another directory has the same name")
	}
}
