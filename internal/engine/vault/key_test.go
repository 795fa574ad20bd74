package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"

	"pgregory.net/rapid"
)

func testKey(t ids.Tenant, index bool) *Key {
	p := ids.Person("p")
	if index {
		p = ""
	}
	return newKey(t, p, nil, &ring{newest: secret{version: 1, raw: newSecret()}})
}

func TestSealOpensOnlyInItsPlace(t *testing.T) {
	k := testKey("tenant-a", false)
	home := Loc{Table: "result", ID: "1", Column: "value"}
	sealed := k.Seal(home, []byte("132/84"))
	if got, err := k.Open(home, sealed); err != nil || string(got) != "132/84" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	for name, l := range map[string]Loc{
		"row":           {Table: "result", ID: "2", Column: "value"},
		"column":        {Table: "result", ID: "1", Column: "note"},
		"table":         {Table: "opinion", ID: "1", Column: "value"},
		"shifted field": {Table: "result1", ID: "", Column: "value"},
	} {
		if _, err := k.Open(l, sealed); fault.Of(err) == nil || fault.Of(err).Code != "vault.open" {
			t.Errorf("opens in another %s: %v", name, err)
		}
	}
	other := newKey("tenant-b", "", nil, k.ring.Load())
	if _, err := other.Open(home, sealed); err == nil {
		t.Error("opens under another tenant with the same secret")
	}
	if _, err := testKey("tenant-a", false).Open(home, sealed); err == nil {
		t.Error("opens with another key")
	}
}

func TestNoTwoPlacesEncodeAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.SampledFrom([]rune("ab|\x00")))
		draw := func() (ids.Tenant, Loc) {
			return ids.Tenant(text.Draw(t, "tenant")), Loc{text.Draw(t, "table"), text.Draw(t, "id"), text.Draw(t, "column")}
		}
		t1, l1 := draw()
		t2, l2 := draw()
		same := t1 == t2 && l1 == l2
		if bytes.Equal(appendLoc(nil, t1, l1, 1), appendLoc(nil, t2, l2, 1)) != same {
			t.Fatalf("%q %v and %q %v", t1, l1, t2, l2)
		}
	})
}

func TestEveryBitOfASealedValueCounts(t *testing.T) {
	k := testKey("t", false)
	l := Loc{"a", "b", "c"}
	sealed := k.Seal(l, []byte("x"))
	for i := range len(sealed) * 8 {
		c := bytes.Clone(sealed)
		c[i/8] ^= 1 << (i % 8)
		if _, err := k.Open(l, c); err == nil {
			t.Errorf("bit %d changed and it still opens", i)
		}
	}
	for n := range sealed {
		if _, err := k.Open(l, sealed[:n]); err == nil {
			t.Errorf("opens when cut to %d bytes", n)
		}
	}
}

func TestOlderKeyVersionsStillOpen(t *testing.T) {
	k := testKey("t", true)
	l := Loc{"a", "b", "c"}
	old := k.Seal(l, []byte("old"))
	index := k.Index("mail", "a@example.jp")
	rotated := newKey("t", "", nil, &ring{newest: secret{version: 2, raw: newSecret()}, older: []secret{*k.current()}})
	if got, err := rotated.Open(l, old); err != nil || string(got) != "old" {
		t.Errorf("an old record after rotation: %q, %v", got, err)
	}
	if v := rotated.Seal(l, nil)[4]; v != 2 {
		t.Errorf("sealed with version %d", v)
	}
	if _, err := k.Open(l, rotated.Seal(l, nil)); !fault.Is(err, fault.Missing) {
		t.Errorf("a version that the key does not hold: %v", err)
	}
	if !bytes.Equal(index, rotated.Index("mail", "a@example.jp")) {
		t.Error("rotation makes rows unfindable")
	}
}

