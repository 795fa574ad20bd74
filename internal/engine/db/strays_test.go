package db

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStrays finds databases wherever they lie and whatever they are called, keeps the locks of the open one that it
// passes, also by another name of the same file, and says when it did not come to the end.
func TestStrays(t *testing.T) {
	dir := t.TempDir()
	own := filepath.Join(dir, "own.db")
	d := openFile(t, own)
	if _, err := d.write.Exec("pragma wal_checkpoint(truncate)"); err != nil {
		t.Fatal(err)
	}
	before := locks(t, own)
	copied := peek(t, own)
	put := func(name string, b []byte) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("top.bin", copied)
	put("backups/old/own.db", copied)
	put("x/y/z/photo.jpg", append(append([]byte(nil), copied...), 1))
	put("x/log", []byte{0x37, 0x7f, 0x06, 0x82, 0})
	put("x/text.db", []byte("SQLite format"))
	put("x/empty.db", nil)
	put("tmp/own.db", copied)
	put("x/tmp/own.db", copied)
	if err := os.Symlink(own, filepath.Join(dir, "x", "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(own, filepath.Join(dir, "x", "same")); err != nil {
		t.Fatal(err)
	}
	s := Strays{Root: dir, Own: []string{own, ""}, Skip: []string{"tmp"}, Mark: "create table peeked"}
	all, whole, err := s.Find(t.Context())
	var got []string
	for _, f := range all {
		if f.Marked != (f.Path != "x/log") {
			t.Errorf("%+v", f)
		}
		got = append(got, f.Path)
	}
	if want := "backups/old/own.db top.bin x/log x/same x/tmp/own.db x/y/z/photo.jpg"; err != nil || !whole || strings.Join(got, " ") != want {
		t.Errorf("%v, %v, %v", got, whole, err)
	}
	if after := locks(t, own); after != before || before == 0 {
		t.Errorf("%d locks became %d", before, after)
	}
	if _, err := d.write.Exec("insert into peeked default values"); err != nil {
		t.Error(err)
	}
	for name, cut := range map[string]func(*Strays){"depth": func(s *Strays) { s.Depth = 1 }, "entries": func(s *Strays) { s.Entries = 2 }, "time": func(s *Strays) { s.Within = time.Nanosecond }} {
		short := s
		cut(&short)
		if _, whole, err := short.Find(t.Context()); err != nil || whole {
			t.Errorf("%s: %v, %v", name, whole, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Find(ctx); err == nil {
		t.Error("a look that was called off is one")
	}
}
