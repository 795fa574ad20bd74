package web

import (
	"context"
	"hash/fnv"

	"rakudos/internal/base/ids"
)

// turns bounds how many requests open something large at once, in all and of one customer, so that nobody's many
// requests keep another customer waiting. Customers share a few lanes of one place each.
type turns struct {
	lanes [64]chan struct{}
	all   chan struct{}
}

func newTurns(most int) *turns {
	t := &turns{all: make(chan struct{}, most)}
	for i := range t.lanes {
		t.lanes[i] = make(chan struct{}, 1)
	}
	return t
}

// take waits for a turn as long as ctx lives; done gives it back and must be called once.
func (t *turns) take(ctx context.Context, tenant ids.Tenant) (done func(), err error) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(tenant)) // a hash never fails
	lane := t.lanes[h.Sum32()%uint32(len(t.lanes))]
	for i, c := range []chan struct{}{lane, t.all} {
		select {
		case c <- struct{}{}:
		case <-ctx.Done():
			if i == 1 {
				<-lane
			}
			return nil, ctx.Err()
		}
	}
	return func() { <-t.all; <-lane }, nil
}
