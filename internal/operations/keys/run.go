package keys

import (
	"context"
	"errors"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// The steps of a rotation, in their order. Each may be broken off and done again.
const (
	stepBegun   = "begun"
	stepVersion = "version" // the new version is made
	stepWrap    = "wrap"    // the keys below are wrapped under it
	stepSeal    = "seal"    // the records are sealed under it
	stepCopies  = "copies"  // copies of the key store are made anew
	stepForget  = "forget"  // versions of the root key that wrap nothing are destroyed
	stepDone    = "done"
)

// tellEvery bounds how often progress is written down.
const tellEvery = 500 * time.Millisecond

// operator of work that runs by itself.
func machine(t ids.Tenant) actor.Actor { return actor.System(t, "keys") }

// Do works on a rotation until it is done. What was broken off before is found out from the keys themselves,
// so it may be called for the same work any number of times. watch hears of progress and may be nil.
func (s *Service) Do(ctx context.Context, w *Work, watch func(*Work)) error {
	if w.State != Running {
		return nil
	}
	r := &running{Service: s, w: w, watch: watch}
	err := r.run(ctx)
	switch {
	case err == nil:
		w.State, w.Step, w.Error = Done, stepDone, ""
	case ctx.Err() != nil:
		return err // stopped: the next start goes on
	case hopeless(err):
		w.State, w.Error = Failed, code(err)
	default:
		w.Error = code(err) // the queue tries again
	}
	after := context.WithoutCancel(ctx)
	if w.State != Running {
		verb, result := "key.rotated", "ok"
		if err != nil {
			verb, result = "key.rotation_failed", "failed"
		}
		e := s.o.Main.Tx(after, w.Tenant, func(tx *db.Tx) error {
			return s.record(tx, machine(w.Tenant), verb, w, map[string]any{"done": w.Done, "result": result, "code": w.Error})
		})
		if e != nil {
			w.State = Running // without its event it is not over
			return errors.Join(err, e)
		}
	}
	if e := s.keep(after, w); e != nil {
		return errors.Join(err, e)
	}
	if watch != nil {
		watch(w)
	}
	return err
}

// hopeless is what no further attempt would cure: the key is gone, or is not ours to rotate.
func hopeless(err error) bool {
	return fault.Is(err, fault.Missing) || fault.Is(err, fault.Conflict) || fault.Is(err, fault.Invalid)
}

type running struct {
	*Service
	w     *Work
	watch func(*Work)
	told  time.Time
}

// step begins a step and writes that down.
func (r *running) step(ctx context.Context, name string) error {
	r.w.Step, r.w.Done, r.w.Total, r.told = name, 0, 0, time.Time{}
	return r.note(ctx)
}

func (r *running) note(ctx context.Context) error {
	if r.watch != nil {
		r.watch(r.w)
	}
	return r.keep(ctx, r.w)
}

// tell is progress within a step.
func (r *running) tell(ctx context.Context) func(done, total int64) {
	return func(done, total int64) {
		r.w.Done, r.w.Total = done, total
		if time.Since(r.told) < tellEvery && done < total {
			return
		}
		r.told = time.Now()
		if err := r.note(ctx); err != nil && ctx.Err() == nil {
			r.o.Logger.Warn("keys: progress", "err", err)
		}
	}
}

type step struct {
	name string
	do   func(context.Context) error
}

func (r *running) run(ctx context.Context) error {
	for _, x := range r.steps() {
		if err := r.step(ctx, x.name); err != nil {
			return err
		}
		if err := x.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *running) steps() []step {
	v, w := r.o.Vault, r.w
	rewrapRoot := step{stepWrap, func(ctx context.Context) error { return v.RewrapRoot(ctx, r.tell(ctx)) }}
	rewrapPersons := step{stepWrap, func(ctx context.Context) error { return v.RewrapPersons(ctx, w.Tenant, r.tell(ctx)) }}
	renew := step{stepCopies, func(ctx context.Context) error {
		if _, err := settle(ctx, r.o.Keys); err != nil {
			return err
		}
		return r.o.Copies.RenewKeys(ctx, machine(ids.System))
	}}
	forget := step{stepForget, func(ctx context.Context) error { _, err := v.ForgetRoots(ctx); return err }}
	switch w.Kind {
	case Root:
		return []step{{stepVersion, func(ctx context.Context) error { return v.RotateRoot(ctx, w.From) }}, rewrapRoot, renew, forget}
	case Tenant:
		return []step{{stepVersion, func(ctx context.Context) error { return v.NextTenant(ctx, w.Tenant, w.version()) }}, rewrapPersons, {stepSeal, r.reseal}}
	case Person:
		return []step{{stepVersion, func(ctx context.Context) error { return v.NextPerson(ctx, w.Tenant, w.Person, w.version()) }}, {stepSeal, r.reseal}}
	case Rewrap:
		if w.Tenant == ids.System {
			return []step{rewrapRoot, {stepSeal, r.everybody}, renew, forget}
		}
		return []step{rewrapPersons, {stepSeal, r.reseal}}
	}
	return nil
}

// everybody re-wraps the person keys and seals the records of every tenant.
func (r *running) everybody(ctx context.Context) error {
	all, err := r.tenants(ctx)
	if err != nil {
		return err
	}
	for i, t := range all {
		if err := r.o.Vault.RewrapPersons(ctx, t, nil); err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		if err := r.resealTenant(ctx, t); err != nil && !fault.Is(err, fault.Missing) {
			return err
		}
		r.tell(ctx)(int64(i+1), int64(len(all)))
	}
	return nil
}

// reseal seals what stands under the key that was rotated.
func (r *running) reseal(ctx context.Context) error {
	if r.w.Kind != Person {
		return r.resealTenant(ctx, r.w.Tenant)
	}
	keys, err := r.o.Vault.Persons(ctx, r.w.Tenant, []ids.Person{r.w.Person})
	if err != nil {
		return err
	}
	k := keys[r.w.Person]
	if k == nil {
		return fault.New(fault.Missing, "vault.key_missing")
	}
	for i, c := range r.o.Columns {
		if c.Person {
			if _, err := c.Reseal(ctx, r.o.Main, k); err != nil {
				return err
			}
		}
		r.tell(ctx)(int64(i+1), int64(len(r.o.Columns)))
	}
	return nil
}

func (r *running) resealTenant(ctx context.Context, t ids.Tenant) error {
	k, err := r.o.Vault.Tenant(ctx, t)
	if err != nil {
		return err
	}
	for i, c := range r.o.Columns {
		if !c.Person {
			if _, err := c.Reseal(ctx, r.o.Main, k); err != nil {
				return err
			}
		}
		if r.w.Kind != Rewrap || r.w.Tenant != ids.System {
			r.tell(ctx)(int64(i+1), int64(len(r.o.Columns)))
		}
	}
	return nil
}

func (w *Work) version() uint32 {
	n, err := strconv.ParseUint(w.From, 10, 32)
	if err != nil {
		return 0 // written by us; a row that was changed makes no new version
	}
	return uint32(n)
}

// tenants are those that have a key.
func (s *Service) tenants(ctx context.Context) ([]ids.Tenant, error) {
	all, err := s.o.Vault.Inventory(ctx)
	var out []ids.Tenant
	for _, k := range all {
		if k.Kind == "tenant" && (len(out) == 0 || out[len(out)-1] != k.Tenant) {
			out = append(out, k.Tenant)
		}
	}
	return out, err
}
