package erasure

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// destroyKeys makes every copy of the data, older backups included, unreadable for ever.
func (w *work) destroyKeys(ctx context.Context) error {
	if w.rec.Kind == Records {
		return nil
	}
	if w.weak == SabotageKeys {
		return nil
	}
	start := time.Now()
	versions, people, err := w.o.Vault.Held(ctx, w.rec.Tenant)
	if err != nil {
		return err
	}
	if w.partial() {
		w.rec.Keys = nil
		err = w.destroyPeople(ctx)
	} else {
		if len(versions) > 0 { // or they were written down before a kill
			if err := w.writeDown(ctx, versions, people); err != nil {
				return err
			}
		}
		err = w.destroyTenant(ctx)
	}
	w.rec.KeysTook = time.Since(start).Round(time.Microsecond).String()
	return err
}

func (w *work) destroyPeople(ctx context.Context) error {
	if err := w.o.Vault.DestroyPersons(ctx, w.rec.Tenant, w.people()); err != nil {
		return err
	}
	all, err := w.o.Vault.PersonReceipts(ctx, w.rec.Tenant, w.people())
	if err != nil {
		return err
	}
	if len(all) != len(w.people()) {
		return fault.New(fault.Internal, "erasure.no_receipt")
	}
	w.rec.Keys = append(w.rec.Keys, fmt.Sprintf("persons %d", len(all)))
	w.rec.KeysGone, w.rec.Receipts = int64(len(all)), all[:min(len(all), MaxReceipts)]
	w.rec.Subjects = int64(len(all))
	for _, r := range all {
		if r.At.After(w.rec.KeysAt) {
			w.rec.KeysAt = r.At
		}
	}
	return nil
}

// writeDown keeps which keys a tenant has, while they can still be counted.
func (w *work) writeDown(ctx context.Context, versions []uint32, people int64) error {
	w.rec.Keys = nil
	for _, v := range versions {
		w.rec.Keys = append(w.rec.Keys, fmt.Sprintf("tenant %s version %d", w.rec.Tenant, v))
	}
	w.rec.Keys = append(w.rec.Keys, fmt.Sprintf("persons %d", people))
	w.rec.KeysGone, w.rec.Subjects = max(w.rec.KeysGone, people+1), max(w.rec.Subjects, people)
	return w.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) error { return w.save(ctx, tx) })
}

func (w *work) destroyTenant(ctx context.Context) error {
	if err := w.o.Vault.DestroyTenant(ctx, w.rec.Tenant); err != nil && fault.Of(err).Code != "vault.key_missing" {
		return err
	}
	r, err := w.o.Vault.TenantReceipt(ctx, w.rec.Tenant)
	if err != nil {
		return err
	}
	w.rec.Receipts, w.rec.KeysAt = append(w.rec.Receipts[:0:0], r), r.At
	return nil
}

// renewCopies belongs to the same act: a fresh copy of the key store is taken, and every older one, which
// still holds the keys, is removed.
func (w *work) renewCopies(ctx context.Context) error {
	if w.rec.Kind == Records || w.weak == SabotageKeys {
		return nil
	}
	if err := w.o.Keys.Scrub(ctx, vault.KeyTables...); err != nil {
		return err
	}
	kept, err := w.o.Keys.OverwriteLog(ctx)
	if err != nil {
		return err
	}
	w.rec.KeyLog = kept
	if w.o.Copies == nil || w.weak == SabotageCopies {
		return nil
	}
	if err := w.o.Copies.RenewKeys(ctx, w.who); err != nil {
		return err
	}
	w.rec.Copies = Copies{RenewedAt: time.Now().UTC().Truncate(time.Second), Purged: true}
	return nil
}

// scrub cuts what the database engines keep of deleted rows in files of their own: of a whole tenant in every table
// that has lost rows and in those that have lost a name or words. The log's index of people holds identifiers only and is
// too large to stop the log for.
func (w *work) scrub(ctx context.Context) error {
	var tables []string
	for _, s := range sweeps {
		whole := w.rec.Kind == Tenant && !w.partial() && (s.Erase == Rows || s.Name == "tenant")
		texts := w.rec.Kind != Records && s.Text != ""
		if s.Erase == Rows && s.personal() || whole || texts || s.Name == quoted && w.partial() {
			tables = append(tables, s.Name)
		}
	}
	return w.o.Main.Scrub(ctx, tables...)
}
