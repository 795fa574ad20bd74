package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"unicode"
	"unicode/utf8"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

var tables4 = []string{"audit_chain", "audit_event", "audit_person", "audit_seal"}

// attacker owns the database: no row security, no triggers.
type attacker struct {
	*world
	owner *db.DB
}

var attacks atomic.Int64

func newAttacker(w *world) *attacker {
	c := w.Main
	if c.OwnerDSN != "" {
		c.DSN = c.OwnerDSN
	}
	d, err := db.Open(w.t.Context(), c)
	w.must(err)
	w.t.Cleanup(func() { _ = d.Close() })
	a := &attacker{w, d}
	for _, name := range []string{"event_fixed", "event_logged_once", "event_kept", "event_whole", "chain_forward", "chain_kept", "chain_whole", "seal_fixed", "seal_kept", "seal_whole"} {
		table := "audit_" + name[:strings.Index(name, "_")]
		if w.Engine == db.SQLite {
			a.sql("drop trigger if exists audit_" + name)
		} else {
			a.sql("drop trigger if exists audit_" + name + " on " + table)
		}
	}
	return a
}

func (a *attacker) sql(text string, args ...any) int64 {
	a.t.Helper()
	var n int64
	q := db.GlobalQ(fmt.Sprint("attack.", attacks.Add(1)), text)
	a.must(a.owner.Tx(a.t.Context(), db.Global, func(tx *db.Tx) (err error) {
		n, err = tx.Exec(q, args...)
		return err
	}))
	return n
}

func (a *attacker) save(tag string) {
	for _, t := range tables4 {
		a.sql("create table if not exists " + tag + t + " as select * from " + t)
	}
}

func (a *attacker) restore(tag string) {
	for _, t := range tables4 {
		a.sql("delete from " + t)
		a.sql("insert into " + t + " select * from " + tag + t)
	}
}

// flip changes one byte of a column of one row.
func (a *attacker) flip(table, column, where string) {
	a.t.Helper()
	kind := map[string]string{"at": "int", "log_index": "int", "seq": "int", "verb": "text", "id": "text"}[column]
	set := column + " = " + column + " + 1"
	switch {
	case kind == "text":
		set = column + " = 'X' || substr(" + column + ", 2)"
	case kind == "" && a.Engine == db.SQLite:
		set = column + " = cast(substr(" + column + ", 1, 4) || case substr(" + column + ", 5, 1) when x'5a' then x'a5' else x'5a' end || substr(" + column + ", 6) as blob)"
	case kind == "":
		set = column + " = set_byte(" + column + ", 4, get_byte(" + column + ", 4) # 90)"
	}
	if a.sql("update "+table+" set "+set+" where "+where) == 0 {
		a.t.Errorf("nothing to change in %s.%s", table, column)
	}
}

