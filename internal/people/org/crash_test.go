package org

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/testkit/testdb"
)

// facts is what a reader can see of a tenant, without identifiers.
func (b *bed) facts(t ids.Tenant) string {
	b.t.Helper()
	d := b.dir(t)
	var out strings.Builder
	for p := range d.All() {
		site, _ := d.Site(p.Site)
		dept, _ := d.Dept(p.Dept)
		fmt.Fprintf(&out, "%s %s %s %s %s [%s %s] [%s] %s\n", p.Number, p.Name, p.Kana, p.Birth, p.Email, site.Code, site.Name, dept.Name, p.Left)
		events, err := b.s.History(b.t.Context(), b.as(t, "hr"), p.ID)
		b.must(err)
		for _, e := range events {
			dept, _ := d.Dept(e.Dept)
			fmt.Fprintf(&out, "  %s %s [%s]\n", e.Kind, e.Day, dept.Name)
		}
	}
	for _, s := range d.Sites() {
		fmt.Fprintf(&out, "%s %s; ", s.Code, s.Name)
	}
	for _, s := range d.Depts() {
		fmt.Fprintf(&out, "%s; ", s.Name)
	}
	return out.String()
}

type killed struct{ at string }

// until runs f and stops it dead at its nth step, as a kill would: nothing after it happens, and what the
// database had not committed is gone. It returns the step, or "" when f came to its end first.
func (b *bed) until(n int, f func()) (at string) {
	b.s.step = func(name string) {
		if n--; n == 0 {
			panic(killed{name})
		}
	}
	defer func() {
		b.s.step = func(string) {}
		if p := recover(); p != nil {
			at = p.(killed).at
		}
	}()
	f()
	return ""
}

const change = `社員番号,氏名,カナ氏名,性別,生年月日,事業所コード,事業所名,部署,退職日
1001,佐藤 翔太,サトウ ショウタ,男,1980-04-01,S01,京都本社,人事部,
1002,高橋 陽子,タカハシ ヨウコ,女,1990-05-02,S03,大阪営業所,営業部,
1003,渡邊 誠,ワタナベ マコト,男,1975-06-03,,,,2026-09-30
1004,新井 香,アライ カオリ,女,1999-07-04,S03,大阪営業所,営業部,
1005,西 亮,ニシ リョウ,男,2000-08-05,,,,
`

func TestKilledAnywhereIsBeforeOrAfter(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		seen := map[string]bool{}
		for n := 1; ; n++ {
			b := newBed(t, e)
			b.load(b.hr, roster)
			b.load(b.hr2, roster)
			before, neighbour := b.facts(b.ours), b.facts(b.neighbour)
			var id ids.Import
			b.s.chunk = 2
			at := b.until(n, func() {
				var err error
				id, err = b.s.StartImport(t.Context(), b.hr, "x", strings.NewReader(change))
				b.must(err)
				b.must(b.s.read(t.Context(), b.ours, id))
				b.must(b.s.Confirm(t.Context(), b.hr, id))
				b.must(b.s.apply(t.Context(), b.ours, id))
			})
			b.start() // the next process
			now := b.facts(b.ours)
			published := at == "" || at == "published" || at == "tidied"
			if (now == before) == published {
				t.Fatalf("killed at %q: published %v\n%s", at, published, now)
			}
			b.finish(at, id)
			after := b.facts(b.ours)
			if strings.Count(after, "\n") < 5 || after == before || published && after != now {
				t.Fatalf("killed at %q, carried on:\n%s", at, after)
			}
			b.nothingLeft()
			if got := b.facts(b.neighbour); got != neighbour {
				t.Fatalf("the neighbour changed:\n%s", got)
			}
			if at == "" {
				break
			}
			seen[at] = true
		}
		for _, step := range []string{"received", "stored", "read", "keys", "chunk", "staged", "publishing", "published", "tidied"} {
			if !seen[step] {
				t.Errorf("never killed at %q", step)
			}
		}
	})
}

// finish does what people and the service do after the restart: the jobs go on, the sweep clears up, and
// a file that had not arrived is sent again.
func (b *bed) finish(at string, id ids.Import) {
	b.t.Helper()
	b.drain()
	b.age()
	b.must(b.s.Sweep(b.t.Context()))
	list, err := b.s.Imports(b.t.Context(), b.hr, 1)
	b.must(err)
	v := list[0]
	switch {
	case at == "received" || at == "stored":
		if v.State != Failed {
			b.t.Fatalf("killed at %q: %s", at, v.State)
		}
		b.load(b.hr, change)
		return
	case v.State == Preview:
		b.must(b.s.Confirm(b.t.Context(), b.hr, v.ID))
		b.drain()
	}
	if v, err = b.s.Import(b.t.Context(), b.hr, v.ID); err != nil || v.State != Applied || id != "" && v.ID != id {
		b.t.Fatalf("killed at %q: %+v %v", at, v, err)
	}
}

