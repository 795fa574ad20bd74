package erasure

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// shelf is a ledger in folders of its own.
type shelf struct {
	testing.TB
	l          *Ledger
	v          *vault.Vault
	file, copy string
}

func newShelf(t *testing.T, e *testdb.Env) *shelf {
	t.Helper()
	root, err := vault.FileRoot(filepath.Join(e.Dir, "root.key"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), e.Keys, root)
	if err != nil {
		t.Fatal(err)
	}
	s := &shelf{TB: t, v: v, file: filepath.Join(e.Dir, "l", ledgerName), copy: filepath.Join(e.Dir, "c", ledgerName)}
	s.l = NewLedger(filepath.Dir(s.file), filepath.Dir(s.copy))
	return s
}

func (s *shelf) add(run string) Entry {
	s.Helper()
	e, err := s.l.Append(s.Context(), s.v, Entry{At: time.Now(), Run: run, Kind: Persons, Tenant: ids.New[ids.Tenant](), People: []ids.Person{ids.New[ids.Person]()}})
	if err != nil {
		s.Fatal(err)
	}
	return e
}

func (s *shelf) text() []byte {
	s.Helper()
	b, err := os.ReadFile(s.file)
	if err != nil {
		s.Fatal(err)
	}
	return b
}

func (s *shelf) put(file string, b []byte) {
	s.Helper()
	if err := os.WriteFile(file, b, 0o600); err != nil {
		s.Fatal(err)
	}
}

func TestLedgerGrowsAndIsRead(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s := newShelf(t, e)
		if all, err := s.l.Read(t.Context(), s.v); err != nil || len(all) != 0 {
			t.Fatalf("a new one: %v %v", all, err)
		}
		first, second := s.add("a"), s.add("b")
		if again := s.add("a"); again.MAC != first.MAC || again.N != 1 {
			t.Errorf("a run got two entries: %+v", again)
		}
		all, err := s.l.Read(t.Context(), s.v)
		if err != nil || len(all) != 2 || all[1].Prev != first.hash() || all[1].MAC != second.MAC {
			t.Errorf("%+v %v", all, err)
		}
		other, err := os.ReadFile(s.copy)
		if err != nil || !bytes.Equal(other, s.text()) {
			t.Errorf("the copy differs: %v", err)
		}
		if info, _ := os.Stat(s.file); info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", info.Mode())
		}
		head, err := s.v.LedgerHead(t.Context())
		if err != nil || head.N != 2 {
			t.Errorf("head %+v %v", head, err)
		}
	})
}

// TestAlteredLedgerIsRefused: gone, cut, one bit, exchanged lines, a line of another service: all are noticed.
func TestAlteredLedgerIsRefused(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s := newShelf(t, e)
		s.add("a")
		s.add("b")
		s.add("c")
		whole := s.text()
		lines := bytes.SplitAfter(whole, []byte("\n"))
		flip := bytes.Clone(whole)
		flip[len(flip)/2] ^= 1
		blank := bytes.Replace(whole, []byte(`{"n":1,`), []byte(`{"n":1, `), 1)
		stranger := testdb.New(t, e.Engine)
		foreign := newShelf(t, stranger)
		foreign.add("a")
		foreign.add("b")
		foreign.add("c")
		for name, c := range map[string]struct {
			text []byte
			code string
		}{
			"emptied":         {nil, "erasure.ledger_short"},
			"cut":             {bytes.Join(lines[:2], nil), "erasure.ledger_short"},
			"cut in a line":   {whole[:len(whole)-5], "erasure.ledger_short"},
			"one bit":         {flip, "erasure.ledger_altered"},
			"a space":         {blank, "erasure.ledger_altered"},
			"first cut":       {bytes.Join(lines[1:], nil), "erasure.ledger_altered"},
			"exchanged":       {bytes.Join([][]byte{lines[0], lines[2], lines[1]}, nil), "erasure.ledger_altered"},
			"another service": {foreign.text(), "erasure.ledger_altered"},
		} {
			s.put(s.file, c.text)
			if _, err := s.l.Read(t.Context(), s.v); code(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := s.l.Append(t.Context(), s.v, Entry{Run: "d", Kind: Tenant}); err == nil {
				t.Errorf("%s: an entry was appended", name)
			}
		}
		if err := os.Remove(s.file); err != nil {
			t.Fatal(err)
		}
		if _, err := s.l.Read(t.Context(), s.v); code(err) != "erasure.ledger_missing" {
			t.Errorf("gone: %v", err)
		}
		s.put(s.file, whole)
		if all, err := s.l.Read(t.Context(), s.v); err != nil || len(all) != 3 {
			t.Errorf("put back: %v %v", all, err)
		}
	})
}

// TestBrokenOffLineIsFinished: a kill while an entry was being written leaves half a line; nothing was destroyed
// by then, and the next entry takes its place. The copy catches up.
func TestBrokenOffLineIsFinished(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s := newShelf(t, e)
		s.add("a")
		s.put(s.file, append(s.text(), `{"n":2,"at":"20`...))
		if all, err := s.l.Read(t.Context(), s.v); err != nil || len(all) != 1 {
			t.Fatalf("%v %v", all, err)
		}
		if err := os.Remove(s.copy); err != nil {
			t.Fatal(err)
		}
		s.add("b")
		other, err := os.ReadFile(s.copy)
		if err != nil || !bytes.Equal(other, s.text()) || strings.Count(string(other), "\n") != 2 {
			t.Errorf("%v\n%s", err, other)
		}
		if all, err := s.l.Read(t.Context(), s.v); err != nil || len(all) != 2 {
			t.Errorf("%v %v", all, err)
		}
	})
}

// TestLedgerThatCannotBeWritten: without a place for the copy nothing begins.
func TestLedgerThatCannotBeWritten(t *testing.T) {
	e := testdb.New(t, "sqlite")
	s := newShelf(t, e)
	s.put(filepath.Join(e.Dir, "c"), nil) // a file where the folder should be
	if _, err := s.l.Append(t.Context(), s.v, Entry{Run: "a", Kind: Tenant}); !fault.Is(err, fault.Busy) || code(err) != "erasure.ledger_unwritable" {
		t.Errorf("%v", err)
	}
	if err := os.Remove(filepath.Join(e.Dir, "c")); err != nil {
		t.Fatal(err)
	}
	s.add("a")
	s.put(s.copy, []byte("something else\n"))
	if _, err := s.l.Append(t.Context(), s.v, Entry{Run: "b", Kind: Tenant}); code(err) != "erasure.ledger_altered" {
		t.Errorf("a copy that says something else: %v", err)
	}
}
