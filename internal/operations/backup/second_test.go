package backup

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/blob/bucket"
	"rakudos/internal/testkit/azurite"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/s3server"
	"rakudos/internal/testkit/testdb"
)

// withSecond gives a world a second place on a real S3 server.
func withSecond(t *testing.T, w *world) *bucket.Bucket {
	t.Helper()
	return at(t, w, s3server.Start(t))
}

func at(t *testing.T, w *world, c bucket.Config) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(t.Context(), c)
	w.must(err)
	t.Cleanup(func() { _ = b.Close() })
	w.o.Second = b
	return b
}

// TestSecondPlace: what lies there restores without the first place, holds against the service's own credentials, and
// a destroyed key's copies go at once.
func TestSecondPlace(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		if _, err := w.CopySecond(t.Context(), operator); fault.Of(err).Code != "backup.no_second" {
			t.Errorf("none configured: %v", err)
		}
		secondPlace(t, w, withSecond(t, w))
	})
}

// TestSecondPlaceOnAzure: the same in a container that keeps versions; of the keys' older copies none is left.
func TestSecondPlaceOnAzure(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	place := azurite.StartWorm(t)
	b := at(t, w, place.Config)
	secondPlace(t, w, b)
	now, err := b.List(t.Context(), top(Keys))
	w.must(err)
	if n := place.Versions("rk/" + top(Keys)); n == 0 || n != len(now) {
		t.Errorf("%d versions of %d files of the key store's copy", n, len(now))
	}
}

func secondPlace(t *testing.T, w *world, b *bucket.Bucket) {
	t.Helper()
	ctx := t.Context()
	first := w.run()
	c, err := w.CopySecond(ctx, operator)
	w.must(err)
	if !slices.Equal(c.Sets, []string{first.ID}) || c.Bytes == 0 {
		t.Errorf("%+v", c)
	}
	again, err := w.CopySecond(ctx, operator)
	w.must(err)
	if len(again.Sets) != 0 {
		t.Errorf("copied twice: %+v", again)
	}
	// Every byte is sealed.
	names, err := b.List(ctx, "")
	w.must(err)
	for _, n := range names {
		r, err := b.Open(ctx, n)
		w.must(err)
		raw, err := io.ReadAll(r)
		w.must(err)
		_ = r.Close()
		if strings.Contains(string(raw), secretName) || strings.Contains(string(raw), "SQLite format 3") {
			t.Errorf("%s is readable", n)
		}
	}
	for _, n := range names {
		if strings.HasPrefix(n, top(Data)) {
			if err := b.Erase(ctx, n); fault.Of(err).Code != "blob.locked" {
				t.Errorf("%s can be erased: %v", n, err)
			}
		}
	}
	// Renewing the keys leaves exactly one copy of them there.
	before, err := b.List(ctx, top(Keys))
	w.must(err)
	w.must(w.RenewKeys(ctx, operator))
	after, err := b.List(ctx, top(Keys))
	w.must(err)
	if len(after) != len(before) || slices.Equal(before, after) {
		t.Errorf("copies of the key store: %v, then %v", before, after)
	}
	// The first place burns down.
	w.must(os.RemoveAll(w.target))
	to := filepath.Join(t.TempDir(), "restored")
	r, err := Source{Target: b, Root: w.root}.Restore(ctx, to, jst.Date{})
	if err != nil || r.Set != first.ID || len(r.Bad) != 0 {
		t.Fatalf("%+v %v", r, err)
	}
}

// TestKeysAreNotRenewedHalf: with the second place out of reach, a key's copies are not all gone, and it is said.
func TestKeysAreNotRenewedHalf(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	w.run()
	w.o.Second = unreachable{}
	if err := w.RenewKeys(t.Context(), operator); !fault.Is(err, fault.Busy) {
		t.Errorf("%v", err)
	}
	if _, err := w.CopySecond(t.Context(), operator); !fault.Is(err, fault.Busy) {
		t.Errorf("%v", err)
	}
}

