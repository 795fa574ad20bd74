package asset

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func entry(id string, kind Kind) Entry {
	return Entry{ID: id, Kind: kind, Class: Internal, Owner: "SRE", Disposal: byOverwrite}
}

func TestCompare(t *testing.T) {
	gone := entry("store:old", Store)
	gone.DisposedAt = time.Now()
	bare := entry("store:bare", Store)
	bare.Owner = ""
	ledger := []Entry{entry("store:a", Store), entry("store:lost", Store), gone, bare, entry("listener:x", Listener)}
	found := []Found{{ID: "store:a"}, {ID: "store:bare"}, {ID: "store:old"}, {ID: "store:new"}, {ID: "listener:sandbox", Passing: true}}
	d := Compare(ledger, found, []Kind{Store})
	for what, got := range map[string][]string{
		"store:new":  idsOf(d.Orphans, func(f Found) string { return f.ID }),
		"store:lost": idsOf(d.Vanished, func(e Entry) string { return e.ID }),
		"store:old":  idsOf(d.Back, func(e Entry) string { return e.ID }),
		"store:bare": idsOf(d.Incomplete, func(e Entry) string { return e.ID }),
	} {
		if !slices.Equal(got, []string{what}) {
			t.Errorf("%v, want %s alone", got, what)
		}
	}
	if d.None() || !Compare(nil, nil, nil).None() {
		t.Error("None is wrong")
	}
}

func idsOf[T any](all []T, id func(T) string) (out []string) {
	for _, x := range all {
		out = append(out, id(x))
	}
	return out
}

// TestCompareFindsEverything: whatever is there or in the ledger, each is in agreement or named.
func TestCompareFindsEverything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SliceOfDistinct(rapid.StringMatching(`[a-d]{1,2}`), func(s string) string { return s })
		there, listed := name.Draw(t, "there"), name.Draw(t, "listed")
		var found []Found
		var ledger []Entry
		for _, n := range there {
			found = append(found, Found{ID: n, Kind: Store})
		}
		for _, n := range listed {
			ledger = append(ledger, entry(n, Store))
		}
		d := Compare(ledger, found, []Kind{Store})
		for _, n := range there {
			if orphan := slices.ContainsFunc(d.Orphans, func(f Found) bool { return f.ID == n }); orphan == slices.Contains(listed, n) {
				t.Fatalf("%s: orphan %v", n, orphan)
			}
		}
		for _, n := range listed {
			if lost := slices.ContainsFunc(d.Vanished, func(e Entry) bool { return e.ID == n }); lost == slices.Contains(there, n) {
				t.Fatalf("%s: vanished %v", n, lost)
			}
		}
		if want := slices.Equal(sorted(there), sorted(listed)); d.None() != want {
			t.Fatalf("None %v, want %v", d.None(), want)
		}
	})
}

func sorted(s []string) []string { s = slices.Clone(s); slices.Sort(s); return s }

func TestPlan(t *testing.T) {
	for _, r := range Plan {
		if e := (Entry{Class: r.Class, Owner: r.Owner, Disposal: r.Disposal}); !e.complete() {
			t.Errorf("%s says too little: %+v", r.Prefix, r)
		}
	}
	for id, want := range map[string]bool{"store:main.db": true, "store:main.db2": false, "key:tenant/x/1": true, "store:x": false, "": false} {
		if _, ok := planned(Plan, id); ok != want {
			t.Errorf("%q is planned: %v", id, ok)
		}
	}
}
