package checkup

import (
	"context"
	"sync"

	"rakudos/internal/base/ids"
)

// progress holds how far running imports are, for pages of this process, and wakes whoever watches.
type progress struct {
	mu       sync.Mutex
	done     map[ids.Import]int
	watchers map[ids.Import]map[chan struct{}]bool
}

func (p *progress) set(id ids.Import, done int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		p.done = map[ids.Import]int{}
	}
	p.done[id] = done
	p.wake(id)
}

func (p *progress) get(id ids.Import) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done[id]
}

// end forgets the progress and lets the watchers look at the new state.
func (p *progress) end(id ids.Import) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.done, id)
	p.wake(id)
}

func (p *progress) wake(id ids.Import) {
	for c := range p.watchers[id] {
		select {
		case c <- struct{}{}:
		default: // it has not yet taken the last one
		}
	}
}

func (p *progress) watch(ctx context.Context, id ids.Import) <-chan struct{} {
	c := make(chan struct{}, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watchers == nil {
		p.watchers = map[ids.Import]map[chan struct{}]bool{}
	}
	if p.watchers[id] == nil {
		p.watchers[id] = map[chan struct{}]bool{}
	}
	p.watchers[id][c] = true
	context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watchers[id], c)
		if len(p.watchers[id]) == 0 {
			delete(p.watchers, id)
		}
		close(c)
	})
	return c
}
