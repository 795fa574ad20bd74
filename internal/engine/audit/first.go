package audit

import "sync"

// firstMost bounds what First remembers; beyond it nothing is new any more, so that whoever forges rows by
// the million can't fill the memory or the log.
const firstMost = 10_000

// First tells whether something is seen for the first time in this process, for findings that would
// otherwise be recorded at every request. The zero value is ready; it is safe for concurrent use.
type First struct {
	mu   sync.Mutex
	seen map[string]struct{}
}

// Time reports whether key has not been seen before.
func (f *First) Time(key string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.seen[key]; ok || len(f.seen) >= firstMost {
		return false
	}
	if f.seen == nil {
		f.seen = map[string]struct{}{}
	}
	f.seen[key] = struct{}{}
	return true
}
