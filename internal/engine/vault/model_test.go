package vault

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/ids"
)

// pick walks pages as lookup does, over a table in memory, and must find exactly the wanted rows, also
// when a person has several key versions and a page ends among them.
func TestPickFindsExactlyTheWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var table []wrappedKey
		n := rapid.IntRange(0, 3500).Draw(t, "people")
		for i := range n {
			for v := range 1 + (i*7919)%3 {
				table = append(table, wrappedKey{person: ids.Person(fmt.Sprintf("%05d", 2*i)), version: uint32(v + 1)})
			}
		}
		var wanted []ids.Person
		step := rapid.IntRange(1, 400).Draw(t, "step")
		for i := rapid.IntRange(0, 9).Draw(t, "first"); i < 2*n+20; i += step { // odd ones do not exist
			wanted = append(wanted, ids.Person(fmt.Sprintf("%05d", i)))
		}
		want := map[ids.Person]int{}
		for _, r := range table {
			if _, ok := slices.BinarySearch(wanted, r.person); ok {
				want[r.person]++
			}
		}
		var out []wrappedKey
		for people, pages := wanted, 0; len(people) > 0; pages++ {
			if pages > len(table)+1 {
				t.Fatal("does not come to an end")
			}
			from, _ := slices.BinarySearchFunc(table, people[0], func(r wrappedKey, p ids.Person) int { return bytes.Compare([]byte(r.person), []byte(p)) })
			page := slices.Clone(table[from:min(from+pageRows, len(table))])
			out, people = pick(out, page, people)
		}
		got := map[ids.Person]int{}
		for _, r := range out {
			got[r.person]++
		}
		if len(got) != len(want) {
			t.Fatalf("%d people found, want %d", len(got), len(want))
		}
		for p, n := range want {
			if got[p] != n {
				t.Fatalf("person %s: %d versions, want %d", p, got[p], n)
			}
		}
	})
}

func TestNearArgsRepeatTheLast(t *testing.T) {
	args := nearArgs("t", []ids.Person{"a", "b"})
	if len(args) != 1+lookupNear || args[1] != ids.Person("a") || args[2] != ids.Person("b") || args[lookupNear] != ids.Person("b") {
		t.Errorf("%v", args)
	}
}

// A value sealed in one place opens there and nowhere else, whatever the place is called.
func TestSealProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 12, -1)
		loc := func(n string) Loc {
			return Loc{text.Draw(t, n+" table"), text.Draw(t, n+" id"), text.Draw(t, n+" column")}
		}
		k := testKey(ids.Tenant(text.Draw(t, "tenant")), true)
		plain := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "plain")
		a, b := loc("a"), loc("b")
		prefix := []byte("kept")
		sealed := k.AppendSeal(prefix, a, plain)
		if !bytes.HasPrefix(sealed, prefix) || len(sealed) != len(prefix)+len(plain)+Overhead {
			t.Fatalf("%d bytes", len(sealed))
		}
		sealed = sealed[len(prefix):]
		if got, err := k.Open(a, sealed); err != nil || !bytes.Equal(got, plain) {
			t.Fatal(err)
		}
		if _, err := k.Open(b, sealed); (err == nil) != (a == b) {
			t.Fatalf("%+v and %+v: %v", a, b, err)
		}
		if bytes.Equal(sealed, k.Seal(a, plain)) {
			t.Fatal("the nonce repeats")
		}
	})
}

// Every way of cutting and joining chunks of a stream is refused or gives the whole plaintext.
func FuzzOpenReader(f *testing.F) {
	k := newKey("t", "", nil, &ring{newest: secret{version: 1}})
	var good bytes.Buffer
	w, err := k.SealWriter(&good, place)
	if err != nil {
		f.Fatal(err)
	}
	if _, err := w.Write([]byte("some text")); err != nil {
		f.Fatal(err)
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:streamHead])
	f.Add([]byte{formatStream, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := k.OpenReader(bytes.NewReader(b), place)
		if err != nil {
			return
		}
		if got, err := io.ReadAll(r); err == nil && !bytes.Equal(b, good.Bytes()) && len(got) > 0 {
			t.Errorf("%x opens as %q", b, got)
		}
	})
}

func TestKeysOfOneUseServeNoOther(t *testing.T) {
	s := secret{version: 1, raw: newSecret()}
	seen := map[string]string{}
	for _, labels := range [][]string{{"index", "mail"}, {"mac", "mail"}, {"person keys"}, {"stream", "salt"}, {"index", ""}, {"index"}, {"indexmail"}, {"", "indexmail"}} {
		k := string(derive(&s, labels...))
		if other, ok := seen[k]; ok || k == string(s.raw[:]) {
			t.Errorf("%q derives the same key as %q", labels, other)
		}
		seen[k] = fmt.Sprint(labels)
	}
}

func TestPersonKeysMakeNoIndexes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a person key makes an index")
		}
	}()
	testKey("t", false).Index("p", "v")
}

func TestWrapperRefusesWhatIsNotItsOwn(t *testing.T) {
	tk := testKey("t", true)
	w := newWrapper(tk)
	raw := newSecret()
	good := w.seal("p", 1, raw[:])
	if got, err := newWrapper(tk).open("p", 1, good); err != nil || !bytes.Equal(got, raw[:]) {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"another person":  func() error { _, err := w.open("q", 1, good); return err },
		"another version": func() error { _, err := w.open("p", 2, good); return err },
		"cut":             func() error { _, err := w.open("p", 1, good[:20]); return err },
		"another tenant": func() error {
			_, err := newWrapper(newKey("u", "", nil, tk.ring.Load())).open("p", 1, good)
			return err
		},
		"unknown version":     func() error { b := bytes.Clone(good); b[3] = 9; _, err := w.open("p", 1, b); return err },
		"a blank (destroyed)": func() error { _, err := w.open("p", 1, blank); return err },
		"a sealed record":     func() error { _, err := w.open("p", 1, tk.Seal(Loc{}, raw[:])[1:]); return err },
	} {
		if try() == nil {
			t.Errorf("%s: opens", name)
		}
	}
}

func TestSizeInWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0 KiB", 1: "1 KiB", 1024: "1 KiB", 1025: "2 KiB", 1 << 20: "1 MiB", 5<<20 + 1: "5 MiB"} {
		if got := size(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}
