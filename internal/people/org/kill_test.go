package org

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// orders tell a child process what to do until it is killed.
type orders struct {
	Main, Keys db.Config
	Dir        string
	Tenant     ids.Tenant
	Import     ids.Import
}

const ordersKey = "RAKUDOS_ORG_KILL_CHILD"

// TestKillChild is the process that TestKillNine kills: it applies an import and dwells on each step.
func TestKillChild(t *testing.T) {
	text := os.Getenv(ordersKey)
	if text == "" {
		return // runs only as a child of TestKillNine
	}
	var o orders
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	e := &testdb.Env{Engine: o.Main.Engine, Dir: o.Dir}
	var err error
	if e.DB, err = db.Open(t.Context(), o.Main); err != nil {
		t.Fatal(err)
	}
	if e.Keys, err = db.Open(t.Context(), o.Keys); err != nil {
		t.Fatal(err)
	}
	b := newBed(t, e)
	b.s.chunk = 2
	b.s.step = func(name string) {
		fmt.Printf("\nstep %s\n", name)
		time.Sleep(80 * time.Millisecond)
	}
	b.must(b.s.apply(t.Context(), o.Tenant, o.Import))
	fmt.Println("\nstep end")
}

// killAt runs the child and kills it with SIGKILL at its nth step; it returns the name of the step.
func killAt(t *testing.T, o orders, n int) string {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.v")
	c.Env = append(os.Environ(), ordersKey+"="+string(text))
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	at := "never began"
	for in := bufio.NewScanner(out); in.Scan(); {
		name, ok := strings.CutPrefix(in.Text(), "step ")
		if !ok {
			continue
		}
		at = name
		if n--; n == 0 {
			break
		}
	}
	_ = c.Process.Kill() // SIGKILL; the child may also have come to its end
	_ = c.Wait()
	return at
}

// TestKillNine kills real processes at every step of applying an import, in the middle of the publishing
// transaction too; the next process finds the people as before or as after, and carries on.
func TestKillNine(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		seen := map[string]bool{}
		for _, n := range []int{1, 4, 7, 8, 9, 10, 11} {
			b := newBed(t, e)
			b.load(b.hr, roster)
			before := b.facts(b.ours)
			id, err := b.s.StartImport(t.Context(), b.hr, "x", strings.NewReader(change))
			b.must(err)
			b.drain()
			b.must(b.s.Confirm(t.Context(), b.hr, id))

			at := killAt(t, orders{Main: e.Main, Keys: e.KeyStore, Dir: e.Dir, Tenant: b.ours, Import: id}, n)
			seen[at] = true
			b.start()
			now := b.facts(b.ours)
			published := at == "published" || at == "tidied" || at == "end"
			if (now == before) == published {
				t.Fatalf("killed at %q, published %v:\n%s", at, published, now)
			}
			b.drain()
			b.must(b.s.Sweep(t.Context()))
			if v, err := b.s.Import(t.Context(), b.hr, id); err != nil || v.State != Applied {
				t.Fatalf("killed at %q: %+v %v", at, v, err)
			}
			b.nothingLeft()
			if after := b.facts(b.ours); after == before || published && after != now {
				t.Fatalf("killed at %q, carried on:\n%s", at, after)
			}
		}
		for _, step := range []string{"keys", "chunk", "staged", "publishing", "published"} {
			if !seen[step] {
				t.Errorf("never killed at %q: %v", step, seen)
			}
		}
	})
}
