package erasure

import (
	"context"
	"strings"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// ways are the tables by which people get in.
var ways = []string{"identity_signins", "identity_sessions", "identity_devices"}

// close keeps new rows from coming: the tenant is closed and its jobs go, or people's sessions end. A job that runs
// loses its lease with its row; what it may still have written is found by the scan. The sessions of a whole tenant end
// with its key, which their rows are bound to; clearing away tens of thousands first would keep the key alive.
func (w *work) close(ctx context.Context) error {
	if w.rec.Kind == Tenant {
		err := w.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) error {
			_, err := tx.Exec(qTenantClose, w.rec.Tenant, db.Micros(time.Now()))
			return err
		})
		if err != nil {
			return err
		}
	}
	if w.rec.Kind == Records {
		return nil
	}
	if err := w.noteHouseTexts(ctx); err != nil {
		return err
	}
	if !w.partial() {
		return w.sweepThose(ctx, []string{"job"})
	}
	return w.sweepThose(ctx, ways)
}

func (w *work) sweepThose(ctx context.Context, names []string) error {
	for _, name := range names {
		if err := w.sweep(ctx, sweepOf(name)); err != nil {
			return err
		}
	}
	return nil
}

// dropMails removes what was not sent but laid down, while the addresses can still be read.
func (w *work) dropMails(ctx context.Context) error {
	if w.o.Mails == nil || w.rec.Kind == Records {
		return nil
	}
	var who []ids.Person
	if w.partial() {
		who = w.people()
	}
	n, err := w.o.Mails(ctx, w.rec.Tenant, who)
	if err != nil {
		return err
	}
	return w.counted(ctx, "file.mail", int64(n))
}

// dropRows deletes rows table by table, the ways in first, then children before parents, a little at a time, then files
// and memory.
func (w *work) dropRows(ctx context.Context) error {
	if w.rec.Kind != Records {
		if err := w.sweepThose(ctx, ways); err != nil {
			return err
		}
	}
	for _, s := range sweeps {
		if s.Erase != Rows {
			continue
		}
		if err := w.sweep(ctx, s); err != nil {
			return err
		}
	}
	if err := w.emptyTexts(ctx); err != nil {
		return err
	}
	if err := w.dropQuoted(ctx); err != nil {
		return err
	}
	if err := w.dropFiles(ctx); err != nil {
		return err
	}
	err := w.o.Main.Tx(ctx, w.rec.Tenant, func(tx *db.Tx) error {
		for _, q := range []db.Query{qMoveOrg, qMoveList} { // lists in memory are made anew
			if _, err := tx.Exec(q, w.rec.Tenant); err != nil {
				return err
			}
		}
		return nil
	})
	w.forget()
	return err
}

func (w *work) forget() {
	for _, f := range w.o.Forget {
		f(w.rec.Tenant)
	}
}

// sweep deletes from one table what the run is about.
func (w *work) sweep(ctx context.Context, s sweep) error {
	if w.rec.Kind == Records {
		return w.sweepRecords(ctx, s)
	}
	if !w.partial() {
		return w.sweepTenant(ctx, s)
	}
	if s.people.Text() == "" {
		return nil
	}
	return inChunks(w.rec.Tenant, w.people(), func(args []any, _ int) error {
		_, err := w.chunk(ctx, s, func(tx *db.Tx) (int64, error) {
			if s.Name == "identity_accounts" {
				if _, err := tx.Exec(qRetire, args...); err != nil {
					return 0, err
				}
			}
			return tx.Exec(s.people, args...)
		})
		return err
	})
}

func (w *work) sweepTenant(ctx context.Context, s sweep) error {
	for {
		n, err := w.chunk(ctx, s, func(tx *db.Tx) (int64, error) {
			if err := tx.Replan(); err != nil { // a plan from before reads all of every table that refers to this one
				return 0, err
			}
			return tx.Exec(s.all, w.rec.Tenant)
		})
		if err != nil || n == 0 || len(s.Key) == 0 {
			return err
		}
	}
}

// chunk deletes and counts in one transaction, so that a kill loses neither.
func (w *work) chunk(ctx context.Context, s sweep, del func(*db.Tx) (int64, error)) (n int64, err error) {
	if err := w.pass("rows " + s.Name); err != nil {
		return 0, err
	}
	err = w.o.Main.Tx(ctx, w.rec.Tenant, func(tx *db.Tx) (err error) {
		if n, err = del(tx); err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(qCountUp, w.rec.Tenant, w.rec.ID, s.ID(), n)
		return err
	})
	return n, err
}

func (w *work) counted(ctx context.Context, store string, n int64) error {
	if n == 0 {
		return nil
	}
	return w.o.Main.Tx(ctx, w.rec.Tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qCountUp, w.rec.Tenant, w.rec.ID, store, n)
		return err
	})
}

// dropQuoted drops what refused lines of ended imports quote: of whom they are nobody knows.
func (w *work) dropQuoted(ctx context.Context) error {
	if w.o.Quoted == nil || !w.partial() || len(w.people()) == 0 {
		return nil
	}
	n, err := w.o.Quoted(ctx, w.rec.Tenant)
	if err != nil {
		return err
	}
	return w.counted(ctx, string(Main)+"."+quoted, int64(n))
}

// dropFiles deletes every file of a tenant. Files waiting to be imported are not sorted by person: what a
// run over people leaves of them is said in the record.
func (w *work) dropFiles(ctx context.Context) error {
	if w.rec.Kind != Tenant || w.partial() {
		return nil
	}
	names, err := w.o.Blobs.List(ctx, string(w.rec.Tenant)+"/")
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := w.pass("file"); err != nil {
			return err
		}
		if err := w.o.Blobs.Delete(ctx, name); err != nil {
			return err
		}
		if err := w.counted(ctx, storeOfFile(w.rec.Tenant, name), 1); err != nil {
			return err
		}
	}
	return nil
}

func storeOfFile(t ids.Tenant, name string) string {
	key := strings.TrimPrefix(name, string(t)+"/")
	for _, s := range Tables(Blob) {
		if strings.HasPrefix(key, s.Name) {
			return s.ID()
		}
	}
	return "file.blobs"
}

// dropAfterKeys deletes what had to stay while the tenant's key was there: the log's index of people, without
// which the log would not verify, and the tenant's name, which is unreadable by now.
func (w *work) dropAfterKeys(ctx context.Context) error {
	if w.rec.Kind != Tenant || w.partial() {
		return nil
	}
	for _, s := range sweeps {
		if s.Erase == AfterKeys {
			if err := w.sweepTenant(ctx, s); err != nil {
				return err
			}
		}
	}
	return w.o.Main.Tx(ctx, db.Global, func(tx *db.Tx) error {
		n, err := tx.Exec(qTenantEmpty, w.rec.Tenant, []byte{})
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Exec(qCountUp, w.rec.Tenant, w.rec.ID, "main.tenant", n)
		return err
	})
}
