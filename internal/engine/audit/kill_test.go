package audit

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

const envVictim = "RAKUDOS_AUDIT_VICTIM"

// TestMain lets the test binary be the process that is killed: it appends and ships until then.
func TestMain(m *testing.M) {
	if at := os.Getenv(envVictim); at != "" {
		victim(strings.Split(at, "\n"))
		os.Exit(1) // it should have been killed
	}
	os.Exit(m.Run())
}

func victim(arg []string) {
	ctx := context.Background()
	open := func(engine, path, dsn string) *db.DB {
		d, err := db.Open(ctx, db.Config{Engine: db.Engine(engine), Path: path, DSN: dsn})
		if err != nil {
			panic(err)
		}
		return d
	}
	main, keys := open(arg[0], arg[1], arg[2]), open(arg[0], arg[3], arg[4])
	dir, tenant := arg[5], ids.Tenant(arg[6])
	root, err := vault.FileRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		panic(err)
	}
	v, err := vault.Open(ctx, keys, root)
	if err != nil {
		panic(err)
	}
	l, err := Open(ctx, main, v, Config{Dir: filepath.Join(dir, "log"), CheckpointInterval: 100 * time.Millisecond})
	if err != nil {
		panic(err)
	}
	go l.Run(ctx) //nolint:errcheck // ends with the process
	w := &world{a: tenant, people: []ids.Person{ids.New[ids.Person](), ids.New[ids.Person]()}}
	for i := range 1_000_000 {
		if _, err := l.Record(ctx, w.event(w.a, i)); err != nil {
			panic(err)
		}
	}
}

// However the process is killed, the log verifies at once, and the next start goes on from there.
func TestKilledAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("twelve processes")
	}
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		w.must(w.open().Seal(t.Context()))
		for round := range 4 {
			arg := []string{string(e.Engine), e.Main.Path, e.Main.DSN, e.KeyStore.Path, e.KeyStore.DSN, e.Dir, string(w.a)}
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), envVictim+"="+strings.Join(arg, "\n"))
			var said strings.Builder
			c.Stderr = &said
			w.must(c.Start())
			time.Sleep(time.Duration(450+130*round) * time.Millisecond)
			w.must(c.Process.Kill())
			_ = c.Wait()
			if strings.Contains(said.String(), "panic") {
				t.Fatal(said.String())
			}
			if r := w.holds("killed"); r.Sealed {
				t.Errorf("round %d: %+v", round, r)
			}
		}
		l := w.open()
		w.must(l.Seal(t.Context()))
		r := w.holds("after the last start")
		if r.Events < 100 || r.Events != r.Leaves || !r.Sealed {
			t.Errorf("%+v", r)
		}
		t.Logf("%d events in 4 lives", r.Events)
	})
}

// A log of three tile levels (more than 65,536 leaves).
func TestALargeLog(t *testing.T) {
	if testing.Short() {
		t.Skip("70,000 records")
	}
	e := testdb.New(t, db.SQLite)
	w := newWorld(t, e)
	l := w.open()
	start := time.Now()
	for range 35 {
		w.fill(l, 1000)
	}
	appended := time.Since(start)
	start = time.Now()
	w.must(l.Seal(t.Context()))
	shipped := time.Since(start)
	start = time.Now()
	r := w.holds("70,000 records")
	t.Logf("appended in %v, shipped and sealed in %v, verified in %v", appended, shipped, time.Since(start))
	if r.Leaves != 70_002 {
		t.Errorf("%+v", r)
	}
	l = w.open()
	start = time.Now()
	part, missed, err := l.drill(t.Context(), drillNewest, false)
	w.must(err)
	t.Logf("drill of the newest %d in %v", part.Leaves, time.Since(start))
	if !part.OK || len(missed) > 0 {
		t.Errorf("%v, missed %v", part.First, missed)
	}
	top := filepath.Join(w.cfg.Dir, "tile/2/000.p/1")
	raw, err := os.ReadFile(top)
	w.must(err)
	raw[3] ^= 1
	w.must(os.WriteFile(top, raw, 0o600))
	if r := w.verify(); r.OK || r.First.Where != "tile/2/000.p/1" {
		t.Errorf("%+v", r.First)
	}
}
