package erasure

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Replay brings restored databases up to date with the ledger: it fills backup.Ledger. Whoever was erased
// since the backup was made is erased from the restored database too, before anybody opens it.
type Replay struct {
	Ledger *Ledger
	Root   vault.Root

	weak string // SabotageLedger: nothing is replayed
}

// Sabotage switches the replay off, for the mutant of ER-LEDGER.
func (r *Replay) Sabotage(name string) { r.weak = name }

// Replay verifies the whole ledger against the restored key store and applies it. A ledger that is missing,
// shorter than the key store knows, or altered is refused.
func (r *Replay) Replay(ctx context.Context, main, keys *db.DB) (applied int, err error) {
	v, err := vault.Open(ctx, keys, r.Root)
	if err != nil {
		return 0, err
	}
	all, err := r.Ledger.Read(ctx, v)
	if err != nil {
		return 0, err
	}
	if err := agrees(ctx, main, v, all); err != nil {
		return 0, err
	}
	if r.weak == SabotageLedger {
		return 0, nil
	}
	if applied, err = apply(ctx, main, v, all); err != nil {
		return applied, err
	}
	return applied, emptyAll(ctx, main, all)
}

// CatchUp is Replay at the start of a service, whatever way its database came to be as old as it is: entries
// whose run the database does not know are applied before anybody reads it.
func (r *Replay) CatchUp(ctx context.Context, main *db.DB, v *vault.Vault) (applied int, err error) {
	all, err := r.Ledger.Read(ctx, v)
	if err != nil {
		return 0, err
	}
	if err := agrees(ctx, main, v, all); err != nil {
		return 0, err
	}
	known := map[string]bool{}
	err = main.View(ctx, db.Global, func(tx *db.Tx) error {
		runs, err := db.Column[string](tx, qRunIDs)
		for _, id := range runs {
			known[id] = true
		}
		return err
	})
	if err != nil || r.weak == SabotageLedger {
		return 0, err
	}
	if applied, err = apply(ctx, main, v, slices.DeleteFunc(slices.Clone(all), func(e Entry) bool { return known[e.run()] })); err != nil {
		return applied, err
	}
	return applied, emptyAll(ctx, main, all)
}

// run is the identifier of the run; a tenant's run with people held has several entries.
func (e Entry) run() string {
	id, _, _ := strings.Cut(e.Run, "/")
	return id
}

func apply(ctx context.Context, main *db.DB, v *vault.Vault, all []Entry) (applied int, err error) {
	for _, e := range all {
		n, err := e.apply(ctx, main, v)
		if err != nil {
			return applied, err
		}
		if n > 0 {
			applied++
		}
		if err := e.remember(ctx, main, v); err != nil {
			return applied, err
		}
	}
	return applied, nil
}

// remember writes down a run that the database is too old to know.
func (e Entry) remember(ctx context.Context, main *db.DB, v *vault.Vault) error {
	w := &work{Gateway: &Gateway{o: Options{Vault: v}}, rec: Record{
		ID: e.run(), Tenant: e.Tenant, Kind: e.Kind, People: e.People, Records: e.Records, State: Done, Step: stepDone,
		Order: Order{Reason: "消去の台帳から適用しました。", RequestedBy: "ledger"}, Started: e.At, Finished: e.At,
		LedgerN: e.N, LedgerHash: e.hash(),
	}}
	sealed, err := w.sealed(ctx)
	if err != nil {
		return err
	}
	hash, err := hex.DecodeString(w.rec.LedgerHash)
	if err != nil {
		return err
	}
	return main.Tx(ctx, e.Tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qRunKnown, e.Tenant, w.rec.ID, string(e.Kind), e.N, hash, sealed, db.Micros(e.At))
		return err
	})
}

// apply does what the entry says and tells how many rows and keys went.
func (e Entry) apply(ctx context.Context, main *db.DB, v *vault.Vault) (n int64, err error) {
	rows, err := e.applyRows(ctx, main)
	if err != nil || e.Kind == Records {
		return rows, err
	}
	keys, err := e.applyKeys(ctx, v)
	if err != nil {
		return rows, err
	}
	after, err := e.applyAfter(ctx, main)
	return rows + keys + after, err
}

func (e Entry) applyRows(ctx context.Context, main *db.DB) (n int64, err error) {
	for _, s := range sweeps {
		if s.Erase != Rows {
			continue
		}
		var m int64
		switch e.Kind {
		case Tenant:
			m, err = deleteAll(ctx, main, s, e.Tenant)
		case Persons:
			m, err = deletePeople(ctx, main, s, e.Tenant, e.People)
		case Records:
			m, err = deleteRecords(ctx, main, s, e.Tenant, e.Records)
		default:
			err = altered(e.N)
		}
		if n += m; err != nil {
			return n, err
		}
	}
	return n, nil
}

func deleteAll(ctx context.Context, main *db.DB, s sweep, t ids.Tenant) (n int64, err error) {
	for {
		var m int64
		err = main.Tx(ctx, t, func(tx *db.Tx) (err error) {
			m, err = tx.Exec(s.all, t)
			return err
		})
		if n += m; err != nil || m == 0 {
			return n, err
		}
	}
}

func deletePeople(ctx context.Context, main *db.DB, s sweep, t ids.Tenant, people []ids.Person) (n int64, err error) {
	if s.people.Text() == "" {
		return 0, nil
	}
	err = inChunks(t, people, func(args []any, _ int) error {
		return main.Tx(ctx, t, func(tx *db.Tx) error {
			if s.Name == "identity_accounts" {
				if _, err := tx.Exec(qRetire, args...); err != nil {
					return err
				}
			}
			m, err := tx.Exec(s.people, args...)
			n += m
			return err
		})
	})
	return n, err
}

// applyKeys makes sure that a key which a copy of the key store brought back is gone.
func (e Entry) applyKeys(ctx context.Context, v *vault.Vault) (int64, error) {
	versions, _, err := v.Held(ctx, e.Tenant)
	if err != nil || len(versions) == 0 {
		return 0, err
	}
	if e.Kind == Tenant {
		return int64(len(versions)), v.DestroyTenant(ctx, e.Tenant)
	}
	keys, err := v.Persons(ctx, e.Tenant, e.People)
	if err != nil || len(keys) == 0 {
		return 0, err
	}
	return int64(len(keys)), v.DestroyPersons(ctx, e.Tenant, e.People)
}

func (e Entry) applyAfter(ctx context.Context, main *db.DB) (n int64, err error) {
	if e.Kind != Tenant {
		return 0, nil
	}
	for _, s := range sweeps {
		if s.Erase == AfterKeys {
			m, err := deleteAll(ctx, main, s, e.Tenant)
			if n += m; err != nil {
				return n, err
			}
		}
	}
	return n, main.Tx(ctx, db.Global, func(tx *db.Tx) error {
		for _, q := range []struct {
			db.Query
			arg any
		}{{qTenantClose, db.Micros(e.At)}, {qTenantEmpty, []byte{}}} {
			m, err := tx.Exec(q.Query, e.Tenant, q.arg)
			if n += m; err != nil {
				return err
			}
		}
		return nil
	})
}