var (
	qAge  = db.GlobalQ("orgtest.age", `update roster_import set updated_at = updated_at - $1 where tenant_id <> ''`)
	qLeft = db.GlobalQ("orgtest.left", `select (select count(*) from roster_stage) + (select count(*) from roster_stage_event) + (select count(*) from roster_import where leftovers = 1)`)
)

// age lets the time pass after which nobody works on an import any more.
func (b *bed) age() { b.shift(idleJob + time.Hour) }

// shift makes every import that much older.
func (b *bed) shift(d time.Duration) {
	b.must(b.e.DB.Tx(b.t.Context(), db.Global, func(tx *db.Tx) error {
		_, err := tx.Exec(qAge, d.Microseconds())
		return err
	}))
}

// nothingLeft asserts that no staged row, no file and no key of nobody remains.
func (b *bed) nothingLeft() {
	b.t.Helper()
	b.must(b.e.DB.View(b.t.Context(), db.Global, func(tx *db.Tx) error {
		n, err := db.Value[int](tx, qLeft)
		if n != 0 {
			b.t.Fatalf("%d rows left over", n)
		}
		return err
	}))
	for _, t := range []ids.Tenant{b.ours, b.neighbour} {
		if left, err := b.blobs.List(b.t.Context(), t, ""); err != nil || len(left) != 0 {
			b.t.Fatalf("files left: %v %v", left, err)
		}
	}
	info, err := b.vault.Inventory(b.t.Context())
	b.must(err)
	for _, k := range info {
		if k.Kind == "person" && k.Tenant == b.ours && int(k.Count) != b.dir(b.ours).Len() {
			b.t.Fatalf("%d keys for %d people", k.Count, b.dir(b.ours).Len())
		}
	}
}

func TestWithdrawnOrFailedApplyLeavesNoKeys(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		before := b.facts(b.ours)
		b.s.chunk = 2
		id, err := b.s.StartImport(t.Context(), b.hr, "x", strings.NewReader(change))
		b.must(err)
		b.must(b.s.read(t.Context(), b.ours, id))
		b.must(b.s.Confirm(t.Context(), b.hr, id))
		if at := b.until(7, func() { b.must(b.s.apply(t.Context(), b.ours, id)) }); at != "staged" {
			t.Fatalf("stopped at %q", at)
		}
		b.start()
		b.age() // its job never comes back
		b.must(b.s.Sweep(t.Context()))
		if v, _ := b.s.Import(t.Context(), b.hr, id); v.State != Failed || v.Failure != "org.import_interrupted" {
			t.Fatalf("%+v", v)
		}
		b.drain() // a job that comes back all the same does nothing
		if got := b.facts(b.ours); got != before {
			t.Fatalf("changed:\n%s", got)
		}
		b.nothingLeft()
		b.load(b.hr, change)
	})
}

var qKilledOften = db.GlobalQ("test.killed_often", `update job set state = 'running', node = 'test', process = 'of before', attempt = 99, lease_until = 1 where state = 'ready' and kind = $1`)

// TestAnImportThatWasGivenUpEnds at once, and not by a sweep hours later, when its process was killed once too often;
// nothing of the file stays.
func TestAnImportThatWasGivenUpEnds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.load(b.hr, roster)
		before := b.facts(b.ours)
		for _, kind := range []string{jobRead, jobApply} {
			id, err := b.s.StartImport(t.Context(), b.hr, "x", strings.NewReader(change))
			b.must(err)
			if kind == jobApply {
				b.drain()
				b.must(b.s.Confirm(t.Context(), b.hr, id))
			}
			b.must(e.DB.Tx(t.Context(), db.Global, func(tx *db.Tx) error { _, err := tx.Exec(qKilledOften, kind); return err }))
			b.start()
			b.drain()
			if v, err := b.s.Import(t.Context(), b.hr, id); err != nil || v.State != Failed || v.Failure != "org.import_interrupted" {
				t.Errorf("%s: %+v, %v", kind, v, err)
			}
			b.must(b.s.givenUp(t.Context(), job.Job{Tenant: b.ours, Kind: kind, Payload: []byte(id)})) // has ended: left alone
		}
		if got := b.facts(b.ours); got != before {
			t.Errorf("changed:\n%s", got)
		}
		b.nothingLeft()
	})
}
