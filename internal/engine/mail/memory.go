package mail

import (
	"context"
	"slices"
	"sync"
	"time"
)

// memoryLimit bounds the mailbox; the oldest message goes first.
const memoryLimit = 256

// Memory is a mailbox inside the process for the service's own probes. The zero value is ready.
type Memory struct {
	mu   sync.Mutex
	held []arrived
}

type arrived struct {
	Message
	at time.Time
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
	b.held = append(b.held, arrived{m, time.Now()})
	return nil
}

// Take removes and returns the newest message for an address that arrived at or after an instant; the zero
// time takes any.
func (b *Memory) Take(to string, after time.Time) (Message, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, m := range slices.Backward(b.held) {
		if m.To == to && !m.at.Before(after) {
			b.held = slices.Delete(b.held, i, i+1)
			return m.Message, true
		}
	}
	return Message{}, false
}
