package handover

import (
	"testing"

	"rakudos/internal/testkit/testdb"
)

// TestANewerFileReplacesTheOlder: files don't pile up in the store and in every backup: the older one expires when the
// newer is ready, and only a few are made a day. The neighbour's stay.
func TestANewerFileReplacesTheOlder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		ctx := t.Context()
		stranger := b.admin
		stranger.Tenant = b.theirs
		theirs, err := b.Ask(ctx, stranger)
		if err != nil {
			t.Fatal(err)
		}
		var last string
		for n := range perDay {
			id, err := b.Ask(ctx, b.admin)
			if err != nil {
				t.Fatalf("file %d: %v", n+1, err)
			}
			if n > 0 {
				if r, _, err := b.Take(ctx, b.nurse, last); err != nil || r.Close() != nil {
					t.Errorf("the older one while the newer is being made: %v", err)
				}
			}
			if _, err := b.Jobs.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				if _, _, err := b.Take(ctx, b.nurse, last); code(err) != "handover.not_ready" {
					t.Errorf("the older one beside the newer: %v", err)
				}
				if _, err := b.Blobs.Open(ctx, b.ours, blobKey(last)); err == nil {
					t.Error("its file is still there")
				}
			}
			last = id
		}
		all, err := b.List(ctx, b.admin)
		if err != nil || len(all) != perDay || all[0].Early() || !all[1].Early() {
			t.Errorf("which went before their time: %+v, %v", all, err)
		}
		if _, err := b.Ask(ctx, b.admin); code(err) != "handover.many" {
			t.Errorf("one more: %v", err)
		}
		if r, _, err := b.Take(ctx, b.nurse, last); err != nil || r.Close() != nil {
			t.Errorf("the newest: %v", err)
		}
		other := b.nurse
		other.Tenant = b.theirs
		if r, _, err := b.Take(ctx, other, theirs); err != nil || r.Close() != nil {
			t.Errorf("the neighbour's: %v", err)
		}
	})
}
