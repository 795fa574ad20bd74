package vault_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

var (
	nameAt   = vault.Place{Table: "tenant", Column: "name"}
	qNameIn  = db.Q("test.name_in", `insert into tenant (tenant_id, code, name, kind, created_at) values ($1, $2, $3, 'probe', 0) on conflict (tenant_id) do update set name = excluded.name`)
	qNamePut = db.Q("test.name_put", `update tenant set name = $2 where tenant_id = $1`)
)

// house is a service as small as can be: one column that it writes by its own way.
type house struct {
	t     *testing.T
	e     *testdb.Env
	v     *vault.Vault
	a, b  ids.Tenant
	known string
}

func newHouse(t *testing.T, e *testdb.Env) *house {
	t.Helper()
	h := &house{t: t, e: e, v: open(t, e), known: "以前からの氏名"}
	h.a, h.b = tenant(t, h.v), tenant(t, h.v)
	return h
}

// written names the tenant through the vault, as the service does.
func (h *house) written(v *vault.Vault) vault.Writer {
	return func(ctx context.Context) (vault.Written, error) {
		k, err := v.Tenant(ctx, h.b)
		if err != nil {
			return vault.Written{}, err
		}
		word := "新しい名前" + ids.New[string]()
		err = h.e.DB.Tx(ctx, h.b, func(tx *db.Tx) error {
			_, err := tx.Exec(qNameIn, h.b, string(h.b), k.Seal(vault.Loc{Table: "tenant", ID: string(h.b), Column: "name"}, []byte(word)))
			return err
		})
		return vault.Written{At: time.Now(), Fresh: []vault.Text{{Kind: "名前", Text: word}}, Known: []vault.Text{{Kind: "氏名", Text: h.known}}, Tenants: []ids.Tenant{h.a, h.b}}, err
	}
}

func (h *house) deps(v *vault.Vault) vault.Deps {
	return vault.Deps{Vault: v, DB: h.e.DB, Dir: h.e.Dir, Written: h.written(v), Broken: []vault.Place{nameAt},
		Tenants: func() (ids.Tenant, ids.Tenant, error) { return h.a, h.b, nil },
		Sandbox: func(context.Context) (vault.Deps, func(), error) {
			bare := open(h.t, h.e)
			bare.LeaveBare(nameAt)
			return h.deps(bare), func() {}, nil
		}}
}

func (h *house) control() control.Control { return vault.Controls(h.deps(h.v))[0] }

func TestAtRestProof(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		c := newHouse(t, e).control()
		controltest.Proves(t, c.ID, func(sabotaged bool) error {
			run := c.Probe
			if sabotaged {
				run = c.Mutant
			}
			ev, err := run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			t.Log(ev.Measured, ev.Failed)
			if !ev.OK {
				return errors.New(strings.Join(ev.Failed, ", "))
			}
			return nil
		})
	})
}

// TestAtRestLooksEverywhere: what is known and stands in a column, in whichever encoding, or in a file that nobody
// wrote by the vault, is found and named, on both engines; a mutant of which one column goes unnoticed passes.
func TestAtRestLooksEverywhere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e)
		fails := func(what string, probe control.Probe, want string) {
			t.Helper()
			ev, err := probe(t.Context())
			if err != nil || ev.OK != (want == "") || !strings.Contains(strings.Join(ev.Failed, "\n"), want) {
				t.Errorf("%s: %+v, %v", what, ev, err)
			}
		}
		probe := h.control().Probe
		fails("as it should be", probe, "")
		leak := filepath.Join(e.Dir, "blobs", "leak.csv")
		if err := os.MkdirAll(filepath.Dir(leak), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(leak, []byte("番号,氏名\n1,"+h.known+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		fails("a file in the clear", probe, filepath.Join("blobs", "leak.csv")+" に平文の氏名がある")
		if err := os.Remove(leak); err != nil {
			t.Fatal(err)
		}
		fails("removed again", probe, "")

		put := func(name string) {
			t.Helper()
			err := e.DB.Tx(t.Context(), h.a, func(tx *db.Tx) error {
				if _, err := tx.Exec(qNameIn, h.a, string(h.a), []byte{}); err != nil {
					return err
				}
				_, err := tx.Exec(qNamePut, h.a, []byte(name))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		put("前" + h.known + "後")
		fails("a column in the clear", probe, "データベースの列 tenant.name に平文の氏名がある")

		d := h.deps(h.v)
		d.Broken = append(d.Broken, vault.Place{Table: "person", Column: "sealed"})
		ev, err := vault.Controls(d)[0].Mutant(t.Context())
		if err != nil || !ev.OK {
			t.Errorf("a broken column that the probe did not name, and the mutant counts as caught: %+v, %v", ev, err)
		}
	})
}

// TestAMovedValueIsNoticed: in the sandbox a value opens in another table, row and column, and the probe names all six
// ways; in the service it opens nowhere else, on both engines.
func TestAMovedValueIsNoticed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		h := newHouse(t, e)
		ev, err := h.control().Probe(t.Context())
		if err != nil || !ev.OK || ev.Facts["moved"] != 6 || ev.Facts["opened_elsewhere"] != 0 {
			t.Errorf("the service: %+v, %v", ev, err)
		}
		ev, err = h.control().Mutant(t.Context())
		if err != nil || ev.OK || ev.Facts["opened_elsewhere"] != 6 || !strings.Contains(strings.Join(ev.Failed, ""), "移しても開いた") {
			t.Errorf("the sandbox: %+v, %v", ev, err)
		}
		d := h.deps(h.v)
		d.Sandbox = func(context.Context) (vault.Deps, func(), error) { return h.deps(h.v), func() {}, nil }
		d.Broken = nil
		if ev, err := vault.Controls(d)[0].Mutant(t.Context()); err != nil || !ev.OK {
			t.Errorf("a sandbox that binds its values, and the mutant counts as caught: %+v, %v", ev, err)
		}
	})
}

// TestBareIsNotOpenedByAService: what a sandbox has left unsealed is refused by a service, like anything unsealed.
func TestBareIsNotOpenedByAService(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	v := open(t, e)
	id := tenant(t, v)
	whole, err := v.Tenant(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	loc := vault.Loc{Table: "tenant", ID: "1", Column: "name"}
	sandbox := open(t, e)
	sandbox.LeaveBare(nameAt)
	broken, err := sandbox.Tenant(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	bare := broken.Seal(loc, []byte("clear"))
	if got, err := broken.Open(loc, bare); err != nil || string(got) != "clear" || !strings.Contains(string(bare), "clear") {
		t.Errorf("the sandbox: %q %q %v", bare, got, err)
	}
	if got, err := whole.Open(loc, bare); code(err) != "vault.open" {
		t.Errorf("a service opened what was never sealed: %q, %v", got, err)
	}
	other := vault.Loc{Table: "tenant", ID: "1", Column: "code"}
	if strings.Contains(string(broken.Seal(other, []byte("clear"))), "clear") {
		t.Error("a column that is not broken is left bare")
	}
	if _, err := broken.Open(other, bare); err == nil {
		t.Error("a bare value opens in a column that is sealed")
	}
}
