package db

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// TestCloseIsTheLastToTouchTheFiles: whoever closes a database may take its folder away at once, also right after the
// first use of a statement, which is then being prepared for later.
func TestCloseIsTheLastToTouchTheFiles(t *testing.T) {
	var queries []Query
	for i := range 4 {
		text := fmt.Sprintf("select count(*) from sqlite_schema where %d <> ?1", i)
		queries = append(queries, Query{name: fmt.Sprint("warm.", i), text: text, lite: text, global: true})
	}
	for range 100 {
		dir := filepath.Join(t.TempDir(), "d")
		d, err := Open(t.Context(), Config{Engine: SQLite, Path: filepath.Join(dir, "x.db"), Readers: 4})
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range queries { // the next one needs a connection while the one before is being prepared
			if err := d.View(t.Context(), Global, func(tx *Tx) error { _, err := Value[int](tx, q, -1); return err }); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Fatalf("the folder came back: %v", err)
		}
	}
}
