package checkup

import (
	"slices"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var tTenant = db.Q("checkup_test.tenant", `insert into tenant (tenant_id, code, kind, name, created_at) values ($1, $2, 'customer', $3, 0)`)

var tReading = db.Q("checkup_test.reading", `update import_batch set state = 'reading', runner = 'job' where tenant_id = $1 and id = $2`)

// TestUploadsThatARestoreDidNotBringBack on both engines: an import that waits for its confirmation, and one that is
// being read, end with a reason when their file is not there; one whose file is there, what was applied before, and
// the neighbour's stay as they are. Nothing half-there is left to confirm, and the same file can be taken in again.
func TestUploadsThatARestoreDidNotBringBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		for _, id := range []ids.Tenant{b.ours, b.neighbour} {
			b.must(e.DB.Tx(t.Context(), id, func(tx *db.Tx) error { _, err := tx.Exec(tTenant, id, string(id), []byte{1}); return err }))
		}
		rosterCSV, file := many(20)
		b.load(b.hr, rosterCSV)
		b.load(b.hr2, rosterCSV)
		_, old := many(5)
		done := b.apply(b.hr, old)
		lost, kept := b.upload(b.hr, file), b.upload(b.hr, file)
		theirs := b.upload(b.hr2, file)
		reading, confirmed := b.upload(b.hr, file), b.upload(b.hr, file)
		b.must(e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error {
			_, err := tx.Exec(tReading, b.ours, reading.ID)
			return err
		}))
		b.must(b.s.Confirm(t.Context(), b.hr, confirmed.ID)) // its job was on its way
		before, _ := b.rows()
		for _, i := range []*Import{lost, reading, confirmed} {
			x, err := b.s.batch(t.Context(), b.ours, i.ID, false)
			b.must(err)
			b.must(b.blobs.Delete(t.Context(), b.ours, x.blob))
		}
		b.start()
		b.must(b.s.Sweep(t.Context()))
		for _, i := range []*Import{lost, reading, confirmed} {
			got := b.see(b.hr, i.ID)
			if got.State != Failed || got.Failure == nil || got.Failure.Code != "checkup.import_file_gone" {
				t.Errorf("%+v", got)
			}
			if err := b.s.Confirm(t.Context(), b.hr, i.ID); !fault.Is(err, fault.Conflict) {
				t.Errorf("confirmed without a file: %v", err)
			}
		}
		b.drain()
		if now, _ := b.rows(); now != before {
			t.Errorf("%d results instead of %d", now, before)
		}
		for _, c := range []struct {
			i    *Import
			want State
		}{{kept, Preview}, {done, Applied}} {
			if got := b.see(b.hr, c.i.ID); got.State != c.want {
				t.Errorf("%s: %+v", c.want, got)
			}
		}
		if got := b.see(b.hr2, theirs.ID); got.State != Preview {
			t.Errorf("the neighbour's: %+v", got)
		}
		told := slices.DeleteFunc(slices.Clone(b.log.events), func(x audit.Event) bool { return x.Verb != "checkup.import.failed" })
		if len(told) != 3 || told[0].Detail["code"] != "checkup.import_file_gone" {
			t.Errorf("%d events: %+v", len(told), told)
		}
		if got := b.confirm(b.hr, kept.ID); got.State != Applied {
			t.Errorf("what was kept: %+v", got)
		}
		if got := b.confirm(b.hr2, theirs.ID); got.State != Applied {
			t.Errorf("the neighbour's, confirmed: %+v", got)
		}
		b.must(b.s.Sweep(t.Context())) // a second start finds nothing more
	})
}
