package identity

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"rakudos/internal/base/fault"
)

// gate bounds how many passwords are hashed at once (each takes 19 MiB) and how many attempts may wait. While
// more than half of the places are taken, one network gets at most a share of them, so that nobody who sends guesses
// keeps all others waiting; a company whose people all sign in at nine through one address meets no limit before.
type gate struct {
	mu    sync.Mutex
	from  map[string]int64 // places held, by network
	share int64
	slots chan struct{}
	most  int64
	held  atomic.Int64 // waiting or inside
	took  atomic.Int64 // nanoseconds of a pass, smoothed
}

func newGate(slots, queue int) *gate {
	g := &gate{slots: make(chan struct{}, slots), most: int64(slots + queue), from: map[string]int64{}, share: max(1, int64(slots+queue)/4)}
	g.took.Store(int64(50 * time.Millisecond))
	return g
}

// enter waits for a slot. A full queue, or a network that has used up its share of it, is fault.Busy "identity.busy"
// with an estimate of when to try again. No network is for what only who is signed in can do.
func (g *gate) enter(ctx context.Context, network string) (leave func(), err error) {
	if n, ok := g.take(network); !ok {
		return nil, fault.New(fault.Busy, "identity.busy").After(g.estimate(n))
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		g.give(network)
		return nil, ctx.Err()
	}
	start := time.Now()
	return func() {
		<-g.slots
		g.give(network)
		old := g.took.Load()
		g.took.Store(old + (int64(time.Since(start))-old)/8)
	}, nil
}

// take takes a place; n is how many are in front when there is none.
func (g *gate) take(network string) (n int64, ok bool) {
	if n = g.held.Add(1); n > g.most {
		g.held.Add(-1)
		return n, false
	}
	if network == "" {
		return n, true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if own := g.from[network]; own >= g.share && n > g.most/2 {
		g.held.Add(-1)
		return own, false
	}
	g.from[network]++
	return n, true
}

func (g *gate) give(network string) {
	g.held.Add(-1)
	if network == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from[network]--; g.from[network] <= 0 {
		delete(g.from, network)
	}
}

// estimate is how long n attempts take, in whole seconds, at least one.
func (g *gate) estimate(n int64) time.Duration {
	d := time.Duration(n * g.took.Load() / int64(cap(g.slots)))
	return max(time.Second, d.Truncate(time.Second)+time.Second)
}
