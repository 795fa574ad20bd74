package checkup

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/testkit/testdb"
)

// many is a roster and a file of so many people that the import takes several chunks.
func many(people int) (rosterCSV, file string) {
	var r, f strings.Builder
	r.WriteString(rosterHead)
	f.WriteString(headA + "\r\n")
	for i := range people {
		no, kana := fmt.Sprintf("N%05d", i), "ヤマダ タロウ"
		fmt.Fprintf(&r, "%s,山田 太郎,%s,男,1980-04-01,S01,本社,総務部,n%d@example.jp,2005-04-01\n", no, kana, i)
		f.WriteString(lineA(no, "氏名", "山田 太郎", "カナ氏名", kana, "収縮期血圧", fmt.Sprint(100+i%80)) + "\r\n")
	}
	return r.String(), f.String()
}

// passing calls then at the n-th passing of a point.
func passing(point string, n int, then func()) func(string) {
	return func(at string) {
		if at == point {
			if n--; n == 0 {
				then()
			}
		}
	}
}

func TestKilledDuringConfirm(t *testing.T) {
	rosterCSV, file := many(3*chunkRows + 10)
	_, old := many(20)
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, rosterCSV)
		b.apply(b.hr, strings.ReplaceAll(old, "2026/6/1", "2025/6/1"))
		b.apply(b.hr, fileA(lineA("N00001", "氏名", "山田 太郎", "カナ氏名", "ヤマダ タロウ", "収縮期血圧", "99")))
		before := b.world(b.doctor)
		i := b.upload(b.hr, file)
		if i.State != Preview || i.Accepted != 3*chunkRows+10 {
			t.Fatalf("%+v", i)
		}
		b.must(b.s.Confirm(t.Context(), b.hr, i.ID))
		for _, c := range []struct {
			point string
			nth   int
		}{{"chunk", 1}, {"chunk", 3}, {"written", 1}} {
			// The worker of a killed process never comes to its end: the job is run by hand and cut off.
			x, err := b.s.batch(t.Context(), b.ours, i.ID, true)
			b.must(err)
			ctx, cancel := context.WithCancel(t.Context())
			b.s.crash = passing(c.point, c.nth, cancel)
			if err := b.s.apply(ctx, x); err == nil {
				t.Fatalf("%s %d: not interrupted", c.point, c.nth)
			}
			if r, _ := b.rows(); r <= 21 {
				t.Fatalf("%s %d: nothing was written before the kill", c.point, c.nth)
			}
			b.start()
			b.must(b.s.Sweep(t.Context()))
			if got := b.world(b.doctor); got != before {
				t.Fatalf("%s %d: half an import is visible", c.point, c.nth)
			}
		}
		b.start()
		b.must(b.s.Sweep(t.Context()))
		b.drain() // the queue takes the job up again
		done := b.see(b.hr, i.ID)
		if done.State != Applied || done.Applied != 3*chunkRows+10 {
			t.Fatalf("%+v", done)
		}
		results, judgements := b.rows()
		if want := 20 + 1 + 3*chunkRows + 10; results != want || judgements != want {
			t.Errorf("%d results and %d judgements, want %d", results, judgements, want)
		}
		if again := b.upload(b.hr, file); again.Accepted != 0 || again.Unchanged != 3*chunkRows+10 {
			t.Errorf("the same file after all that: %+v", again)
		}
	})
}

func TestKilledDuringCall(t *testing.T) {
	rosterCSV, file := many(chunkRows + 10)
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, rosterCSV)
		before := b.world(b.doctor)
		host := actor.HostOperator(b.ours, "cli")
		for _, point := range []string{"chunk", "written"} {
			// A kill is a panic that nothing recovers; here it ends in this function, with nothing tidied up.
			func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				a := host
				x, err := b.s.newBatch(ctx, a, "f.csv", "call", strings.NewReader(file), nil)
				b.must(err)
				b.s.crash = passing(point, 1, cancel)
				if err := b.s.applyNow(ctx, a, x); err == nil {
					t.Fatalf("%s: not interrupted", point)
				}
			}()
			if r, _ := b.rows(); r == 0 {
				t.Fatalf("%s: nothing was written before the kill", point)
			}
			if got := b.world(b.doctor); got != before {
				t.Fatalf("%s: half an import is visible", point)
			}
			b.start()
			b.must(b.s.Sweep(t.Context()))
			if r, j := b.rows(); r != 0 || j != 0 {
				t.Errorf("%s: %d results and %d judgements are left", point, r, j)
			}
			all, err := b.s.Imports(t.Context(), b.hr)
			b.must(err)
			if one := b.see(b.hr, all[0].ID); one.State != Failed || one.Failure.Code != "checkup.import_interrupted" {
				t.Errorf("%s: %+v", point, one)
			}
		}
		i, err := b.s.ImportNow(t.Context(), host, "f.csv", strings.NewReader(file), true)
		if err != nil || i.Applied != chunkRows+10 {
			t.Fatalf("%+v %v", i, err)
		}
		b.must(b.s.Sweep(t.Context()))
		if left, err := b.blobs.List(t.Context(), b.ours, blobPrefix); err != nil || len(left) != 2 {
			t.Errorf("uploads of the two failed imports, which may be read again with another mapping: %v %v", left, err)
		}
	})
}
