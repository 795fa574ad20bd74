package org

import (
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/jst"
)

func TestPersonRoundTrip(t *testing.T) {
	date := rapid.Custom(func(r *rapid.T) jst.Date {
		return jst.Date{Y: rapid.IntRange(1900, 2100).Draw(r, "y"), M: rapid.IntRange(1, 12).Draw(r, "m"), D: rapid.IntRange(1, 31).Draw(r, "d")}
	})
	rapid.Check(t, func(r *rapid.T) {
		in := Person{
			Number: rapid.String().Draw(r, "number"), Name: rapid.String().Draw(r, "name"), Kana: rapid.String().Draw(r, "kana"),
			Email: rapid.StringN(0, 300, -1).Draw(r, "email"), Sex: Sex(rapid.IntRange(0, 2).Draw(r, "sex")), Birth: date.Draw(r, "birth"),
		}
		if rapid.Bool().Draw(r, "hired") {
			in.Hired = date.Draw(r, "hired day")
		}
		b := appendPerson(nil, &in)
		if err := checkPerson(b); err != nil {
			t.Fatal(err)
		}
		var out Person
		decodePerson(string(b), &out)
		if out != in || numberOf(string(b)) != in.Number {
			t.Fatalf("%+v became %+v", in, out)
		}
	})
}

func FuzzCheckPerson(f *testing.F) {
	f.Add(appendPerson(nil, &Person{Number: "1", Name: "n", Kana: "k", Email: "e"}))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if checkPerson(b) == nil {
			var p Person
			decodePerson(string(b), &p) // must not run out of the blob
		}
	})
}

func TestUUID7(t *testing.T) {
	r := record{created: jst.Date{Y: 2026, M: 11, D: 23}.At(12, 0)}
	for _, c := range []struct {
		a    uint16
		b    uint64
		want string
	}{{0xffff, 0, "019aae90-3400-7fff-8000-000000000000"}, {0, 1<<64 - 1, "019aae90-3400-7000-bfff-ffffffffffff"}} {
		if got := uuid7(r.created, c.a, c.b); got[13:] != c.want[13:] || got[14] != '7' {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}
