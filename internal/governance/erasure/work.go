package erasure

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// The steps of a run, in their order. Each may be done again after a kill, and is written down when it is
// complete.
const (
	stepDecided  = "decided"  // holds asked, run written down
	stepEntered  = "entered"  // in the erasure ledger, on the disk
	stepClosed   = "closed"   // nobody signs in, no job of theirs runs
	stepMails    = "mails"    // what waits in the spool for them is gone
	stepKeys     = "keys"     // keys are destroyed: from here on nobody reads anything
	stepCopies   = "copies"   // the copies of the key store hold none of them
	stepRows     = "rows"     // rows, files and memory are gone
	stepIndex    = "index"    // what had to stay until the key was gone
	stepScrubbed = "scrubbed" // the databases' working files hold none of it
	stepDone     = "done"     // looked for, nothing found
)

// Steps lists them, for progress and for tests that kill at each.
var Steps = []string{stepDecided, stepEntered, stepClosed, stepMails, stepKeys, stepCopies, stepRows, stepIndex, stepScrubbed, stepDone}

// work is a run under way.
type work struct {
	*Gateway
	who  actor.Actor
	rec  Record
	part []ids.Person // of a tenant's run while some people are held: everybody else
}

// partial tells whether the run now goes over people rather than over the whole tenant.
func (w *work) partial() bool { return w.rec.Kind == Persons || w.part != nil }

// people are those whom the run is about, when it is about people.
func (w *work) people() []ids.Person {
	if w.part != nil {
		return w.part
	}
	return w.rec.People
}

func (w *work) waiting() int {
	if len(w.rec.Held) > 0 {
		return 1
	}
	return 0
}

// run does the steps that are left.
func (w *work) run(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx) // a closed browser ends no erasure
	if w.rec.Kind == Tenant && (w.rec.Step == stepDecided || w.rec.State == Waiting) {
		again, err := w.reconsider(ctx)
		if err != nil || !again {
			return err
		}
	}
	if len(w.rec.Held) > 0 {
		if err := w.allButHeld(ctx); err != nil {
			return err
		}
	}
	if err := w.steps(ctx); err != nil {
		return err
	}
	if w.certify == nil {
		return nil
	}
	return w.certify.Issue(ctx, w.rec)
}

func (w *work) steps(ctx context.Context) error {
	do := map[string]func(context.Context) error{
		stepEntered: w.enter, stepClosed: w.close, stepMails: w.dropMails, stepRows: w.dropRows, stepKeys: w.destroyKeys,
		stepCopies: w.renewCopies, stepIndex: w.dropAfterKeys, stepScrubbed: w.scrub, stepDone: w.verify,
	}
	if w.weak == SabotageLate {
		do[stepEntered] = func(context.Context) error { return nil }
		do[stepDone] = func(ctx context.Context) error { return errors.Join(w.verify(ctx), w.enter(ctx)) }
	}
	for _, name := range Steps[slices.Index(Steps, w.rec.Step)+1:] {
		if err := w.pass("before " + name); err != nil {
			return err
		}
		if err := do[name](ctx); err != nil {
			w.o.Logger.Error("erasure: a step failed; the run will be taken up again", "run", w.rec.ID, "step", name, "code", fault.Of(err).Code)
			return err
		}
		if err := w.pass("after " + name); err != nil {
			return err
		}
		if err := w.complete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) pass(point string) error {
	if w.crash == nil {
		return nil
	}
	return w.crash(point)
}

// complete writes down that a step is done, with its event.
func (w *work) complete(ctx context.Context, step string) error {
	w.rec.Step = step
	if step == stepDone {
		w.rec.Finished = time.Now().UTC().Truncate(time.Microsecond)
		w.rec.State = Done
		if len(w.rec.Held) > 0 {
			w.rec.State = Waiting
		}
	}
	return w.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) (err error) {
		if w.rec.Scope, err = scopeIn(tx, w.rec.Tenant, w.rec.ID); err != nil { // certificates are made from it
			return err
		}
		if step == stepEntered || step == stepKeys || step == stepDone {
			d := map[string]any{"ledger_entry": w.rec.LedgerN, "ledger_hash": w.rec.LedgerHash}
			if step == stepDone {
				d["keys_destroyed"], d["residual"], d["state"] = w.rec.KeysGone, len(w.rec.Verification.Residual), string(w.rec.State)
			}
			if err := w.event(tx, "erasure."+step, "ok", d); err != nil {
				return err
			}
		}
		return w.save(ctx, tx)
	})
}