func copyDir(t testing.TB, from, to string) {
	t.Helper()
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

// sealedWorld is a log with three clean stops, full and partial bundles, and its files saved.
func sealedWorld(t *testing.T, e *testdb.Env) *attacker {
	w := newWorld(t, e)
	for _, n := range []int{5, 3} {
		l := w.open()
		w.fill(l, n)
		w.must(l.Seal(t.Context()))
	}
	a := newAttacker(w)
	a.save("old_")
	copyDir(t, w.cfg.Dir, w.cfg.Dir+".old")
	l := w.open()
	w.fill(l, 140)
	w.must(l.Seal(t.Context()))
	a.save("good_")
	copyDir(t, w.cfg.Dir, w.cfg.Dir+".good")
	return a
}

// refused expects a finding with one of the codes.
func (a *attacker) refused(name string, codes ...string) {
	a.t.Helper()
	r := a.verify()
	if r.OK {
		a.t.Errorf("%s: not noticed", name)
		return
	}
	if len(codes) > 0 && !slices.Contains(codes, r.First.Code) {
		a.t.Errorf("%s: named as %s: %v", name, r.First.Code, r.First)
	}
	if !utf8.ValidString(r.First.String()) || strings.ContainsFunc(r.First.String(), unicode.IsControl) {
		a.t.Errorf("%s: cannot be printed: %q", name, r.First.String())
	}
	if r.First.What == "" || r.First.Where == "" {
		a.t.Errorf("%s: says nothing: %+v", name, r.First)
	}
}

func TestTamperingWithRowsIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := sealedWorld(t, e)
		inA := fmt.Sprintf("tenant_id = '%s'", w.a)
		sys := fmt.Sprintf("tenant_id = '%s'", ids.System)
		at := func(n int) string { return fmt.Sprintf("%s and seq = %d", inA, n) }
		last := func(table, scope string) string {
			return scope + fmt.Sprintf(" and seq = (select max(x.seq) from %s x where x.%s)", table, scope)
		}
		type attack struct {
			name  string
			do    func()
			codes []string
		}
		var all []attack
		add := func(name string, do func(), codes ...string) { all = append(all, attack{name, do, codes}) }
		drop := func(table, where string) func() { return func() { w.sql("delete from " + table + " where " + where) } }

		for _, c := range []string{"id", "at", "verb", "commitment", "prev", "hash", "sealed"} {
			add("flip "+c, func() { w.flip("audit_event", c, at(70)) }, EventAltered)
			add("flip "+c+" of the last", func() { w.flip("audit_event", c, last("audit_event", inA)) }, EventAltered)
		}
		add("log_index moved", func() { w.flip("audit_event", "log_index", last("audit_event", sys)) }, IndexAltered, LogBehind)
		add("log_index exchanged", func() {
			w.sql("update audit_event set log_index = 100000 where " + at(7))
			w.sql("update audit_event set log_index = (select x.log_index from audit_event x where x.tenant_id = audit_event.tenant_id and x.seq = 7) where " + at(7))
		}, IndexAltered, LogBehind)
		add("log_index erased", func() { w.sql("update audit_event set log_index = null where " + at(7)) }, IndexAltered)
		add("every log_index erased", func() { w.sql("update audit_event set log_index = null") }, IndexAltered)
		add("the last log_index erased", func() { w.sql("update audit_event set log_index = null where " + last("audit_event", sys)) }, IndexAltered)
		add("head hash", func() { w.flip("audit_chain", "hash", inA) }, HeadAltered)
		add("head seq", func() { w.flip("audit_chain", "seq", inA) }, EventRemoved)
		add("head seq back", func() { w.sql("update audit_chain set seq = seq - 1 where " + inA) }, HeadAltered)
		for _, c := range []string{"at", "heads", "signature"} {
			add("seal "+c, func() { w.flip("audit_seal", c, last("audit_seal", sys)) }, SealAltered)
			add("old seal "+c, func() { w.flip("audit_seal", c, "seq = (select min(seq) from audit_seal)") }, SealAltered)
		}
		add("middle removed", drop("audit_event", at(70)), EventRemoved)
		add("first removed", drop("audit_event", at(1)), EventRemoved)
		add("last removed", drop("audit_event", last("audit_event", inA)), EventRemoved)
		add("last removed with its head and index", func() {
			w.sql("delete from audit_person where " + last("audit_person", inA))
			w.sql("delete from audit_event where " + last("audit_event", inA))
			w.sql("update audit_chain set seq = (select max(x.seq) from audit_event x where x." + inA + "), hash = (select x.hash from audit_event x where x." + inA + " order by x.seq desc limit 1) where " + inA)
		}, EventRemoved)
		add("whole chain removed", func() {
			for _, t := range []string{"audit_person", "audit_event", "audit_chain"} {
				w.sql("delete from " + t + " where " + inA)
			}
		}, EventRemoved)
		add("events of one chain removed", drop("audit_event", inA), EventRemoved)
		for _, t := range tables4 {
			add("all of "+t, drop(t, "seq > 0"))
			add("last of "+t, func() {
				w.sql("delete from " + t + " where tenant_id = (select max(tenant_id) from " + t + ") and seq = (select max(x.seq) from " + t + " x where x.tenant_id = (select max(y.tenant_id) from " + t + " y))")
			})
		}
		add("everything removed", func() {
			for _, t := range tables4 {
				w.sql("delete from " + t)
			}
		}, Empty)
		add("last of every table", func() {
			for _, t := range tables4 {
				w.sql("delete from " + t + " where tenant_id = (select max(tenant_id) from " + t + ") and seq = (select max(x.seq) from " + t + " x where x.tenant_id = (select max(y.tenant_id) from " + t + " y))")
			}
		})
		add("last seal and its record", func() {
			w.sql("delete from audit_seal where " + last("audit_seal", sys))
			w.sql("delete from audit_event where " + last("audit_event", sys))
			w.sql("update audit_chain set seq = (select max(x.seq) from audit_event x where x." + sys + "), hash = (select x.hash from audit_event x where x." + sys + " order by x.seq desc limit 1) where " + sys)
		}, EventRemoved)
		add("a seal removed", drop("audit_seal", "seq = (select min(seq) from audit_seal)"), SealRemoved)
		add("two records exchanged", func() {
			w.sql("update audit_event set seq = 100070 where " + at(70))
			w.sql("update audit_event set seq = 70 where " + at(71))
			w.sql("update audit_event set seq = 71 where " + at(100070))
		}, EventAltered)
		add("renumbered", func() {
			w.sql("delete from audit_event where " + at(20))
			for i := 21; i <= 148; i++ {
				w.sql("update audit_event set seq = " + fmt.Sprint(i-1) + " where " + at(i))
			}
			w.sql("update audit_chain set seq = seq - 1 where " + inA)
		}, EventAltered)
		add("moved to another tenant", func() {
			w.sql("update audit_event set tenant_id = '" + string(w.b) + "', seq = 149 where " + at(148))
		})
		add("index row removed", drop("audit_person", at(70)), PersonAltered)
		add("index row added", func() {
			w.sql("insert into audit_person (tenant_id, person_id, seq) values ($1, $2, 70)", string(w.a), string(ids.New[ids.Person]()))
		}, PersonAltered)
		add("index row for no record", func() {
			w.sql("insert into audit_person (tenant_id, person_id, seq) values ($1, $2, 5000)", string(w.a), string(w.people[0]))
		}, PersonAltered)
		add("index row points elsewhere", func() {
			w.sql("update audit_person set person_id = '" + string(w.people[4]) + "' where " + at(70) + " and person_id = '" + string(w.people[0]) + "'")
		})
		add("a copied record at the end", func() { w.forge(w.a) })
		add("a head for nobody", func() {
			w.sql("insert into audit_chain (tenant_id, seq, hash) values ('nobody', 1, (select hash from audit_chain where " + inA + "))")
		}, EventRemoved)
		add("database put back", func() { w.restore("old_") }, EventRemoved)

		w.holds("untouched")
		for _, x := range all {
			x.do()
			w.refused(x.name, x.codes...)
			w.restore("good_")
		}
		if r := w.holds("restored"); !r.Sealed {
			t.Error("the restored state is not that of a clean stop")
		}
	})
}

