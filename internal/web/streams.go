package web

import (
	"sync"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// streamsEach is how many streams of events one session may hold open: a few tabs.
const streamsEach = 6

// streams counts the open streams by session. The zero value is ready.
type streams struct {
	mu   sync.Mutex
	open map[ids.Session]int
}

// enter takes a place or answers fault.Busy "web.streams"; done gives it back.
func (s *streams) enter(id ids.Session) (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[id] >= streamsEach {
		return nil, fault.New(fault.Busy, "web.streams").After(10 * time.Second)
	}
	if s.open == nil {
		s.open = map[ids.Session]int{}
	}
	s.open[id]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.open[id]--; s.open[id] == 0 {
			delete(s.open, id)
		}
	}, nil
}