func (w *work) save(ctx context.Context, tx *db.Tx) error {
	sealed, err := w.sealed(ctx)
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(w.rec.LedgerHash)
	if err != nil {
		return err
	}
	end := int64(0)
	if w.rec.State == Done {
		end = db.Micros(w.rec.Finished)
	}
	n, err := tx.Exec(qRunStep, w.rec.Tenant, w.rec.ID, w.rec.Step, w.waiting(), w.rec.LedgerN, hash, sealed, end)
	if err == nil && n == 0 {
		err = fault.New(fault.Internal, "erasure.no_run")
	}
	return err
}

// reconsider asks the holds again for a run that has not begun to destroy, or that waits for a release. A
// waiting run goes on only when no person is held any more than those whom it left alone.
func (w *work) reconsider(ctx context.Context) (on bool, err error) {
	before := w.rec.Held
	waiting := w.rec.State == Waiting
	err = w.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) error {
		if err := turn(tx, w.rec.Tenant); err != nil {
			return err
		}
		if err := w.askHolds(tx); err != nil {
			return err
		}
		if waiting && len(w.rec.Held) > 0 {
			on = len(w.rec.Held) < len(before) // somebody was released: erase them now
			if !on {
				w.rec.Held = before
				return nil
			}
		} else {
			on = true
		}
		w.rec.Step, w.rec.State = stepDecided, Running
		return w.save(ctx, tx)
	})
	return on, err
}

// allButHeld lists everybody of the tenant apart from those who are held: once it is in the ledger, as it
// stands there.
func (w *work) allButHeld(ctx context.Context) error {
	if w.rec.LedgerN > 0 && w.rec.Step != stepDecided {
		all, err := w.o.Ledger.Read(ctx, w.o.Vault)
		if err != nil {
			return err
		}
		w.part = append([]ids.Person{}, all[w.rec.LedgerN-1].People...)
		return nil
	}
	keyed, err := w.o.Vault.People(ctx, w.rec.Tenant)
	if err != nil {
		return err
	}
	var listed []ids.Person
	err = w.o.Main.View(ctx, w.rec.Tenant, func(tx *db.Tx) (err error) {
		listed, err = db.Column[ids.Person](tx, qEveryone, w.rec.Tenant)
		return err
	})
	all := append(keyed, listed...)
	slices.Sort(all)
	all = slices.Compact(all)
	w.part = slices.DeleteFunc(all, func(p ids.Person) bool {
		_, held := slices.BinarySearch(w.rec.Held, p)
		return held
	})
	if w.part == nil {
		w.part = []ids.Person{}
	}
	return err
}

// enter writes the ledger. Nothing may be destroyed before.
func (w *work) enter(ctx context.Context) error {
	e := Entry{At: time.Now(), Run: w.rec.ID, Kind: w.rec.Kind, Tenant: w.rec.Tenant, Records: w.rec.Records}
	if w.partial() {
		e.Kind, e.People = Persons, w.people()
	}
	if w.part != nil {
		e.Run = w.rec.ID + "/" + itoa(int64(len(w.rec.Held)))
	}
	e, err := w.o.Ledger.Append(ctx, w.o.Vault, e)
	if err != nil {
		return err
	}
	w.rec.LedgerN, w.rec.LedgerHash = e.N, e.hash()
	return nil
}