// forge appends a record whose hash chain is right, with a body copied from the record before: all that
// somebody without the tenant's key can do.
func (a *attacker) forge(t ids.Tenant) {
	a.t.Helper()
	q := db.GlobalQ(fmt.Sprint("attack.", attacks.Add(1)), `select `+columns+` from audit_event where tenant_id = $1 order by seq desc limit 1`)
	var r row
	a.must(a.owner.View(a.t.Context(), db.Global, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, q, scanRow, t)
		return err
	}))
	r.seq, r.prev = r.seq+1, r.hash
	r.hash = r.link()
	a.sql(`insert into audit_event (tenant_id, seq, id, at, verb, commitment, prev, hash, sealed) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		string(r.tenant), r.seq, r.id, r.at, r.verb, r.commitment, r.prev, r.hash, r.sealed)
	a.sql(`update audit_chain set seq = $2, hash = $3 where tenant_id = $1`, string(t), r.seq, r.hash)
}

func TestTamperingWithFilesIsFound(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := sealedWorld(t, e)
		dir := w.cfg.Dir
		var files []string
		w.must(w.tree().files(func(name string) error { files = append(files, name); return nil }))
		if len(files) != 5 { // bundle 0 and 1, tile 0/0 and 0/1, tile 1/0
			t.Errorf("after a clean stop: %v", files)
		}
		try := func(name string, do func(), codes ...string) {
			t.Helper()
			do()
			w.refused(name, codes...)
			copyDir(t, dir+".good", dir)
		}
		for _, f := range append(files, "checkpoint") {
			raw, err := os.ReadFile(filepath.Join(dir, f))
			w.must(err)
			for _, i := range []int{0, 1, 2, len(raw) / 3, len(raw) / 2, len(raw) - 2, len(raw) - 1} {
				try(fmt.Sprintf("%s, byte %d", f, i), func() {
					c := slices.Clone(raw)
					c[i] ^= 1
					w.must(os.WriteFile(filepath.Join(dir, f), c, 0o600))
				}, FileAltered, SignatureBad, FileMissing)
			}
			if rubbish := bytes.ReplaceAll(raw, []byte("-"), []byte{0x1b}); !bytes.Equal(rubbish, raw) {
				try(f+" full of rubbish", func() { w.must(os.WriteFile(filepath.Join(dir, f), rubbish, 0o600)) })
			}
			try(f+" longer", func() { w.must(os.WriteFile(filepath.Join(dir, f), append(slices.Clone(raw), 0), 0o600)) })
			try(f+" shorter", func() { w.must(os.WriteFile(filepath.Join(dir, f), raw[:len(raw)-1], 0o600)) })
			try(f+" empty", func() { w.must(os.WriteFile(filepath.Join(dir, f), nil, 0o600)) })
			try(f+" removed", func() { w.must(os.Remove(filepath.Join(dir, f))) }, FileMissing, LogMissing)
		}
		try("a file more", func() { w.must(os.WriteFile(filepath.Join(dir, "tile", "x"), nil, 0o600)) }, FileExtra)
		try("an older partial", func() { w.must(os.WriteFile(filepath.Join(dir, "tile/0/001.p/1"), nil, 0o600)) }, FileAltered, FileExtra)
		try("a signature more", func() {
			raw, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
			w.must(os.WriteFile(filepath.Join(dir, "checkpoint"), append(raw, "— other AAAAAAAA\n"...), 0o600))
		}, SignatureBad)
		try("all tiles removed", func() { w.must(os.RemoveAll(filepath.Join(dir, "tile"))) }, FileMissing)
		try("state removed", func() { w.must(os.RemoveAll(filepath.Join(dir, ".state"))) }, LogMissing)
		try("log directory removed", func() { w.must(os.RemoveAll(dir)) }, LogMissing)
		try("log put back", func() { copyDir(t, dir+".old", dir) }, LogBehind)
		try("older checkpoint", func() {
			raw, err := os.ReadFile(filepath.Join(dir+".old", "checkpoint"))
			w.must(err)
			w.must(os.WriteFile(filepath.Join(dir, "checkpoint"), raw, 0o600))
		}, LogBehind)
		key, err := os.ReadFile(dir + "-key")
		w.must(err)
		w.must(os.Remove(dir + "-key"))
		w.refused("key removed", KeyMissing)
		_, err = openKey(dir+"-key", true)
		w.must(err)
		w.refused("another key", SignatureBad, SealAltered)
		w.must(os.WriteFile(dir+"-key", key, 0o600))
		w.holds("restored")
	})
}

func (w *world) tree() tree { return tree{os.DirFS(w.cfg.Dir)} }

// Both put back together is the one thing that nothing inside can show; the doc of Verify says so.
func TestWhatVerifyCannotSee(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := sealedWorld(t, e)
		w.restore("old_")
		copyDir(t, w.cfg.Dir+".old", w.cfg.Dir)
		w.holds("database and log put back to the same state")
	})
}
