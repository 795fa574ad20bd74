package identity

import (
	"context"
	"sync"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// touches holds the last activity of sessions until it is written down, at most a step (a second) later:
// reading a page never waits for the one writer of the database. A crash loses that second, which can
// only end a session early.
type touches struct {
	write func(map[ids.Session]touched) error

	mu      sync.Mutex
	pending map[ids.Session]touched
	writing map[ids.Session]touched
	timer   *time.Timer
	closed  bool
	flight  sync.Mutex // one flush at a time
}

type touched struct {
	tenant ids.Tenant
	at     int64
}

func newTouches(write func(map[ids.Session]touched) error) *touches {
	return &touches{write: write, pending: map[ids.Session]touched{}}
}

// last is the activity not yet written, or 0.
func (t *touches) last(id ids.Session) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return max(t.pending[id].at, t.writing[id].at)
}

func (t *touches) note(tenant ids.Tenant, id ids.Session, now time.Time, step time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending[id] = touched{tenant, max(t.pending[id].at, db.Micros(now))}
	if t.timer == nil && !t.closed {
		t.timer = time.AfterFunc(step, func() { _ = t.flush() })
	}
}

// flush writes what is pending. What could not be written waits for the next activity.
func (t *touches) flush() error {
	t.flight.Lock()
	defer t.flight.Unlock()
	t.mu.Lock()
	t.writing, t.pending, t.timer = t.pending, map[ids.Session]touched{}, nil
	t.mu.Unlock()
	var err error
	if len(t.writing) > 0 {
		err = t.write(t.writing)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if err != nil {
		for id, w := range t.writing {
			t.pending[id] = touched{w.tenant, max(w.at, t.pending[id].at)}
		}
	}
	t.writing = nil
	return err
}

func (t *touches) close() error {
	t.mu.Lock()
	t.closed = true
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	return t.flush()
}

// forget drops what is pending for a session, for a probe that ages its own.
func (t *touches) forget(id ids.Session) {
	t.flight.Lock()
	defer t.flight.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pending, id)
}

func (s *Service) writeTouches(all map[ids.Session]touched) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return s.transact(ctx, func(tx *db.Tx) error {
		for id, t := range all {
			if _, err := tx.Exec(qSessionTouch, t.tenant, id, t.at); err != nil {
				return err
			}
		}
		return nil
	})
}
