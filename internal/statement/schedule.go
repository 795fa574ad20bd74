package statement

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"rakudos/internal/base/control"
)

// How probes are spread: two at a time, the first round begun within a moment, later ones somewhat before
// they are due so that they do not fall together, and sooner after a run that did not end well.
const (
	slots      = 2
	startStep  = time.Millisecond
	retryFirst = 3 * time.Second
	retryMost  = 5 * time.Minute
	retryTimes = 8 // then it is no accident, and comes by its Every again
	recheck    = time.Minute
)

// outcome of one run, as far as the schedule cares.
type outcome int

const (
	fine   outcome = iota
	broken         // a promise was found broken: look again soon
	unsure         // the probe or its mutant could not look: try again, ever more slowly
)

// schedule runs do for every control at start and then by its Every, until ctx ends; it returns when
// nothing runs any more. first is called when every control has had its first run.
func schedule(ctx context.Context, controls []control.Control, do func(context.Context, control.Control) outcome, first func()) {
	type end struct {
		c control.Control
		o outcome
	}
	due := make(map[string]time.Time, len(controls))
	byID := make(map[string]control.Control, len(controls))
	for i, c := range controls { // the first round goes in the order given
		byID[c.ID] = c
		due[c.ID] = time.Now().Add(time.Duration(i) * startStep)
	}
	done := make(chan end)
	running, tries, seen := 0, map[string]int{}, map[string]bool{}
	if len(controls) == 0 {
		first()
	}
	for {
		id, at := earliest(due)
		var timer <-chan time.Time
		if id != "" && running < slots && ctx.Err() == nil {
			timer = time.After(time.Until(at))
		}
		if ctx.Err() != nil && running == 0 {
			return
		}
		stop := ctx.Done()
		if ctx.Err() != nil {
			stop = nil // already known: only wait for what runs
		}
		select {
		case <-stop:
		case <-timer:
			running++
			delete(due, id)
			c := byID[id]
			go func() { done <- end{c, do(ctx, c)} }()
		case e := <-done:
			running--
			if e.o == unsure {
				tries[e.c.ID]++
			} else {
				tries[e.c.ID] = 0
			}
			due[e.c.ID] = time.Now().Add(pause(e.c.Every, e.o, tries[e.c.ID]))
			if seen[e.c.ID] = true; len(seen) == len(controls) && first != nil {
				first()
				first = nil
			}
		}
	}
}

// pause tells how long to wait before the next run.
func pause(every time.Duration, o outcome, tries int) time.Duration {
	switch o {
	case broken:
		return min(every, recheck)
	case unsure:
		if tries <= retryTimes {
			return min(every, retryMost, retryFirst<<(tries-1))
		}
	}
	return every - jitter(every/10)
}

func earliest(due map[string]time.Time) (id string, at time.Time) {
	for k, t := range due {
		if id == "" || t.Before(at) {
			id, at = k, t
		}
	}
	return id, at
}

// jitter is a time below most.
func jitter(most time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program first
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(max(most, 1)))
}
