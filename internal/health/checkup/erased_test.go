package checkup

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/tabular"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// TestErasedPersonIsGone: with the person's key everything about the person is unreadable; the list goes
// on without, and a file that still names the person is not taken in.
func TestErasedPersonIsGone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		file := fileA(of("1", "収縮期血圧", "165"), of("2"))
		b.apply(b.hr, file)
		p := b.number("1")
		before, err := b.s.Person(t.Context(), b.doctor, p.ID)
		b.must(err)
		b.must(b.s.Decide(t.Context(), b.doctor, Decision{Result: before.Exams[0].Result, Person: p.ID, Fitness: Normal}))
		b.must(b.vault.DestroyPersons(t.Context(), b.ours, []ids.Person{p.ID}))
		b.must(b.e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error { _, err := tx.Exec(qBump, b.ours); return err }))
		if _, err := b.s.Person(t.Context(), b.doctor, p.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("an erased person is shown: %v", err)
		}
		v, err := b.s.List(t.Context(), b.doctor, Filter{Year: 2026})
		b.must(err)
		if i := slices.IndexFunc(v.Rows, func(r ListRow) bool { return r.Person == p.ID }); i >= 0 && v.Rows[i].Examined {
			t.Errorf("an erased result is listed: %+v", v.Rows[i])
		}
		i := b.upload(b.hr, file)
		if len(i.Unmatched) != 1 || i.Unmatched[0].Line != 2 || i.Unchanged != 1 || i.Accepted != 0 {
			t.Errorf("%+v", i)
		}
		b.must(b.s.Rejudge(t.Context(), b.doctor, 2026))
		b.drain()
	})
}

// TestSheetsWithoutLastCells: a spreadsheet does not store empty cells at the end of a row.
func TestSheetsWithoutLastCells(t *testing.T) {
	var book bytes.Buffer
	full := strings.Split(lineA("1", "既往歴", "", "喫煙", ""), ",")
	if err := tabular.WriteXLSX(&book, "健診", strings.Split(headA, ","), slices.Values([][]string{full, full[:len(full)-2]})); err != nil {
		t.Fatal(err)
	}
	_, got, err := parse(t, book.String(), nil)
	if err != nil || len(got) != 2 || !strings.HasPrefix(got[0], "2 1 ") || got[1] != "3 [社員番号 checkup.duplicate_line]" {
		t.Errorf("%v %v", got, err)
	}
}

// TestProgressWakesWatchers: whoever watches a running import is woken, and let go at the end.
func TestProgressWakesWatchers(t *testing.T) {
	var p progress
	id := ids.New[ids.Import]()
	ctx, stop := contextOf(t)
	c := p.watch(ctx, id)
	p.set(id, 10)
	p.set(id, 20) // not waited for
	<-c
	if p.get(id) != 20 {
		t.Errorf("%d", p.get(id))
	}
	p.end(id)
	<-c
	if p.get(id) != 0 {
		t.Error("the progress outlives the import")
	}
	p.set(ids.New[ids.Import](), 5)
	select {
	case <-c:
		t.Error("woken for another import")
	default:
	}
	stop()
	select {
	case _, open := <-c:
		if open {
			t.Error("woken instead of let go")
		}
	case <-time.After(5 * time.Second):
		t.Error("not let go")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.watchers) != 0 {
		t.Error("watchers are kept")
	}
}

// TestRefusedLinesAreBounded: a file that is wrong throughout does not fill the memory with reasons.
func TestRefusedLinesAreBounded(t *testing.T) {
	in := &intake{reasons: maxReasons - 1}
	errs := []CellError{{Code: "a"}, {Code: "b"}, {Code: "c"}}
	in.reject(1, errs)
	in.reject(2, errs)
	if got := in.out.detail.Rejected; len(got) != 2 || len(got[0].Errors) != 3 || len(got[1].Errors) != 1 {
		t.Errorf("%+v", got)
	}
	errs[0].Code = "changed"
	if in.out.detail.Rejected[0].Errors[0].Code != "a" {
		t.Error("the reasons of a line are overwritten by the next")
	}
}

// TestSnapshotsAreFew: only so many years of tenants stay in memory, the newest used.
func TestSnapshotsAreFew(t *testing.T) {
	var c snapshots
	first := snapshotKey{ids.New[ids.Tenant](), 2026}
	kept := c.slot(first)
	for year := range 3 * maxSnapshots {
		time.Sleep(time.Microsecond)
		c.slot(snapshotKey{"t", year})
		time.Sleep(time.Microsecond)
		if c.slot(first) != kept {
			t.Fatal("the one in use was thrown out")
		}
	}
	if len(c.m) > maxSnapshots {
		t.Errorf("%d are kept", len(c.m))
	}
}
