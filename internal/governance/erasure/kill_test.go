package erasure

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/tenant"
	"rakudos/internal/testkit/testdb"
)

const envLife = "RAKUDOS_TEST_ERASURE_LIFE"

// life is what the process to be killed is told.
type life struct {
	Main, Keys db.Config
	Dir        string
	Tenant     ids.Tenant
	Person     ids.Person // empty: the whole tenant
	Point      string     // where it is killed
}

// TestLife is no test: it is the process that is killed.
func TestLife(t *testing.T) {
	raw := os.Getenv(envLife)
	if raw == "" {
		return // it runs as the child of TestKilledAtEachStep
	}
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
	b := openBed(t, e)
	b.gate.crash = func(point string) error {
		if point == l.Point {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}
	if l.Person != "" {
		_, err = b.gate.ErasePersons(t.Context(), machine, l.Tenant, []ids.Person{l.Person}, order)
	} else {
		_, err = b.gate.EraseTenant(t.Context(), machine, l.Tenant, order)
	}
	t.Fatalf("not killed at %q: %v", l.Point, err)
}

func points() (out []string) {
	for _, s := range Steps[1:] {
		out = append(out, "before "+s, "after "+s)
	}
	return append(out, "rows checkup_result", "rows person", "rows audit_person", "file")
}

// TestKilledAtEachStep: whatever step a kill falls into, the run is taken up and completed, with all counts, and
// the ledger has exactly one entry for it.
func TestKilledAtEachStep(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e, 3)
		svc := tenant.NewService(e.DB, b.vault, b.log, require)
		type victim struct {
			tenant ids.Tenant
			person ids.Person
		}
		var victims []victim
		for i := range points() {
			made, err := svc.Create(t.Context(), actor.System(ids.System, "test"), tenant.New{Code: fmt.Sprintf("victim-%d", i), Name: "x", Kind: tenant.Customer})
			b.must(err)
			b.fill(made.ID, 3)
			v := victim{tenant: made.ID}
			if i%3 == 1 && !strings.HasPrefix(points()[i], "rows audit") && points()[i] != "file" {
				v.person = b.people(made.ID)[1]
			}
			victims = append(victims, v)
		}
		next := b.counts(e.DB, b.neighbour)
		for i, point := range points() {
			b.must(b.log.Close())
			v := victims[i]
			told, err := json.Marshal(life{e.Main, e.KeyStore, e.Dir, v.tenant, v.person, point})
			b.must(err)
			c := exec.Command(os.Args[0], "-test.run=^TestLife$")
			c.Env = append(os.Environ(), envLife+"="+string(told))
			out, err := c.CombinedOutput()
			if c.ProcessState.Exited() {
				t.Fatalf("%s: the process ended by itself: %v\n%s", point, err, out)
			}
			b = reopen(b, e)
			done, err := b.gate.Resume(t.Context(), machine)
			if err != nil || done != 1 {
				t.Fatalf("%s: resumed %d: %v", point, done, err)
			}
			runs, err := b.gate.Runs(t.Context(), machine, v.tenant, 10)
			b.must(err)
			if len(runs) != 1 || runs[0].State != Done || !runs[0].Verification.OK || runs[0].LedgerN != int64(i+1) {
				t.Fatalf("%s: %+v", point, runs)
			}
			want := int64(3)
			if v.person != "" {
				want = 1
			}
			for _, s := range runs[0].Scope {
				if s.Store == "main.person" && s.Count != want {
					t.Errorf("%s: %d people counted", point, s.Count)
				}
			}
			left := b.counts(e.DB, v.tenant)["person"]
			if v.person == "" && left != 0 || v.person != "" && left != 2 {
				t.Errorf("%s: %d people left", point, left)
			}
		}
		all, err := b.replay.Ledger.Read(t.Context(), b.vault)
		b.must(err)
		if len(all) != len(points()) {
			t.Errorf("%d entries for %d runs", len(all), len(points()))
		}
		b.same(next, "kills")
		b.verified()
	})
}

func reopen(b *bed, e *testdb.Env) *bed {
	b.Helper()
	n := openBed(b.TB, e)
	n.ours, n.neighbour = b.ours, b.neighbour
	return n
}
