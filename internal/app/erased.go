package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rakudos/internal/base/ids"
)

// sweepMemory is how often a running service looks for what another one has erased: twice within the minute that the
// register of stores names (memoryStores).
const sweepMemory = 30 * time.Second

// memories drop what this process keeps of a tenant beside its key.
func (a *App) memories() []func(ids.Tenant) {
	return []func(ids.Tenant){a.Org.Forget, a.Checkup.Forget}
}

// followErasures keeps the memory of this process free of tenants that another one has erased. Jobs run on one node of
// those that share a database, memory is on each, so it is no job.
func (a *App) followErasures(ctx context.Context) error {
	tick := time.NewTicker(cmp.Or(a.Config.sweep, sweepMemory))
	defer tick.Stop()
	var before []ids.Tenant
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			before = a.forgetErased(ctx, before)
		}
	}
}

// forgetErased drops the keys that were destroyed elsewhere and what is kept of their tenants, and returns these. What
// was dropped before is dropped once more, for a request that was under way then may have put something back.
func (a *App) forgetErased(ctx context.Context, before []ids.Tenant) []ids.Tenant {
	gone, err := a.Vault.Sweep(ctx)
	if err != nil {
		if ctx.Err() == nil {
			a.log.WarnContext(ctx, "memory was not swept of erased tenants; it is tried again", "err", err)
		}
		return before
	}
	for _, forget := range a.memories() {
		for _, t := range slices.Concat(before, gone) {
			forget(t)
		}
	}
	return gone
}
