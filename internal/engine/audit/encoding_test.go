package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/transparency-dev/tessera/api/layout"
	"pgregory.net/rapid"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
)

func drawBytes(t *rapid.T, name string) []byte {
	return rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, name)
}

func drawRow(t *rapid.T, name string) row {
	text := rapid.StringMatching(`[a-z|.\-]{0,6}`)
	return row{
		tenant: ids.Tenant(text.Draw(t, name+" tenant")), seq: rapid.Int64Min(1).Draw(t, name+" seq"), id: text.Draw(t, name+" id"),
		at: rapid.Int64().Draw(t, name+" at"), verb: text.Draw(t, name+" verb"), commitment: drawBytes(t, name+" commitment"), prev: drawBytes(t, name+" prev"),
	}
}

func TestTwoRecordsNeverHashAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := drawRow(t, "a"), drawRow(t, "b")
		same := a.tenant == b.tenant && a.seq == b.seq && a.id == b.id && a.at == b.at && a.verb == b.verb &&
			bytes.Equal(a.commitment, b.commitment) && bytes.Equal(a.prev, b.prev)
		if bytes.Equal(a.link(), b.link()) != same {
			t.Fatalf("%+v\n%+v", a, b)
		}
	})
}

func TestEveryClearColumnIsInTheHashAndTheSeal(t *testing.T) {
	base := row{tenant: "t", seq: 7, id: "i", at: 99, verb: "v", commitment: []byte("c"), prev: []byte("p")}
	for name, change := range map[string]func(*row){
		"tenant": func(r *row) { r.tenant = "u" }, "seq": func(r *row) { r.seq++ }, "id": func(r *row) { r.id = "j" },
		"at": func(r *row) { r.at++ }, "verb": func(r *row) { r.verb = "w" },
		"commitment": func(r *row) { r.commitment = []byte("d") }, "prev": func(r *row) { r.prev = []byte("q") },
	} {
		c := base
		change(&c)
		if bytes.Equal(c.link(), base.link()) {
			t.Errorf("%s is not in the hash", name)
		}
		// The tenant is bound by its key, the commitment by the body, prev by the number before.
		if !slices.Contains([]string{"tenant", "commitment", "prev"}, name) && c.place() == base.place() {
			t.Errorf("%s is not bound to the sealed body", name)
		}
	}
}

func TestLeafRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := leaf{ids.Tenant(rapid.String().Draw(t, "tenant")), rapid.Int64().Draw(t, "seq"), [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))}
		got, err := readLeaf(l.bytes())
		if err != nil || got != l {
			t.Fatalf("%+v became %+v, %v", l, got, err)
		}
		for n := range len(l.bytes()) {
			if _, err := readLeaf(l.bytes()[:n]); err == nil {
				t.Fatalf("a leaf cut to %d bytes is taken", n)
			}
		}
	})
}

func FuzzReadLeaf(f *testing.F) {
	f.Add(leaf{"t", 1, [32]byte{}}.bytes())
	f.Add([]byte{1, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		if l, err := readLeaf(b); err == nil && !bytes.Equal(l.bytes(), b) {
			t.Errorf("%x reads as %+v, which is written otherwise", b, l)
		}
	})
}

func FuzzEntries(f *testing.F) {
	f.Add([]byte{0, 1, 'a', 0, 0})
	f.Add([]byte{255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := entries(b)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range all {
			again = append(append(again, byte(len(e)>>8), byte(len(e))), e...)
		}
		if !bytes.Equal(again, b) {
			t.Errorf("%x splits into what joins to %x", b, again)
		}
	})
}

func FuzzUnpackHeads(f *testing.F) {
	f.Add(packHeads([]head{{"t", 1, []byte("h")}, {"u", 2, nil}}))
	f.Add([]byte{0, 0, 0, 9, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		if heads, err := unpackHeads(b); err == nil && !bytes.Equal(packHeads(heads), b) {
			t.Errorf("%x unpacks to what packs otherwise", b)
		}
	})
}

// Our arithmetic of tiles is the layout's.
func TestWidthIsTheLayouts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		level := rapid.Uint64Range(0, 4).Draw(t, "level")
		size := rapid.Uint64Range(0, 1<<34).Draw(t, "size")
		index := rapid.Uint64Range(0, 1<<20).Draw(t, "index")
		w := width(level, index, size)
		if w == 0 {
			if size>>(8*level) > index*256 {
				t.Fatalf("level %d, tile %d of %d: empty", level, index, size)
			}
			return
		}
		if got, want := partial(w), layout.PartialTileSize(level, index, size); got != want {
			t.Fatalf("level %d, tile %d of %d: %d, the layout says %d", level, index, size, got, want)
		}
	})
}

