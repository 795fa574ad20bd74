package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup/pgtool"
	"rakudos/internal/testkit/testdb"
)

// fill writes until the WAL has gone on by some files, and tells an instant in each.
func (r *river) fill(files int) (marks []time.Time) {
	r.t.Helper()
	for range files {
		r.tenant(len(marks) + 20)
		marks = append(marks, r.clock())
		r.must(r.cluster.Exec(r.t.Context(), "select pg_switch_wal()"))
	}
	r.tenant(99)
	marks = append(marks, r.clock())
	r.reaches(marks[len(marks)-1])
	return marks
}

// whole are the finished WAL files in the place, oldest first.
func (r *river) whole() (out []string) {
	for _, f := range r.files() {
		if strings.Contains(f, "/wal/") && len(filepath.Base(f)) == 24 {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return out
}

// TestBrokenWALIsNamed: a WAL file that is missing or changed in one bit is named by the restore and by verify, an
// instant before it can still be had, and no restore ever hands out an earlier state than was asked for.
func TestBrokenWALIsNamed(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	r.based()
	marks := r.fill(3)
	r.stop()
	files := r.whole()
	victim := files[len(files)-1]
	kept, err := os.ReadFile(victim)
	r.must(err)
	flipped := slices.Clone(kept)
	flipped[len(flipped)/2] ^= 16
	for what, spoil := range map[string]func() error{
		"backup.wal_missing": func() error { return os.Remove(victim) },
		"backup.wal_damaged": func() error { return os.WriteFile(victim, flipped, 0o600) },
	} {
		r.must(spoil())
		to := filepath.Join(r.e.Dir, "spoilt", what)
		_, err := r.point(to, marks[3], "")
		var f *fault.Fault
		if !errors.As(err, &f) || f.Code != what || f.Args["file"] != filepath.Base(victim) {
			t.Errorf("%s: %v", what, err)
		}
		if left, _ := os.ReadDir(to); len(left) != 0 {
			t.Errorf("%s: %v is left", what, left)
		}
		rep, err := r.Verify(t.Context())
		r.must(err)
		if rep.OK || !slices.ContainsFunc(rep.Bad, func(b Finding) bool { return b.Piece == filepath.Base(victim) }) {
			t.Errorf("%s: verify says %+v", what, rep.Bad)
		}
		if got, err := r.point(filepath.Join(r.e.Dir, "before", what), marks[0], ""); err != nil || got.Point.Commit.After(marks[0]) {
			t.Errorf("%s: an instant before it: %v", what, err)
		}
		d, err := r.Drill(t.Context(), nightly)
		r.must(err)
		if d.OK || d.ToPoint == nil || len(d.ToPoint.Bad) == 0 {
			t.Errorf("%s: the drill passes: %+v", what, d.ToPoint)
		}
		if ev, err := r.control("BK-DRILL").Probe(t.Context()); err != nil || ev.OK {
			t.Errorf("%s: BK-DRILL passes: %+v %v", what, ev, err)
		}
		r.must(os.WriteFile(victim, kept, 0o600))
	}
	// The end of the WAL taken away, with a state from before: no gap shows, but the database knows better.
	names, err := r.o.Target.List(t.Context(), walTop)
	r.must(err)
	for _, name := range names {
		if strings.HasSuffix(name, partial) || strings.Contains(name, "state-") {
			r.must(r.o.Target.Delete(t.Context(), name))
		}
	}
	rep, err := r.Verify(t.Context())
	r.must(err)
	if rep.OK {
		t.Errorf("the missing end of the WAL is not noticed: %+v", rep)
	}
	if _, err := r.point(filepath.Join(r.e.Dir, "cut"), marks[3], ""); fault.Of(err).Code != "backup.pitr_outside" {
		t.Errorf("%v", err)
	}
}

// TestReceiverIsStartedAgain: a pg_receivewal that is killed is an event, and the stream goes on without a gap;
// so it does when the service itself stopped for a while in the middle.
func TestReceiverIsStartedAgain(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	r.based()
	r.fill(1)
	killed := 0
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	r.must(err)
	for _, p := range procs {
		b, _ := os.ReadFile(p)
		if strings.Contains(string(b), "pg_receivewal") && strings.Contains(string(b), r.o.Physical.Dir) {
			pid := 0
			for _, c := range strings.Split(p, "/")[2] {
				pid = pid*10 + int(c-'0')
			}
			r.must(syscall.Kill(pid, syscall.SIGKILL))
			killed++
		}
	}
	if killed != 1 {
		t.Fatalf("%d receivers run", killed)
	}
	r.wait("an event", func() bool { return r.events("backup.wal_broken") == 1 })
	r.wait("the stream again", func() bool { st, _ := r.Standing(); return st.Made })
	r.fill(2)
	r.stop()
	if left, _ := filepath.Glob(filepath.Join(r.o.Physical.Dir, "*", "*")); len(left) > 2 {
		t.Errorf("readable WAL is left: %v", left)
	}
	r.tenant(50) // while nobody listens
	late := r.clock()
	r.must(r.cluster.Exec(t.Context(), "select pg_switch_wal()"))
	r.flow()
	r.reaches(late)
	rep, err := r.Verify(t.Context())
	r.must(err)
	if !rep.OK || rep.Windows[0].Gap != "" || !rep.Windows[0].holds(late) {
		t.Errorf("%+v", rep)
	}
	r.must(second(r.point(filepath.Join(r.e.Dir, "late"), late, "")))
}

// events counts those of a verb in the service's own chain.
func (r *river) events(verb string) int {
	r.t.Helper()
	all, err := r.log.Find(r.t.Context(), operator, audit.Filter{Verb: verb, Limit: 50})
	r.must(err)
	return len(all)
}

// TestWhatMayNotBeCopied: a key store in the same cluster, another database beside ours, a role without the right.
func TestWhatMayNotBeCopied(t *testing.T) {
	r := newRiver(t, "")
	refused := func(want string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := r.attend(ctx); fault.Of(err).Code != want {
			t.Errorf("want %s: %v", want, err)
		}
		if names, _ := r.o.Target.List(ctx, walTop); len(names) > 0 {
			t.Errorf("%s: shipped all the same: %v", want, names)
		}
	}
	keys := r.o.Keys
	r.o.Keys = r.e.DB // the same cluster, whatever the database
	refused("backup.pitr_keys_inside")
	r.o.Keys = keys

	r.must(r.cluster.Exec(t.Context(), "create database neighbour"))
	refused("backup.pitr_others")
	r.must(r.cluster.Exec(t.Context(), "drop database neighbour"))

	r.must(r.cluster.Exec(t.Context(), "alter role rakudos_app noreplication"))
	refused("backup.pitr_role")
	d, err := r.Drill(t.Context(), nightly)
	r.must(err)
	r.broken(t.Context(), fault.New(fault.Denied, "backup.pitr_role"))
	ev, err := r.control("BK-DRILL").Probe(t.Context())
	if err != nil || !d.OK || !strings.Contains(ev.Measured, "未確認") || !strings.Contains(ev.Measured, whys["backup.pitr_role"]) {
		t.Errorf("%+v %v\n%s", d.ToPoint, err, ev.Measured)
	}
	r.must(r.cluster.Exec(t.Context(), "alter role rakudos_app replication"))

	old := *r.o.Physical
	r.o.Physical.DSN += " host=/nowhere"
	refused("backup.pitr_error")
	r.o.Physical.DSN = old.DSN
	if _, err := pgtool.FindCopying(t.Context(), 99); fault.Of(err).Code != "backup.pitr_version" {
		t.Errorf("%v", err)
	}
}

// TestKeysOutliveNoCopy is the danger of the whole design (clause 6-2): what lies in the copies of the cluster and
// in its WAL never holds a wrapped key, so a destroyed key is gone from them at once; a week later the copies
// themselves are gone. The same look at a copy of the key store's own cluster finds the key, so the look can fail.
func TestKeysOutliveNoCopy(t *testing.T) {
	r := newRiver(t, "")
	victim := r.tenant(30)
	wrapped := r.wrapped(victim)
	r.flow()
	r.based()
	r.fill(1)
	r.stop()
	if len(wrapped) < 32 || r.inCopies(wrapped) {
		t.Fatalf("a wrapped key of %d bytes lies in the copies of the records' cluster", len(wrapped))
	}
	r.must(r.vault.DestroyTenant(t.Context(), victim))
	r.must(r.RenewKeys(t.Context(), operator))
	if r.inCopies(wrapped) {
		t.Error("the destroyed key is in a copy")
	}
	later := time.Now().Add(7*24*time.Hour - r.o.Policy.BaseMargin)
	r.must(r.pruneBases(t.Context(), operator, later))
	names, err := r.o.Target.List(t.Context(), "")
	r.must(err)
	for _, n := range names {
		if strings.HasPrefix(n, top(Base)) || strings.HasPrefix(n, walTop) && len(filepath.Base(n)) == 24 {
			t.Errorf("after a week there is still %s", n)
		}
	}
	if _, err := r.point(filepath.Join(r.e.Dir, "none"), time.Now(), ""); fault.Of(err).Code != "backup.pitr_none" {
		t.Errorf("%v", err)
	}

	// The control: with the keys in the cluster, the same look finds the key.
	e, c := testdb.Apart(t, "")
	d, err := c.Create(t.Context(), "keys")
	r.must(err)
	keys := db.Config{Engine: db.Postgres, DSN: d.AppDSN, OwnerDSN: d.OwnerDSN}
	w := &river{world: newWorld(t, testdb.WithKeys(t, e, keys)), cluster: c}
	w.o.Physical = &Physical{DSN: e.Main.DSN, Dir: filepath.Join(e.Dir, "wal"), Beat: time.Second}
	wrapped = w.wrapped(w.tenant(31))
	if err := w.attend(t.Context()); fault.Of(err).Code != "backup.pitr_keys_inside" {
		t.Fatalf("%v", err)
	}
	cl, err := w.e.DB.Cluster(t.Context())
	w.must(err)
	tools, err := pgtool.FindCopying(t.Context(), cl.Major)
	w.must(err)
	conn, err := pgtool.ParseConn(e.Main.DSN)
	w.must(err)
	w.must(second(w.makeBase(t.Context(), operator, copying{cl, tools, conn})))
	if !w.inCopies(wrapped) {
		t.Error("the look at the copies does not see a key that is there")
	}
}
