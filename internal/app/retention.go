package app

import (
	"context"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/people/tenant"
)

// openRetention joins the nightly look at what has expired with the deletion gateway.
func (a *App) openRetention() {
	a.Retention = retention.New(retention.Deps{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Guard: require, Logger: a.log, Eraser: retentionEraser{a}, Second: a.Identity.Second,
		Reach: func(ctx context.Context, who actor.Actor, t ids.Tenant) error {
			if who.Tenant == t { // the association's own people
				return nil
			}
			return a.deskReach(ctx, who, t)
		},
		Living:      a.livingCustomers,
		OneIsEnough: a.Config.sabotage[retention.SabotageOne],
	})
	if !a.Config.sandbox() {
		a.Retention.Register(a.Jobs)
	}
}

// livingCustomers are the tenants whose keys live, without those that the register, where it verifies, knows to be of
// the probes: the keys lie apart from the records, and end only with an erasure.
func (a *App) livingCustomers(ctx context.Context) (out []ids.Tenant, err error) {
	keys, err := a.Vault.Inventory(ctx)
	if err != nil {
		return nil, err
	}
	all, err := a.Tenants.List(ctx)
	if err != nil {
		return nil, err
	}
	ours := map[ids.Tenant]bool{ids.System: true}
	for _, t := range all {
		ours[t.ID] = ours[t.ID] || t.Kind == tenant.Probe && !t.Tampered
	}
	for _, k := range keys {
		if k.Kind == "tenant" && !ours[k.Tenant] && !slices.Contains(out, k.Tenant) {
			out = append(out, k.Tenant)
		}
	}
	return out, nil
}

type retentionEraser struct{ app *App }

var retainer = actor.System(ids.System, "retention")

// Find looks for the run that carries the batch, and takes it up when it was cut off.
func (e retentionEraser) Find(ctx context.Context, t ids.Tenant, batch string) (run string, found, done bool, err error) {
	look := func() (r erasure.Record, err error) {
		runs, err := e.app.Erasure.Runs(ctx, retainer, t, 1000)
		if i := slices.IndexFunc(runs, func(r erasure.Record) bool { return r.Order.Reference == batch }); i >= 0 {
			r = runs[i]
		}
		return r, err
	}
	r, err := look()
	if err != nil || r.ID == "" {
		return "", false, false, err
	}
	if r.State != erasure.Done {
		if _, err := e.app.Erasure.Resume(ctx, retainer); err != nil {
			return r.ID, true, false, err
		}
		if r, err = look(); err != nil {
			return r.ID, true, false, err
		}
	}
	return r.ID, true, r.State == erasure.Done, nil
}

// Erase begins the run of a batch. Its certificate is issued by the gateway's certifier.
func (e retentionEraser) Erase(ctx context.Context, b retention.Batch) (run string, done bool, err error) {
	o := erasure.Order{Reason: "保持期間の終わり（" + b.Class + "）", RequestedBy: "retention", ApprovedBy: b.ApprovedBy[:], Reference: b.ID}
	var r erasure.Record
	if b.Kind == retention.OfPerson {
		var people []ids.Person
		for _, d := range b.Items {
			people = append(people, d.Person)
		}
		r, err = e.app.Erasure.ErasePersons(ctx, retainer, b.Tenant, people, o)
	} else {
		var items []erasure.Item
		for _, d := range b.Items {
			items = append(items, erasure.Item{Unit: d.Unit, ID: d.Subject, Person: d.Person})
		}
		r, err = e.app.Erasure.EraseRecords(ctx, retainer, b.Tenant, b.Class, items, o)
	}
	return r.ID, r.State == erasure.Done, err
}
