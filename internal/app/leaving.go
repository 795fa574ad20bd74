package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/job"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/people/tenant"
)

// openLeaving joins a customer's way out with the deletion gateway and the certificates.
func (a *App) openLeaving() {
	a.Leaving = termination.New(termination.Deps{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Guard: require, Logger: a.log, Reach: a.deskReach,
		Eraser: leavingEraser{a}, Certificates: leavingCertificates{a}, Tenants: leavingTenants{a}, Handover: leavingHandover{a}, Second: a.Identity.Second,
	})
	a.Erasure.SetCertifier(certifier{a})
	if a.Config.sandbox() {
		return
	}
	a.Leaving.Register(a.Jobs)
	a.Jobs.Handle("certificate.second", func(ctx context.Context, _ job.Job) error { return a.settleCertificates(ctx) }, job.Options{})
	a.Jobs.Schedule("certificate.second", job.Every(time.Hour), job.NewestOnly())
}

// settleCertificates is the hourly look: what is kept of them, those that are missing, second stages, and their copy.
func (a *App) settleCertificates(ctx context.Context) error {
	_, kept := a.Certificates.Keep(ctx)
	_, missed := certifier{a}.missing(ctx)
	_, err := a.Certificates.Complete(ctx, actor.System(ids.System, "certificate"), a.backupsGone)
	return errors.Join(kept, missed, err, a.copyNewest(ctx))
}

// backupsGone looks whether any backup of records taken before an instant is still in one of the places, the second
// included, half copies too. A place that can't be reached is an error: what is not seen is not gone.
func (a *App) backupsGone(ctx context.Context, before time.Time) (bool, error) {
	oldest, err := a.Backup.Oldest(ctx)
	if err != nil || !oldest.IsZero() && !oldest.After(before) {
		return false, err
	}
	all, err := a.Backup.List(ctx)
	if err != nil {
		return false, err
	}
	for _, g := range all {
		if g.Damaged || !g.Taken.After(before) { // one that cannot be read may be as old as any
			return false, nil
		}
	}
	return true, nil
}

// deskReach: the association's desk reaches its customers; the desk of a probe tenant only probe tenants.
func (a *App) deskReach(ctx context.Context, who actor.Actor, t ids.Tenant) error {
	mine, err := a.Tenants.ByID(ctx, who.Tenant)
	if err != nil {
		return err
	}
	theirs, err := a.Tenants.ByID(ctx, t)
	if err != nil {
		return err
	}
	if mine.Kind == tenant.Association && theirs.Kind == tenant.Customer || mine.Kind == tenant.Probe && theirs.Kind == tenant.Probe {
		return nil
	}
	return fault.New(fault.Denied, "access.denied")
}

type leavingTenants struct{ app *App }

// Customer is fault.Denied for the association itself: it does not leave.
func (l leavingTenants) Customer(ctx context.Context, t ids.Tenant) (name, contract string, err error) {
	info, err := l.app.Tenants.ByID(ctx, t)
	if err == nil && info.Kind == tenant.Association {
		err = fault.New(fault.Denied, "access.denied")
	}
	return info.Name, info.Code, err
}

type leavingHandover struct{ app *App }

// Taken is the digest of the newest file, when it was downloaded.
func (l leavingHandover) Taken(ctx context.Context, t ids.Tenant) (string, error) {
	var f handover.File
	f, ok, err := l.app.Handover.Newest(ctx, t)
	if err != nil || !ok || f.Taken == 0 {
		return "", err
	}
	return f.Digest, nil
}

type leavingEraser struct{ app *App }

// Erase begins the case's run, or takes it up: a run carries the case as its reference.
func (l leavingEraser) Erase(ctx context.Context, c *termination.Case) (termination.Outcome, error) {
	who := actor.System(ids.System, "termination")
	run, err := l.run(ctx, who, c)
	if err != nil {
		return termination.Outcome{}, err
	}
	if run == nil {
		order := erasure.Order{Reason: "解約（" + c.Month + " の末日）", RequestedBy: string(c.Requested.Account), Reference: c.ID}
		for _, b := range c.Confirmed {
			order.ApprovedBy = append(order.ApprovedBy, string(b.Account))
		}
		r, err := l.app.Erasure.EraseTenant(ctx, who, c.Tenant, order)
		return outcome(r), err
	}
	if run.State != erasure.Done {
		if _, err := l.app.Erasure.Resume(ctx, who); err != nil {
			return outcome(*run), err
		}
		if run, err = l.run(ctx, who, c); err != nil || run == nil {
			return termination.Outcome{}, err
		}
	}
	return outcome(*run), nil
}

func (l leavingEraser) run(ctx context.Context, who actor.Actor, c *termination.Case) (*erasure.Record, error) {
	runs, err := l.app.Erasure.Runs(ctx, who, c.Tenant, 100)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(runs, func(r erasure.Record) bool { return r.Kind == erasure.Tenant && r.Order.Reference == c.ID })
	if i < 0 {
		return nil, nil
	}
	return &runs[i], nil
}

func outcome(r erasure.Record) termination.Outcome {
	return termination.Outcome{Run: r.ID, Done: r.State == erasure.Done || r.State == erasure.Waiting && !r.Finished.IsZero(), Held: len(r.Held), Finished: r.Finished}
}

type leavingCertificates struct{ app *App }

// Of finds what was issued for a run.
func (l leavingCertificates) Of(ctx context.Context, t ids.Tenant, run string) (first, second string, err error) {
	one, two, err := l.app.Certificates.OfRun(ctx, t, runSlot(run))
	return one.ID, two.ID, err
}

func runSlot(run string) string { return "run:" + run + "/" }
