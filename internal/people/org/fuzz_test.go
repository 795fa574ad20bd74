package org

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/text/encoding/japanese"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/tabular"
)

// survey reads a file as an import does, without storage.
func survey(file []byte) (*tally, error) {
	tab, err := tabular.NewReader(bytes.NewReader(file), tabular.Options{})
	if err != nil {
		return nil, err
	}
	defer tab.Close()
	_, cells, err := tab.Next()
	if err != nil {
		return nil, err
	}
	cols, err := mapColumns(cells)
	if err != nil {
		return nil, err
	}
	unit := func(kind, key string) string { return ids.New[string]() }
	rows := rowReader{cols: cols, today: monday}
	p := newPlanner(&Directory{}, monday, actor.Reach{All: true}, unit, func(int) ids.Person { return ids.New[ids.Person]() })
	out := &tally{}
	for {
		line, cells, err := tab.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if err := out.take(p, &rows, rows.read(line, cells), func(s step) error { return sound(s) }); err != nil {
			return nil, err
		}
	}
}

var errUnsound = errors.New("an accepted step is unsound")

// sound holds for everything that may be stored.
func sound(s step) error {
	p := &s.after
	b := appendPerson(nil, p)
	if err := checkPerson(b); err != nil {
		return err
	}
	var back Person
	decodePerson(string(b), &back)
	texts := p.Number + p.Name + p.Kana + p.Email
	switch {
	case back.Number != p.Number, back.Name != p.Name, back.Kana != p.Kana, back.Birth != p.Birth, back.Hired != p.Hired,
		FoldNumber(p.Number) == "", p.Name == "", FoldKana(p.Kana) == "", p.Sex == Unknown, !p.Birth.Valid(), p.Birth.After(monday),
		strings.ContainsAny(texts, "\x00\r\n"), len(s.changes) == 0, len(b) > 1<<15:
		return errUnsound
	}
	return nil
}

// FuzzRoster: whatever the file, it ends in a fault with a code or in counts that add up, and nothing
// unsound is accepted.
func FuzzRoster(f *testing.F) {
	cp932, _ := japanese.ShiftJIS.NewEncoder().String(roster)
	for _, s := range []string{roster, change, cp932, "\ufeff" + roster, strings.ReplaceAll(roster, ",", "\t"), header(`1,"a`, `b",ア,男,R1.5.1`), header("\u1680,a,ア,男,R1.5.1", "1,a,・,男,R1.5.1", "２,a,ー,男,R1.5.1"), "社員番号", "\x00", "PK\x03\x04"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		got, err := survey(file)
		if err != nil {
			var fa *fault.Fault
			if !errors.As(err, &fa) && !errors.Is(err, io.EOF) || errors.Is(err, errUnsound) {
				t.Fatal(err)
			}
			return
		}
		if got.rows != got.accepted+got.unchanged+len(got.rejected)+len(got.unmatched) || got.accepted != got.added+got.changed {
			t.Fatalf("%+v", got)
		}
		for _, l := range got.rejected {
			if len(l.Errors) == 0 || l.Line < 2 {
				t.Fatalf("%+v", l)
			}
		}
	})
}
