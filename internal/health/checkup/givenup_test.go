package checkup

import (
	"context"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/testkit/testdb"
)

var (
	qKilled  = db.GlobalQ("test.killed", `update job set state = 'running', node = 'test', process = 'of before', attempt = 99, lease_until = 1 where state = 'ready' and kind = $1`)
	qBuried  = db.GlobalQ("test.buried", `update job set state = 'dead', finished_at = 1 where state = 'ready' and kind = $1`)
	qAged    = db.GlobalQ("test.aged", `update import_batch set started_at = $1, ended_at = $2 where state = $3`)
	qListed  = db.GlobalQ("test.listed", `insert into tenant (tenant_id, code, name, kind, created_at) values ($1, $2, $3, 'customer', 0)`)
	byHanded = map[string]db.Query{"its process was killed too often": qKilled, "its process ended before it could say so": qBuried}
)

func (b *bed) exec(q db.Query, args ...any) {
	b.Helper()
	b.must(b.e.DB.Tx(b.Context(), db.Global, func(tx *db.Tx) error {
		n, err := tx.Exec(q, args...)
		if err == nil && n == 0 {
			b.Fatal("nothing was changed")
		}
		return err
	}))
}

// uploads are the sealed files that are kept of a tenant.
func (b *bed) uploads() int {
	b.Helper()
	left, err := b.blobs.List(b.Context(), b.ours, blobPrefix)
	b.must(err)
	return len(left)
}

// TestAnImportThatWasGivenUpEnds: no import stays under way when its job will not come again, whatever became of the
// job, while it is read and while it is taken in; it says what to do, and the neighbour's goes on.
func TestAnImportThatWasGivenUpEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		start := func(confirm bool) (ids.Import, string) {
			if !confirm {
				id, err := b.s.StartImport(t.Context(), b.hr, "f.csv", strings.NewReader(fileA(of("1"))))
				b.must(err)
				return id, jobRead
			}
			i := b.upload(b.hr, fileA(of("1")))
			b.must(b.s.Confirm(t.Context(), b.hr, i.ID))
			return i.ID, jobApply
		}
		for _, confirm := range []bool{false, true} {
			for name, by := range byHanded {
				id, kind := start(confirm)
				b.exec(by, kind)
				b.start()
				b.must(b.s.Sweep(t.Context())) // as at the start of the service
				b.drain()
				b.must(b.s.sweep(t.Context(), underWay)) // and once an hour
				i := b.see(b.hr, id)
				if i.State != Failed || i.Failure == nil || !strings.HasPrefix(i.Failure.Code, "checkup.import_") {
					t.Errorf("%s, taken in %v: %+v", name, confirm, i)
				}
				if e, ok := b.log.last("checkup.import.failed"); !ok || e.Detail["import"] != id {
					t.Errorf("%s: the log does not say so: %+v", name, e)
				}
			}
		}
		b.s.crash = func(string) { panic("at every point") }
		for _, wrong := range []error{fault.New(fault.Conflict, "x"), fault.New(fault.Denied, "x")} {
			id, _ := start(false)
			x, err := b.s.batch(t.Context(), b.ours, id, false)
			b.must(err)
			h := b.s.handle(func(context.Context, *batch) error { return wrong })
			if err := h(t.Context(), job.Job{Tenant: b.ours, Kind: jobRead, Payload: []byte(id), Attempt: 1}); err == nil {
				t.Fatal("no error")
			}
			b.must(b.s.givenUp(t.Context(), job.Job{Tenant: b.ours, Kind: jobApply, Payload: []byte(x.id)})) // another job than the one it waits for
			if got := b.see(b.hr, id).State; got != Reading {
				t.Errorf("ended by a job that it does not wait for: %s", got)
			}
			b.must(b.s.givenUp(t.Context(), job.Job{Tenant: b.ours, Kind: jobRead, Payload: []byte(x.id)}))
			if got := b.see(b.hr, id).State; got != Failed {
				t.Errorf("%v: %s", wrong, got)
			}
		}
		b.s.crash = nil
		good, err := b.s.StartImport(t.Context(), b.hr2, "f.csv", strings.NewReader(fileA(lineA("1", "氏名", "他社 太郎", "カナ氏名", "タシャ タロウ", "性別", "男", "生年月日", "1970-01-01"))))
		b.must(err)
		b.must(b.s.sweep(t.Context(), underWay)) // its job waits
		b.drain()
		if i := b.see(b.hr2, good); i.State != Preview {
			t.Errorf("the neighbour's: %+v", i)
		}
		b.must(b.s.givenUp(t.Context(), job.Job{Tenant: b.ours, Kind: jobRead, Payload: []byte(ids.New[ids.Import]())}))
	})
}

// TestUploadsAreNotKeptForEver: a failed import's waits thirty days for another mapping, a preview's thirty days for being
// confirmed; one that no import needs goes at once at the start, and after two hours while uploads may be under way.
func TestUploadsAreNotKeptForEver(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		for code, id := range map[string]ids.Tenant{"ours": b.ours, "neighbour": b.neighbour} {
			b.exec(qListed, id, code, []byte(code))
		}
		preview := b.upload(b.hr, fileA(of("1")))
		failed := b.upload(b.hr, "これは,健診の,表では\nありません,ね,え\n")
		kept := b.upload(b.hr2, fileA(lineA("1")))
		if failed.State != Failed || b.uploads() != 2 {
			t.Fatalf("%+v, %d uploads", failed, b.uploads())
		}
		b.must(b.s.sweep(t.Context(), underWay))
		if b.uploads() != 2 {
			t.Fatal("an upload went before its time")
		}
		if _, err := b.blobs.Put(t.Context(), b.ours, blobKey(ids.New[ids.Import]()), strings.NewReader("an upload under way")); err != nil {
			t.Fatal(err)
		}
		b.must(b.s.sweep(t.Context(), underWay))
		if b.uploads() != 3 {
			t.Fatal("an upload that is under way was deleted")
		}
		old := db.Micros(time.Now().Add(-keepFailed - time.Hour))
		b.exec(qAged, old, 0, string(Preview))
		b.exec(qAged, old, old, string(Failed))
		b.must(b.s.sweep(t.Context(), 0))
		if i := b.see(b.hr, preview.ID); i.State != Withdrawn || !strings.Contains(i.Reason, "30日") {
			t.Errorf("a preview that nobody confirmed: %+v", i)
		}
		if i := b.see(b.hr2, kept.ID); i.State != Withdrawn {
			t.Errorf("the neighbour's old one: %+v", i)
		}
		if n := b.uploads(); n != 0 {
			t.Errorf("%d uploads are left", n)
		}
	})
}
