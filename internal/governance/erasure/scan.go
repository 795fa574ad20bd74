package erasure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// verify looks for what is left: every store, then the old backups. What a job under way has written late
// is swept again, a few times; what is found after that keeps the run open.
func (w *work) verify(ctx context.Context) error {
	for try := range 4 {
		v, err := w.scan(ctx)
		if err != nil {
			return err
		}
		w.rec.Verification = v
		if len(v.Residual) == 0 {
			break
		}
		if try == 3 || w.weak != "" {
			return fault.New(fault.Conflict, "erasure.residual", "what", v.Residual[0])
		}
		time.Sleep(time.Duration(try+1) * 200 * time.Millisecond)
		for _, again := range []func(context.Context) error{w.dropRows, w.dropAfterKeys, w.scrub} {
			if err := again(ctx); err != nil {
				return err
			}
		}
	}
	if err := w.tryBackups(ctx); err != nil {
		return err
	}
	w.rec.Method, w.rec.Exceptions = w.methods(), w.exceptions()
	return nil
}

// scan counts what is left in every declared store.
func (w *work) scan(ctx context.Context) (Verification, error) {
	v := Verification{Method: "すべての表・ファイル・鍵を数え、古いバックアップを最新の鍵で開けるか試しました。", At: time.Now().UTC().Truncate(time.Second), OK: true, Residual: []string{}}
	found := func(store string, n int64) {
		v.Stores++
		if n > 0 {
			v.OK, v.Residual = false, append(v.Residual, fmt.Sprintf("%s: %d", store, n))
		}
	}
	err := w.o.Main.View(ctx, w.rec.Tenant, func(tx *db.Tx) error {
		for _, s := range sweeps {
			n, looked, err := w.left(tx, s)
			if err != nil {
				return err
			}
			if looked {
				found(s.ID(), n)
			}
		}
		return nil
	})
	if err != nil {
		return v, err
	}
	if err := w.scanKeys(ctx, found); err != nil {
		return v, err
	}
	if !w.partial() && w.rec.Kind == Tenant {
		names, err := w.o.Blobs.List(ctx, string(w.rec.Tenant)+"/")
		if err != nil {
			return v, err
		}
		found("file.blobs", int64(len(names)))
	}
	return v, nil
}

// left counts what a table still holds of the run's subjects.
func (w *work) left(tx *db.Tx, s sweep) (n int64, looked bool, err error) {
	switch {
	case w.rec.Kind == Records:
		return w.leftRecords(tx, s)
	case !w.partial() && s.Name == "tenant":
		n, err = db.Value[int64](tx, qTenantNamed, w.rec.Tenant, []byte{})
		return n, true, err
	case !w.partial() && (s.Erase == Rows || s.Erase == AfterKeys):
		n, err = db.Value[int64](tx, s.count, w.rec.Tenant)
		return n, true, err
	case s.Text != "" && w.partial():
		err = inChunks(w.rec.Tenant, w.people(), func(args []any, _ int) error {
			c, err := db.Value[int64](tx, s.textsOfLeft, args...)
			n += c
			return err
		})
		return n, true, err
	case s.Text != "":
		n, err = db.Value[int64](tx, s.textsLeft, w.rec.Tenant)
		return n, true, err
	case w.partial() && s.people.Text() != "":
		err = inChunks(w.rec.Tenant, w.people(), func(args []any, _ int) error {
			c, err := db.Value[int64](tx, s.left, args...)
			n += c
			return err
		})
		return n, true, err
	}
	return 0, false, nil
}

func (w *work) scanKeys(ctx context.Context, found func(string, int64)) error {
	if w.rec.Kind == Records {
		return nil
	}
	versions, people, err := w.o.Vault.Held(ctx, w.rec.Tenant)
	if err != nil {
		return err
	}
	if !w.partial() {
		found("keys.key_tenant", int64(len(versions)))
		found("keys.key_person", people)
		if _, err := w.o.Vault.Tenant(ctx, w.rec.Tenant); err == nil || fault.Of(err).Code != "vault.key_destroyed" {
			found("memory.vault.cache", 1)
		}
		return nil
	}
	keys, err := w.o.Vault.Persons(ctx, w.rec.Tenant, w.people())
	found("keys.key_person", int64(len(keys)))
	return err
}

// sealedOf reads what old backups hold of the subjects, a sample that is enough to be sure.
const sampleRows = 50

