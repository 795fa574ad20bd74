package backup

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

// TestTakenWhileTheServiceWorks makes backups while others write records and events and the log is being
// shipped: each of them is one state, in which the audit log holds.
func TestTakenWhileTheServiceWorks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		ctx, stop := context.WithCancel(t.Context())
		var work sync.WaitGroup
		work.Go(func() { _ = w.log.Run(ctx) })
		for range 2 {
			work.Go(func() {
				for n := 0; ctx.Err() == nil; n++ {
					w.tenant(n)
				}
			})
		}
		var all []*Made
		for range 4 {
			all = append(all, w.run())
			d, err := w.Drill(t.Context(), nightly)
			if err != nil || !d.OK {
				t.Errorf("%+v %v", d, err)
			}
		}
		stop()
		work.Wait()
		if all[0].Rows >= all[3].Rows {
			t.Errorf("nothing was written meanwhile: %d, %d", all[0].Rows, all[3].Rows)
		}
		r, err := w.restoreTo(filepath.Join(e.Dir, "restored"), jst.Date{})
		w.must(err)
		if r.Set != all[3].ID || r.Leaves == 0 || r.Events < r.Leaves {
			t.Errorf("%+v", r)
		}
	})
}
