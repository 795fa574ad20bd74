package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
)

// TestAStartBeginsWithWhatAllStandsOn: after a start the promises that every other rests on are looked at first, and
// those that take long by nature last.
func TestAStartBeginsWithWhatAllStandsOn(t *testing.T) {
	c := DefaultConfig()
	c.Data = filepath.Join(t.TempDir(), "data")
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.Close(context.Background()) }()
	round := a.Statement.FirstRound()
	if len(round) < 30 {
		t.Fatalf("%d controls", len(round))
	}
	begin := slices.Clone(round[:len(first)])
	slices.Sort(begin)
	if want := slices.Sorted(slices.Values(first)); !slices.Equal(begin, want) {
		t.Errorf("it begins with %v", begin)
	}
	if last := round[len(round)-1]; slow[last] == 0 {
		t.Errorf("it ends with %s", last)
	}
}