func TestParseSpot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spot{entries: rapid.Bool().Draw(t, "entries"), index: rapid.Uint64Range(0, 1<<30).Draw(t, "index"), width: rapid.Uint64Range(1, 256).Draw(t, "width")}
		if !s.entries {
			s.level = rapid.Uint64Range(0, 6).Draw(t, "level")
		}
		if got, ok := parseSpot(s.path()); !ok || got != s {
			t.Fatalf("%s reads as %+v", s.path(), got)
		}
	})
	for _, name := range []string{"tile", "tile/x", "tile/entries", "tile/0/1", "tile/0/000.p", "tile/0/000.p/256", "tile/0/000.p/0", "tile/0/0001234567", "tile/0/000.p/51234567", "tile/00/000", "tile/0/000.p/07", "checkpoint"} {
		if s, ok := parseSpot(name); ok {
			t.Errorf("%s is taken for %+v", name, s)
		}
	}
}

func TestSweepLeavesExactlyTheTree(t *testing.T) {
	dir := t.TempDir()
	put := func(name string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const size = 300
	needed := []string{"tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/44"}
	old := []string{"tile/0/000.p/3", "tile/0/001.p/2", "tile/entries/000.p/255", "tile/entries/001.p/43"}
	ahead := []string{"tile/0/001.p/45", "tile/0/002", "tile/entries/001", "tile/1/000.p/2", "tile/0/0011234567"}
	left := func() (names []string) {
		if err := (tree{os.DirFS(dir)}).files(func(n string) error { names = append(names, n); return nil }); err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		return names
	}
	for _, n := range slices.Concat(needed, old, ahead) {
		put(n)
	}
	if err := sweep(dir, size, false); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(slices.Concat(needed, ahead)))
	if got := left(); !slices.Equal(got, want) {
		t.Errorf("while it runs: %v, want %v", got, want)
	}
	if err := sweep(dir, size, true); err != nil {
		t.Fatal(err)
	}
	if got := left(); !slices.Equal(got, needed) {
		t.Errorf("at rest: %v, want %v", got, needed)
	}
	if err := sweep(filepath.Join(dir, "nowhere"), 0, true); err != nil {
		t.Errorf("a log that is not there yet: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log-key")
	if _, err := openKey(path, false); code(err) != "audit.key_missing" {
		t.Errorf("a missing key of a log with content: %v", err)
	}
	k, err := openKey(path, true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := openKey(path, false)
	if err != nil || again.public != k.public || !strings.HasPrefix(k.public, k.name+"+") {
		t.Errorf("%q, then %q, %v", k.public, again.public, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	for _, bad := range []string{"", "PRIVATE+KEY+x", "PRIVATE+KEY+x+00000000+AAAA", strings.Replace(k.private, "+", "-", 1)} {
		if _, err := parseKey(bad); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
}

func TestASealCannotBeReadAsACheckpoint(t *testing.T) {
	s := sealRow{tenant: ids.System, seq: 1, at: 2, heads: packHeads([]head{{"t", 1, make([]byte, 32)}})}
	if bytes.HasPrefix(s.message(), []byte("rakudos-audit-")) || bytes.Contains(s.message()[:20], []byte("\n")) {
		t.Error("the message of a seal begins like a checkpoint")
	}
	other := s
	other.at++
	if bytes.Equal(s.message(), other.message()) {
		t.Error("the time is not signed")
	}
}

func TestTheBodyIsSaltedAndComplete(t *testing.T) {
	e := Event{Verb: "v", Actor: actor.Actor{Kind: actor.Human, Account: "a", Session: "s", Addr: "::1", Request: "r", Purpose: "why"},
		Subjects: []ids.Person{"p"}, Kind: "k", Detail: map[string]any{"n": 1.0}}
	one, err := e.salted()
	if err != nil {
		t.Fatal(err)
	}
	two, err := e.salted()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(commit(one), commit(two)) {
		t.Error("two events with the same content have the same commitment: it could be guessed")
	}
	b, err := readBody(one)
	if err != nil || b.Result != "ok" || b.Purpose != "why" || b.Kind != "k" || b.Actor.Addr != "::1" || b.Actor.Request != "r" || b.Detail["n"] != 1.0 || b.Subjects[0] != "p" {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := readBody(one[:10]); err == nil {
		t.Error("half a salt is taken for a body")
	}
	if _, err := (Event{Detail: map[string]any{"f": func() {}}}).salted(); err == nil {
		t.Error("what JSON cannot write is kept")
	}
}

func TestCrowdsIgnoreOrderAndRepetition(t *testing.T) {
	if crowdOf([]ids.Person{"a", "b", "a"}) != crowdOf([]ids.Person{"b", "a"}) {
		t.Error("order or repetition counts")
	}
	for _, other := range [][]ids.Person{{"a"}, {"a", "c"}, {"ab"}, nil} {
		if crowdOf([]ids.Person{"a", "b"}) == crowdOf(other) {
			t.Errorf("%v looks like a and b", other)
		}
	}
}
