package backup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

const envLife = "RAKUDOS_TEST_BACKUP_LIFE"

// life is what the killed process is told.
type life struct {
	Main, Keys db.Config
	Dir        string
}

// reborn opens in a child what its parent told it of.
func reborn(t *testing.T, raw string) *testdb.Env {
	t.Helper()
	var l life
	if err := json.Unmarshal([]byte(raw), &l); err != nil {
		t.Fatal(err)
	}
	e := &testdb.Env{Engine: l.Main.Engine, Dir: l.Dir, Main: l.Main, KeyStore: l.Keys}
	var err error
	if e.DB, err = db.Open(t.Context(), l.Main); err != nil {
		t.Fatal(err)
	}
	if e.Keys, err = db.Open(t.Context(), l.Keys); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestLife is no test: it is the process that is killed. It makes backups and drills until that happens.
func TestLife(t *testing.T) {
	raw := os.Getenv(envLife)
	if raw == "" {
		return // it runs as the child of TestKilledDuringBackupAndDrill
	}
	w := newWorld(t, reborn(t, raw))
	for {
		w.run()
		if _, err := w.Drill(t.Context(), nightly); err != nil {
			t.Fatal(err)
		}
		fmt.Println("round")
	}
}

// heard is what a process says while it lives.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) { h.mu.Lock(); defer h.mu.Unlock(); return h.b.Write(p) }

func (h *heard) String() string { h.mu.Lock(); defer h.mu.Unlock(); return h.b.String() }

func TestKilledDuringBackupAndDrill(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		told, err := json.Marshal(life{e.Main, e.KeyStore, e.Dir})
		if err != nil {
			t.Fatal(err)
		}
		rounds := 0
		for n := range 8 {
			c := exec.Command(os.Args[0], "-test.run=^TestLife$", "-test.v")
			c.Env = append(os.Environ(), envLife+"="+string(told))
			var out heard
			c.Stdout, c.Stderr = &out, &out
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			// The first life has time for a round, however busy the machine is: there is something to spoil then.
			for end := time.Now().Add(time.Minute); n == 0 && time.Now().Before(end) && !strings.Contains(out.String(), "round\n"); {
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(700*time.Millisecond + time.Duration(n)*130*time.Millisecond)
			_ = c.Process.Kill()
			_ = c.Wait()
			if strings.Contains(out.String(), "FAIL") {
				t.Fatalf("the process failed by itself:\n%s", out.String())
			}
			rounds += strings.Count(out.String(), "round\n")
		}
		w := newWorld(t, e) // adds three tenants, as each life did
		if left, _ := filepath.Glob(filepath.Join(e.Dir, "tmp", "*")); len(left) != 0 {
			t.Fatalf("sandboxes are left: %v", left)
		}
		rep, err := w.Verify(t.Context())
		w.must(err)
		if !rep.OK {
			t.Fatalf("after the kills: %+v", rep)
		}
		w.run()
		d, err := w.Drill(t.Context(), nightly)
		w.must(err)
		if !d.OK {
			t.Fatalf("%+v", d)
		}
		w.must(second(w.restoreTo(filepath.Join(e.Dir, "restored"), jst.Date{})))
		names, err := w.o.Target.List(t.Context(), "")
		w.must(err)
		if len(names) != 8 {
			t.Fatalf("leftovers: %v", names)
		}
		t.Logf("%d rounds in 8 lives", rounds)
	})
}

func TestManyPieces(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		defer func(n int64) { pieceSize = n }(pieceSize)
		pieceSize = 300
		w := newWorld(t, e)
		m := w.run()
		if rep, err := w.Verify(t.Context()); err != nil || !rep.OK || rep.Pieces < 15 {
			t.Fatalf("%+v %v", rep, err)
		}
		w.must(second(w.restoreTo(filepath.Join(e.Dir, "restored"), jst.Date{})))
		file := filepath.Join(w.target, "sets", m.ID, PartMain+".00004")
		b, err := os.ReadFile(file)
		w.must(err)
		b[100] ^= 1
		w.must(os.WriteFile(file, b, 0o600))
		rep, err := w.Verify(t.Context())
		w.must(err)
		if rep.OK || len(rep.Bad) != 1 || rep.Bad[0].Piece != "main.00004" {
			t.Fatalf("%+v", rep)
		}
		_, err = w.restoreTo(filepath.Join(e.Dir, "again"), jst.Date{})
		if err == nil || !strings.Contains(err.Error(), "main.00004") && !strings.Contains(fmt.Sprint(err), "damaged") {
			t.Fatalf("%v", err)
		}
		t.Log(err)
		d, err := w.Drill(t.Context(), nightly)
		w.must(err)
		if d.OK {
			t.Fatal("a drill of a damaged backup passed")
		}
	})
}
