package web

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"rakudos/internal/base/ids"
)

// TestTurns: one customer has one turn at a time, however many requests come; another has one beside it; all together
// have no more than there are.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		done, err := turns.take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := turns.take(ended, "a"); !errors.Is(err, context.Canceled) {
			t.Errorf("a second turn of one customer: %v", err)
		}
		other, err := turns.take(t.Context(), "b")
		if err != nil {
			t.Fatalf("the turn of another: %v", err)
		}
		for _, third := range []ids.Tenant{"c", "d", "c", "d"} { // the lane is given back by whoever waits in vain
			if _, err := turns.take(ended, third); !errors.Is(err, context.Canceled) {
				t.Errorf("more turns than there are: %v", err)
			}
		}
		came := false
		go func() {
			if d, err := turns.take(t.Context(), "a"); err == nil {
				came = true
				d()
			}
		}()
		synctest.Wait()
		if came {
			t.Error("two at once")
		}
		done()
		other()
		synctest.Wait()
		if !came || len(turns.all) != 0 {
			t.Errorf("the next one came: %v; %d turns are out", came, len(turns.all))
		}
	})
}
