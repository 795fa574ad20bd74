package identity

import (
	"context"
	"sync/atomic"
	"time"

	"rakudos/internal/base/fault"
)

// gate bounds how many passwords are hashed at once (each takes 19 MiB) and how many attempts may wait.
type gate struct {
	slots chan struct{}
	most  int64
	held  atomic.Int64 // waiting or inside
	took  atomic.Int64 // nanoseconds of a pass, smoothed
}

func newGate(slots, queue int) *gate {
	g := &gate{slots: make(chan struct{}, slots), most: int64(slots + queue)}
	g.took.Store(int64(50 * time.Millisecond))
	return g
}

// enter waits for a slot. A full queue is fault.Busy "identity.busy" with an estimate of when to try again.
func (g *gate) enter(ctx context.Context) (leave func(), err error) {
	n := g.held.Add(1)
	if n > g.most {
		g.held.Add(-1)
		return nil, fault.New(fault.Busy, "identity.busy").After(g.estimate(n))
	}
	select {
	case g.slots <- struct{}{}:
	case <-ctx.Done():
		g.held.Add(-1)
		return nil, ctx.Err()
	}
	start := time.Now()
	return func() {
		<-g.slots
		g.held.Add(-1)
		old := g.took.Load()
		g.took.Store(old + (int64(time.Since(start))-old)/8)
	}, nil
}

// estimate is how long n attempts take, in whole seconds, at least one.
func (g *gate) estimate(n int64) time.Duration {
	d := time.Duration(n * g.took.Load() / int64(cap(g.slots)))
	return max(time.Second, d.Truncate(time.Second)+time.Second)
}
