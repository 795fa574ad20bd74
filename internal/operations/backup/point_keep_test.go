package backup

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

// forgetful is a ledger that erases one tenant's row, and counts.
type forgetful struct {
	gone  ids.Tenant
	calls []db.Engine
}

var tGone = db.Q("backup_test.gone", `delete from tenant where tenant_id = $1`)

func (f *forgetful) Replay(ctx context.Context, main, _ *db.DB) (int, error) {
	f.calls = append(f.calls, main.Engine())
	return 1, main.Tx(ctx, f.gone, func(tx *db.Tx) error {
		_, err := tx.Exec(tGone, f.gone)
		return err
	})
}

// TestClusterIsKept: with a folder for it, the recovered cluster itself stays, stopped cleanly and ready to start:
// at the instant, with the ledger replayed, forgetful of backups that lie elsewhere, and as one with the log.
func TestClusterIsKept(t *testing.T) {
	r := newRiver(t, "")
	r.flow()
	r.based()
	first, erased := r.tenant(40), r.tenant(41)
	between := r.clock()
	second := r.tenant(42)
	r.reaches(r.clock())
	r.stop()
	ledger := &forgetful{gone: erased}
	r.o.Ledger = ledger
	to, kept := filepath.Join(r.e.Dir, "to"), pgFolder(t)
	got, err := r.point(to, between, kept)
	r.must(err)
	if !slices.Equal(ledger.calls, []db.Engine{db.Postgres}) || got.How != "cluster" || got.Tables == 0 || got.Rows == 0 || got.Ledger != "1件を適用" || got.Point.Cluster != kept {
		t.Errorf("%v, %+v", ledger.calls, got)
	}
	for _, name := range []string{mainFile, keysFile} {
		if _, err := os.Stat(filepath.Join(to, name)); !os.IsNotExist(err) {
			t.Errorf("%s stays beside the cluster: %v", name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(kept, "recovery.signal")); !os.IsNotExist(err) {
		t.Error("the cluster would recover once more")
	}
	again, err := pg.Resume(t.Context(), kept)
	r.must(err)
	defer again.Stop()
	d, err := db.Open(t.Context(), db.Config{Engine: db.Postgres, DSN: again.DSN + " user=" + pg.AppRole + " dbname=records"})
	r.must(err)
	defer func() { _ = d.Close() }()
	var have []ids.Tenant
	var known []Generation
	r.must(d.View(t.Context(), db.Global, func(tx *db.Tx) error {
		return db.Each(tx, tNames, func(s db.Scanner) error {
			var id ids.Tenant
			var name []byte
			err := s.Scan(&id, &name)
			have = append(have, id)
			return err
		})
	}))
	r.must(d.View(t.Context(), ids.System, func(tx *db.Tx) (err error) {
		known, err = db.All(tx, qSets, scanSet, ids.System)
		return err
	}))
	if !slices.Contains(have, first) || slices.Contains(have, second) || slices.Contains(have, erased) || len(known) != 0 {
		t.Errorf("tenants %v, backups %v", have, known)
	}
	rep, err := audit.Verify(t.Context(), d, r.vault, audit.Config{Dir: filepath.Join(to, logDir)})
	if err != nil || !rep.OK || !rep.Sealed {
		t.Errorf("%+v %v %v", rep, rep.First, err)
	}
}

// pgFolder is an empty folder that the server's user reaches too.
func pgFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "rkkept")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

const envRiver = "RAKUDOS_TEST_RIVER_LIFE"

// TestRiverLife is no test: it is the process that is killed while it copies the cluster and ships WAL.
func TestRiverLife(t *testing.T) {
	raw := os.Getenv(envRiver)
	if raw == "" {
		return // it runs as the child of TestKilledWhileShipping
	}
	r := riverOf(newWorld(t, reborn(t, raw)), nil)
	basePause = 300 * time.Millisecond
	r.o.Policy.BaseEvery = time.Second
	r.run()
	r.flow()
	for {
		id := r.tenant(1)
		fmt.Printf("mark %s %d\n", id, db.Micros(r.clock()))
	}
}

// TestKilledWhileShipping: a service that is killed again and again in the middle of its copies and its WAL leaves
// no gap, no half copy that counts, and no receiver behind; every commit that it saw can be had.
func TestKilledWhileShipping(t *testing.T) {
	e, c := testdb.Apart(t, "")
	told, err := json.Marshal(life{e.Main, e.KeyStore, e.Dir})
	if err != nil {
		t.Fatal(err)
	}
	type mark struct {
		id ids.Tenant
		at time.Time
	}
	var marks []mark
	for n := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestRiverLife$", "-test.v")
		cmd.Env = append(os.Environ(), envRiver+"="+string(told))
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(4*time.Second + time.Duration(n)*900*time.Millisecond)
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if strings.Contains(out.String(), "FAIL") {
			t.Fatalf("the process failed by itself:\n%s", out.String())
		}
		for in := bufio.NewScanner(&out); in.Scan(); {
			if w := strings.Fields(in.Text()); len(w) == 3 && w[0] == "mark" {
				us, err := strconv.ParseInt(w[2], 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				marks = append(marks, mark{ids.Tenant(w[1]), db.Time(us)})
			}
		}
		if err := c.Exec(t.Context(), "select pg_switch_wal()"); err != nil {
			t.Fatal(err)
		}
	}
	if len(marks) < 4 {
		t.Fatalf("only %d marks in four lives", len(marks))
	}
	r := riverOf(newWorld(t, e), c)
	r.run()
	r.flow()
	last := marks[len(marks)-1]
	r.based()
	r.reaches(last.at)
	r.stop()
	rep, err := r.Verify(t.Context())
	r.must(err)
	if !rep.OK || len(rep.Notes) != 0 {
		t.Fatalf("after the kills: %+v", rep)
	}
	oldest := rep.Windows[0]
	tried := 0
	for _, m := range []mark{last, marks[len(marks)/2]} {
		if !oldest.holds(m.at) {
			continue
		}
		to := filepath.Join(e.Dir, "at", strconv.FormatInt(m.at.UnixMicro(), 10))
		r.must(second(r.point(to, m.at, "")))
		if !slices.Contains(r.tenantsIn(to), m.id) {
			t.Errorf("%s is not there at %s", m.id, m.at)
		}
		tried++
	}
	if tried == 0 {
		t.Errorf("no mark lies in the window %+v", oldest)
	}
	t.Logf("%d marks, %d copies of the cluster", len(marks), len(rep.Windows))
}
