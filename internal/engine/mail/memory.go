package mail

import (
	"context"
	"slices"
	"sync"
)

// memoryLimit bounds the mailbox; the oldest message goes first.
const memoryLimit = 256

// Memory is a mailbox inside the process for the service's own probes. The zero value is ready.
type Memory struct {
	mu   sync.Mutex
	held []Message
}

// Send implements Sender.
func (b *Memory) Send(_ context.Context, m Message) error {
	if err := Check(m); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.held) == memoryLimit {
		b.held = slices.Delete(b.held, 0, 1)
	}
	b.held = append(b.held, m)
	return nil
}

// Take removes and returns the newest message for an address.
func (b *Memory) Take(to string) (Message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.held) - 1; i >= 0; i-- {
		if b.held[i].To == to {
			m := b.held[i]
			b.held = slices.Delete(b.held, i, i+1)
			return m, true
		}
	}
	return Message{}, false
}
