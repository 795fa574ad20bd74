package samples

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/text/encoding/japanese"
)

func TestWrite(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	o := Options{People: 400, Seed: 7, Share: 0.7}
	exp, err := Write(a, o)
	if err != nil {
		t.Fatal(err)
	}
	if exp.RowsA != 280 || exp.RowsB != 120 || len(exp.RefusedA) == 0 {
		t.Errorf("answer %+v", exp)
	}
	if _, err := Write(b, o); err != nil {
		t.Fatal(err)
	}
	for name, rows := range map[string]int{Roster: 401, BodyA: 281, BodyB: 122} {
		x, err := os.ReadFile(filepath.Join(a, name))
		if err != nil {
			t.Fatal(err)
		}
		if y, _ := os.ReadFile(filepath.Join(b, name)); !bytes.Equal(x, y) {
			t.Errorf("%s: the same seed gives another file", name)
		}
		if n := bytes.Count(x, []byte("\r\n")); n != rows {
			t.Errorf("%s has %d lines, want %d", name, n, rows)
		}
		if name != Roster {
			if s, err := japanese.ShiftJIS.NewDecoder().Bytes(x); err != nil || !bytes.Contains(s, []byte("髙木")) || bytes.Contains(s, []byte("\ufffd")) {
				t.Errorf("%s is not CP932 with its extensions: %v", name, err)
			}
		}
	}
}

func TestCleanHasNothingToRefuse(t *testing.T) {
	exp, err := Write(t.TempDir(), Options{People: 200, Seed: 1, Clean: true, Share: 1})
	if err != nil || len(exp.RefusedA) != 0 || exp.RowsA != 200 || exp.RowsB != 0 {
		t.Errorf("%+v, %v", exp, err)
	}
}
