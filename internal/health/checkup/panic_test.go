package checkup

import (
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/testkit/testdb"
)

// TestAPanicOverOneFile in a goroutine of the import is an error of its job, not the end of the process; the next
// attempt takes the file in.
func TestAPanicOverOneFile(t *testing.T) {
	b := newBed(t, testdb.New(t, testdb.Engines[0]))
	rosterCSV, file := many(10)
	b.load(b.hr, rosterCSV)
	i := b.upload(b.hr, file)
	b.must(b.s.Confirm(t.Context(), b.hr, i.ID))
	x, err := b.s.batch(t.Context(), b.ours, i.ID, true)
	b.must(err)
	b.s.crash = passing("chunk", 1, func() { panic("山田 太郎") })
	if err := b.s.apply(t.Context(), x); fault.Of(err) == nil || fault.Of(err).Code != "fault.panic" {
		t.Fatalf("a panic of a worker: %v", err)
	}
	b.drain()
	if done := b.see(b.hr, i.ID); done.State != Applied || done.Applied != 10 {
		t.Errorf("after the panic: %+v", done)
	}
}
