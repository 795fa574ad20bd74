package checkup

import (
	"maps"
	"strings"
	"sync"
	"time"

	"rakudos/internal/base/ids"
)

// maxSnapshots bounds how many years of tenants stay in memory.
const maxSnapshots = 12

type snapshots struct {
	mu sync.Mutex
	m  map[snapshotKey]*snapshotSlot
}

type snapshotKey struct {
	tenant ids.Tenant
	year   int
}

type snapshotSlot struct {
	mu   sync.Mutex // held while it is built, so that it is built once
	snap *snapshot
	used time.Time
}

func (c *snapshots) slot(k snapshotKey) *snapshotSlot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.m == nil {
		c.m = map[snapshotKey]*snapshotSlot{}
	}
	s := c.m[k]
	if s == nil {
		for len(c.m) >= maxSnapshots {
			oldest := snapshotKey{}
			for key, x := range c.m {
				if o := c.m[oldest]; o == nil || x.used.Before(o.used) {
					oldest = key
				}
			}
			delete(c.m, oldest)
		}
		s = &snapshotSlot{}
		c.m[k] = s
	}
	s.used = time.Now()
	return s
}

// Forget drops what is kept in memory of a tenant; an erasure calls it.
func (s *Service) Forget(t ids.Tenant) {
	s.snaps.mu.Lock()
	defer s.snaps.mu.Unlock()
	for k := range s.snaps.m {
		if k.tenant == t {
			delete(s.snaps.m, k)
		}
	}
	s.criteria.mu.Lock()
	defer s.criteria.mu.Unlock()
	maps.DeleteFunc(s.criteria.m, func(key string, _ *Criteria) bool { return strings.HasPrefix(key, string(t)+"/") })
}
