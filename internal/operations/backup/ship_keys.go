package backup

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
)

// turnWithin is how long a copy of the key store waits for a daily backup or a destruction of keys.
const turnWithin = 5 * time.Second

// keepKeys takes a copy of the key store when it has changed since the newest one: a record that WAL brings back
// is of use only with its key, which was made before it. It takes its turn with the destruction of keys, so that
// no copy from before a destruction appears after it. Until it has its turn, the reach of the WAL stands still.
func (f *follower) keepKeys(ctx context.Context) error {
	have, err := f.keyDigests(ctx)
	if err != nil {
		return err
	}
	c, err := f.shelf.list(ctx, Keys)
	if err != nil {
		return err
	}
	if n := len(c.sets); n > 0 && len(db.Differences(c.sets[n-1].Tables, have)) == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, turnWithin)
	leave, err := f.enter(waiting)
	cancel()
	if err != nil {
		return errors.Join(ctx.Err(), fault.New(fault.Busy, "backup.pitr_keys_wait"))
	}
	defer leave()
	now := time.Now()
	if _, err := f.copyKeys(ctx, nightly, now); err != nil {
		return err
	}
	if c, err = f.shelf.list(ctx, Keys); err != nil {
		return err
	}
	gone := f.o.Policy.planKeys(c.generations(), now).Drop
	if len(gone) == 0 {
		return nil
	}
	if err := f.forget(ctx, nightly, gone, now); err != nil {
		return err
	}
	for _, g := range gone {
		err = errors.Join(err, f.shelf.remove(ctx, Keys, g.ID))
	}
	return err
}

func (f *follower) keyDigests(ctx context.Context) ([]db.Digest, error) {
	s, err := f.o.Keys.Snapshot(ctx)
	if err != nil {
		return nil, err
	}
	out, err := s.Digests(ctx)
	return out, errors.Join(err, s.Close())
}
