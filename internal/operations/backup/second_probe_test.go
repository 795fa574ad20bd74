package backup

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

// shelfOf is a second place in memory that a test reaches into past its locks, as the account's own administrator may.
type shelfOf struct {
	files map[string]string
	locks map[string]time.Time
}

func newShelfOf() *shelfOf { return &shelfOf{map[string]string{}, map[string]time.Time{}} }

func (s *shelfOf) Put(_ context.Context, key string, r io.Reader) (int64, error) {
	b, err := io.ReadAll(r)
	s.files[key] = string(b)
	return int64(len(b)), err
}

func (s *shelfOf) PutLocked(ctx context.Context, key string, r io.Reader, until time.Time) (int64, error) {
	s.locks[key] = until
	return s.Put(ctx, key, r)
}

func (s *shelfOf) Open(_ context.Context, key string) (io.ReadCloser, error) {
	if b, ok := s.files[key]; ok {
		return io.NopCloser(strings.NewReader(b)), nil
	}
	return nil, fault.New(fault.Missing, "blob.missing")
}

func (s *shelfOf) List(_ context.Context, prefix string) (out []string, err error) {
	for key := range s.files {
		if strings.HasPrefix(key, prefix) {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out, nil
}

func (s *shelfOf) Delete(_ context.Context, key string) error { delete(s.files, key); return nil }

func (s *shelfOf) Erase(_ context.Context, key string) error {
	if s.locks[key].After(time.Now()) {
		return fault.New(fault.Denied, "blob.locked")
	}
	delete(s.files, key)
	return nil
}

func (s *shelfOf) LockedUntil(_ context.Context, key string) (time.Time, error) {
	return s.locks[key], nil
}

// TestWhatTheSecondPlaceLost: a copy without one of its files, one in which a byte has turned, one that nothing opens
// any more, and keys that stay there for longer than they may, pass no probe.
func TestWhatTheSecondPlaceLost(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		for name, x := range map[string]struct {
			id    string
			spoil func(*world, *shelfOf, string)
		}{
			"whole": {"", func(*world, *shelfOf, string) {}},
			"a file is gone": {"BK-OFFLINE", func(_ *world, s *shelfOf, set string) {
				delete(s.files, folder(Data, set)+PartMain+".00001")
			}},
			"a byte has turned": {"BK-OFFLINE", func(w *world, s *shelfOf, set string) {
				key := folder(Data, set) + PartMain + ".00001"
				b := []byte(s.files[key])
				b[len(b)/2] ^= 1
				s.files[key] = string(b)
				w.checked[inSecond(set)] = time.Now().Add(-21 * time.Hour) // read for the last time
			}},
			"no keys": {"BK-OFFLINE", func(_ *world, s *shelfOf, _ string) {
				for key := range s.files {
					if strings.HasPrefix(key, top(Keys)) {
						delete(s.files, key)
					}
				}
			}},
			"keys of nine days ago": {"BK-RETAIN", func(w *world, s *shelfOf, _ string) {
				old, err := w.copyKeys(t.Context(), operator, time.Now().AddDate(0, 0, -9))
				w.must(err)
				w.must(second(w.carry(t.Context(), old, time.Time{})))
				w.must(w.forget(t.Context(), operator, []Generation{old.generation()}, time.Now()))
				w.must(w.shelf.remove(t.Context(), Keys, old.ID))
			}},
		} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, testdb.New(t, e.Engine))
				place := newShelfOf()
				w.o.Second = place
				set := w.run().ID
				w.must(second(w.CopySecond(t.Context(), nightly)))
				x.spoil(w, place, set)
				for _, id := range []string{"BK-OFFLINE", "BK-RETAIN"} {
					ev, err := w.control(id).Probe(t.Context())
					var why unknown
					if err != nil && !errors.As(err, &why) {
						t.Fatal(err)
					}
					if ev.OK != (id != x.id) {
						t.Errorf("%s: %+v %v", id, ev, err)
					}
				}
				if ev, err := w.control("BK-OFFLINE").Mutant(t.Context()); err != nil || ev.OK {
					t.Errorf("the mutant: %+v %v", ev, err)
				}
			})
		}
	})
}
