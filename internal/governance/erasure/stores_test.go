package erasure

import (
	"slices"
	"strings"
	"testing"

	"rakudos/internal/governance/retention"
)

// TestRegisterIsWhole: no name twice in a place, every retention class is one that the law table knows, and what
// stays says why.
func TestRegisterIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range Stores {
		if seen[s.ID()] {
			t.Errorf("%s is declared twice", s.ID())
		}
		seen[s.ID()] = true
		if s.Class != "" {
			if c, err := retention.ByName(s.Class); err != nil || c.Name != s.Class {
				t.Errorf("%s: class %s: %v", s.ID(), s.Class, err)
			}
		}
		if s.Via.Table != "" && !seen["main."+s.Via.Table] && !slices.ContainsFunc(Stores, func(o Store) bool { return o.Name == s.Via.Table }) {
			t.Errorf("%s leads through %s, which nobody declared", s.ID(), s.Via.Table)
		}
		if s.Text != "" && (s.Erase != Skeleton || s.Person == "" || len(s.Key) != 1 || s.Stays == "") {
			t.Errorf("%s: words that are emptied, and no row that stays, of one person under one name", s.ID())
		}
		if (s.Unit == "") != (s.UnitKey == "") {
			t.Errorf("%s: a unit without its column", s.ID())
		}
	}
	for _, p := range BlobPrefixes() {
		if !strings.HasSuffix(p, "/") {
			t.Errorf("the prefix %q is no folder", p)
		}
	}
	if got := storeOfFile("t", "t/checkup/x"); got != "blob.checkup/" {
		t.Errorf("%s", got)
	}
	if got := storeOfFile("t", "t/strange/x"); got != "file.blobs" {
		t.Errorf("%s", got)
	}
}

// TestLinksGoBeforeWhatTheyLeadThrough: rows are found through another table, so they go before its rows do.
func TestLinksGoBeforeWhatTheyLeadThrough(t *testing.T) {
	at := map[string]int{}
	for i, s := range Stores {
		if s.Place == Main {
			at[s.Name] = i
		}
	}
	for _, s := range Stores {
		if s.Place == Main && s.Via.Table != "" && at[s.Name] > at[s.Via.Table] {
			t.Errorf("%s stands behind %s", s.Name, s.Via.Table)
		}
	}
}

// TestEveryKindOfRecordHasAPeriod: each store with rows of people stands in the table of periods, with the class
// that the register names; what hangs on an account goes with the account.
func TestEveryKindOfRecordHasAPeriod(t *testing.T) {
	for _, s := range Stores {
		if s.Place != Main || s.Erase != Rows || !s.personal() {
			continue
		}
		name := s.Name
		if s.Via == account {
			name = account.Table
		}
		k, ok := retention.KindOf(name)
		for ok && k.With != "" {
			k, ok = retention.KindOf(k.With)
		}
		if !ok {
			t.Errorf("%s: for how long? see retention.Kinds", s.ID())
			continue
		}
		if _, err := retention.ByName(k.Class); err != nil || k.Base == "" || s.Class != "" && s.Class != k.Class {
			t.Errorf("%s: class %q, base %q: %v", s.ID(), k.Class, k.Base, err)
		}
	}
}