type unreachable struct{}

var away = fault.New(fault.Busy, "blob.unreachable")

func (unreachable) Put(context.Context, string, io.Reader) (int64, error) { return 0, away }
func (unreachable) PutLocked(context.Context, string, io.Reader, time.Time) (int64, error) {
	return 0, away
}
func (unreachable) Open(context.Context, string) (io.ReadCloser, error)    { return nil, away }
func (unreachable) Delete(context.Context, string) error                   { return away }
func (unreachable) Erase(context.Context, string) error                    { return away }
func (unreachable) List(context.Context, string) ([]string, error)         { return nil, away }
func (unreachable) LockedUntil(context.Context, string) (time.Time, error) { return time.Time{}, away }

func TestProofOffline(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		controltest.Proves(t, "BK-OFFLINE", func(sabotaged bool) error {
			w := newWorld(t, testdb.New(t, e.Engine))
			withSecond(t, w)
			if _, err := w.control("BK-OFFLINE").Probe(t.Context()); err == nil || !strings.Contains(err.Error(), "まだ写し") {
				t.Errorf("an empty place: %v", err)
			}
			w.run()
			w.must(second(w.CopySecond(t.Context(), nightly)))
			c := w.control("BK-OFFLINE")
			probe := c.Probe
			if sabotaged {
				probe = c.Mutant
			}
			ev, err := probe(t.Context())
			if err != nil {
				return err
			}
			return broken(ev)
		})
	})
}

// TestOldSetsStayAway: a set whose lock would be over already is not copied.
func TestOldSetsStayAway(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	withSecond(t, w)
	w.must(second(w.Service.run(t.Context(), nightly, time.Now().AddDate(0, 0, -31))))
	c, err := w.CopySecond(t.Context(), operator)
	w.must(err)
	if len(c.Sets) != 0 {
		t.Errorf("%+v", c)
	}
}

// TestHalfCopiesGo: a copy that was cut off is completed while its source is there; when the source is gone it is swept,
// but for what is locked. Until then it counts as old as its name says: no backup is called gone beside it (6-3a).
func TestHalfCopiesGo(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	b := withSecond(t, w)
	ctx := t.Context()
	put := func(id, file string, until time.Time) {
		t.Helper()
		var err error
		if until.IsZero() {
			_, err = b.Put(ctx, folder(Data, id)+file, strings.NewReader("half"))
		} else {
			_, err = b.PutLocked(ctx, folder(Data, id)+file, strings.NewReader("half"), until)
		}
		w.must(err)
	}
	first := w.run()
	const old, locked = "20240101T000000Z-aaaaaaaa", "20240201T000000Z-bbbbbbbb"
	put(first.ID, "main.00000", time.Time{})
	put(old, "main.00000", time.Time{})
	put(locked, "log.00000", time.Now().Add(24*time.Hour))
	put(locked, "main.00000", time.Time{})
	if at, err := w.Oldest(ctx); err != nil || at.Year() != 2024 {
		t.Fatalf("%s %v", at, err)
	}
	c, err := w.CopySecond(ctx, operator)
	w.must(err)
	if !slices.Equal(c.Sets, []string{first.ID}) || !slices.Equal(c.Dropped, []string{old}) {
		t.Errorf("%+v", c)
	}
	names, err := b.List(ctx, top(Data))
	w.must(err)
	for _, n := range names {
		if strings.Contains(n, old) || strings.Contains(n, locked) && !strings.HasSuffix(n, "log.00000") {
			t.Errorf("%s is left", n)
		}
	}
	if again, err := w.CopySecond(ctx, operator); err != nil || len(again.Dropped) != 0 || len(again.Sets) != 0 {
		t.Errorf("%+v %v", again, err)
	}
	w.o.Second = unreachable{}
	if _, err := w.Oldest(ctx); err == nil {
		t.Error("a place out of reach has nothing old")
	}
}