func TestIndexIsEqualOnlyForEqualTenantPurposeAndValue(t *testing.T) {
	a, b := testKey("a", true), testKey("b", true)
	base := a.Index("mail", "x")
	if len(base) != 16 || !bytes.Equal(base, a.Index("mail", "x")) {
		t.Errorf("%x", base)
	}
	for name, other := range map[string][]byte{
		"tenant": b.Index("mail", "x"), "purpose": a.Index("login", "x"), "value": a.Index("mail", "y"),
		"use": a.MAC("mail", []byte("x"))[:16],
	} {
		if bytes.Equal(base, other) {
			t.Errorf("the same index for another %s", name)
		}
	}
	if bytes.Equal(a.MAC("p", []byte("ab"), []byte("c")), a.MAC("p", []byte("a"), []byte("bc"))) {
		t.Error("the parts of a MAC run into each other")
	}
}

func TestFileRoot(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "root.key")
	a, err := FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %d bytes", info.Mode(), info.Size())
	}
	w, err := a.Wrap(ctx, []byte("key"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Unwrap(ctx, w, []byte("place")); err != nil || string(got) != "key" {
		t.Errorf("after reading the file again: %q, %v", got, err)
	}
	if _, err := b.Unwrap(ctx, w, []byte("elsewhere")); err == nil {
		t.Error("unwraps in another place")
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o644} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := FileRoot(path); fault.Of(err) == nil || fault.Of(err).Code != "vault.root_readable" {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	short := filepath.Join(t.TempDir(), "short")
	if err := os.WriteFile(short, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := FileRoot(short); err == nil {
		t.Error("a key of 5 bytes is taken")
	}
}

func BenchmarkSeal1K(b *testing.B) {
	k, l, plain := testKey("00000000-0000-7000-8000-000000000000", false), Loc{"checkup_value", "00000000-0000-7000-8000-000000000000", "value"}, make([]byte, 1024)
	dst := make([]byte, 0, 2048)
	b.SetBytes(1024)
	for b.Loop() {
		dst = k.AppendSeal(dst[:0], l, plain)
	}
}

func BenchmarkOpen1K(b *testing.B) {
	k, l := testKey("00000000-0000-7000-8000-000000000000", false), Loc{"checkup_value", "00000000-0000-7000-8000-000000000000", "value"}
	sealed := k.Seal(l, make([]byte, 1024))
	b.SetBytes(1024)
	for b.Loop() {
		if _, err := k.Open(l, sealed); err != nil {
			b.Fatal(err)
		}
	}
}

// The standard library alone, as the yardstick: the goal is at least 60 % of its rate.
func BenchmarkBareSeal1K(b *testing.B) {
	g, plain, nonce, aad := newGCM(make([]byte, 32)), make([]byte, 1024), make([]byte, 12), make([]byte, 100)
	dst := make([]byte, 0, 2048)
	b.SetBytes(1024)
	for b.Loop() {
		rand.Read(nonce)
		dst = g.Seal(dst[:0], nonce, plain, aad)
	}
}

func BenchmarkBareOpen1K(b *testing.B) {
	g, nonce, aad := newGCM(make([]byte, 32)), make([]byte, 12), make([]byte, 100)
	sealed := g.Seal(nil, nonce, make([]byte, 1024), aad)
	b.SetBytes(1024)
	for b.Loop() {
		if _, err := g.Open(make([]byte, 0, 1024), nonce, sealed, aad); err != nil {
			b.Fatal(err)
		}
	}
}

// 10,000 different keys by turns: what per-person keys cost when no two records in a row share one.
func BenchmarkOpenSmallManyKeys(b *testing.B) {
	l := Loc{"checkup_value", "00000000-0000-7000-8000-000000000000", "value"}
	keys, sealed := make([]*Key, 10000), make([][]byte, 10000)
	for i := range keys {
		keys[i] = testKey("00000000-0000-7000-8000-000000000000", false)
		sealed[i] = keys[i].Seal(l, make([]byte, 64))
	}
	i := 0
	for b.Loop() {
		if _, err := keys[i%10000].Open(l, sealed[i%10000]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