// resultPlace is what a result is sealed for: what its row says in the open. A proof opens one before it erases.
const resultPlace = `id || '|' || cast(year as text) || '|' || replace(exam_day, '-', '') || '|' || batch_id`

var (
	qOldPeople  = db.Q("erasure.old_people", `select person_id, person_id, sealed from person where tenant_id = $1 limit 2000`)
	qOldResults = db.Q("erasure.old_results", `select `+resultPlace+`, person_id, sealed from checkup_result where tenant_id = $1 limit 2000`)
	qOldPerson  = db.Q("erasure.old_person", `select person_id, person_id, sealed from person where tenant_id = $1 and person_id in `+places)
	qOldResult  = db.Q("erasure.old_result", `select `+resultPlace+`, person_id, sealed from checkup_result where tenant_id = $1 and person_id in `+places)
	qOldName    = db.Q("erasure.old_name", `select tenant_id, '', name from tenant where tenant_id = $1`)
)

type old struct {
	table, column, id string
	person            ids.Person
	sealed            []byte
}

// tryBackups really tries to open what old backups hold, with the newest copy of the key store.
func (w *work) tryBackups(ctx context.Context) error {
	v := &w.rec.Verification
	if w.o.Backups == nil || w.rec.Kind == Records {
		v.Notes = append(v.Notes, "古いバックアップは試していません。")
		return nil
	}
	err := w.o.Backups.Examine(ctx, func(set string, _ time.Time, main *db.DB, keys *vault.Vault) error {
		sample, err := w.oldRows(ctx, main)
		if err != nil {
			return err
		}
		v.Backups = append(v.Backups, set)
		for _, r := range sample {
			v.Tried++
			opened, err := tryOpen(ctx, keys, w.rec.Tenant, r)
			if err != nil {
				return err
			}
			if opened {
				v.Opened++
			}
		}
		return nil
	})
	if err == nil && v.Opened > 0 {
		if w.weak == SabotageCopies {
			return nil
		}
		v.OK = false
		return fault.New(fault.Conflict, "erasure.readable", "n", itoa(int64(v.Opened)))
	}
	if err == nil && len(v.Backups) == 0 {
		v.Notes = append(v.Notes, "古いバックアップはまだありません。")
	}
	return err
}

func (w *work) oldRows(ctx context.Context, main *db.DB) (out []old, err error) {
	err = main.View(ctx, w.rec.Tenant, func(tx *db.Tx) error {
		read := func(q db.Query, table, column string, args []any) error {
			n := 0
			return db.Each(tx, q, func(s db.Scanner) error {
				r := old{table: table, column: column}
				if err := s.Scan(&r.id, &r.person, &r.sealed); err != nil {
					return err
				}
				if n++; n <= sampleRows {
					out = append(out, r)
				}
				return nil
			}, args...)
		}
		if !w.partial() {
			return errors.Join(read(qOldName, "tenant", "name", []any{w.rec.Tenant}),
				read(qOldPeople, "person", "sealed", []any{w.rec.Tenant}), read(qOldResults, "checkup_result", "sealed", []any{w.rec.Tenant}))
		}
		some := w.people()[:min(len(w.people()), sampleRows)]
		return inChunks(w.rec.Tenant, some, func(args []any, _ int) error {
			return errors.Join(read(qOldPerson, "person", "sealed", args), read(qOldResult, "checkup_result", "sealed", args))
		})
	})
	return out, err
}

// tryOpen uses the key that the value belongs to, if there is one, and otherwise every key that is at hand.
func tryOpen(ctx context.Context, v *vault.Vault, t ids.Tenant, r old) (bool, error) {
	at := vault.Loc{Table: r.table, ID: r.id, Column: r.column}
	var keys []*vault.Key
	own, err := v.Tenant(ctx, t)
	switch {
	case err == nil:
		keys = append(keys, own)
		people, err := v.Persons(ctx, t, []ids.Person{r.person})
		if err != nil {
			return false, err
		}
		if k := people[r.person]; k != nil {
			keys = append(keys, k)
		}
	case !fault.Is(err, fault.Missing):
		return false, err
	}
	system, err := v.Tenant(ctx, ids.System)
	if err != nil {
		return false, err
	}
	for _, k := range append(keys, system) {
		if _, err := k.Open(at, r.sealed); err == nil {
			return true, nil
		}
	}
	return false, nil
}
