package tenant

import (
	"log/slog"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

func newRegister(t *testing.T, e *testdb.Env) (*Service, *vault.Vault, *audit.Log) {
	t.Helper()
	root, err := vault.FileRoot(e.Dir + "/root.key")
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), e.Keys, root)
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.Open(t.Context(), e.DB, v, audit.Config{Dir: e.Dir + "/log", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	guard := func(a actor.Actor, permission string) error {
		if a.Kind == actor.Machine && permission == "tenant.manage" {
			return nil
		}
		return fault.New(fault.Denied, "access.denied")
	}
	return NewService(e.DB, v, log, guard), v, log
}

var machine = actor.System(ids.System, "setup")

func TestRegister(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, v, log := newRegister(t, e)
		ctx := t.Context()
		a, err := s.Create(ctx, machine, New{Code: " ＭＩＤＯＲＩ ", Name: "株式会社みどり製作所", Kind: Customer})
		if err != nil || a.Code != "midori" {
			t.Fatalf("%+v, %v", a, err)
		}
		b, err := s.Create(ctx, machine, New{Code: "hikari", Name: "ひかり商事", Kind: Probe})
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{"midori", "Midori", "ｍｉｄｏｒｉ "} {
			if got, err := s.ByCode(ctx, code); err != nil || got != a {
				t.Errorf("%q: %+v, %v", code, got, err)
			}
		}
		if got, err := s.ByID(ctx, b.ID); err != nil || got != b || got.Kind != Probe {
			t.Errorf("%+v, %v", got, err)
		}
		if all, err := s.List(ctx); err != nil || len(all) != 2 || all[0] != b || all[1] != a {
			t.Errorf("%+v, %v", all, err)
		}
		for what, err := range map[string]error{
			"code":  func() error { _, err := s.ByCode(ctx, "nobody"); return err }(),
			"id":    func() error { _, err := s.ByID(ctx, ids.New[ids.Tenant]()); return err }(),
			"empty": func() error { _, err := s.ByCode(ctx, ""); return err }(),
		} {
			if f := fault.Of(err); f == nil || f.Code != "tenant.missing" {
				t.Errorf("%s: %v", what, err)
			}
		}
		// Each tenant's log begins with its own registration and nobody else's.
		for _, x := range []Tenant{a, b} {
			entries, err := log.Find(ctx, actor.System(x.ID, "test"), audit.Filter{})
			if err != nil || len(entries) != 1 || entries[0].Verb != "tenant.created" || entries[0].Detail["code"] != x.Code {
				t.Errorf("%s: %+v, %v", x.Code, entries, err)
			}
		}
		// With its key gone, a tenant keeps its line but not its name; the neighbour keeps both.
		if err := v.DestroyTenant(ctx, a.ID); err != nil {
			t.Fatal(err)
		}
		if all, err := s.List(ctx); err != nil || all[1].Name != "" || all[1].Code != "midori" || all[0].Name != b.Name {
			t.Errorf("%+v, %v", all, err)
		}
		if _, err := s.Create(ctx, machine, New{Code: "midori", Name: "x", Kind: Customer}); fault.Of(err).Code != "tenant.code_taken" {
			t.Errorf("a code is given a second time: %v", err)
		}
	})
}

func TestRefusals(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _, _ := newRegister(t, e)
		for code, n := range map[string]New{
			"tenant.name": {Code: "abc", Name: " ", Kind: Customer},
			"tenant.kind": {Code: "abc", Name: "x", Kind: "partner"},
			"tenant.code": {Code: "a b", Name: "x", Kind: Customer},
		} {
			if _, err := s.Create(t.Context(), machine, n); fault.Of(err).Code != code {
				t.Errorf("%+v: %v", n, err)
			}
		}
		if _, err := s.Create(t.Context(), actor.Actor{Kind: actor.Human, Tenant: "t", Roles: actor.Roles}, New{Code: "abc", Name: "x", Kind: Customer}); !fault.Is(err, fault.Denied) {
			t.Errorf("anybody registers tenants: %v", err)
		}
	})
}

func TestCodeForm(t *testing.T) {
	for code, ok := range map[string]bool{
		"midori": true, "a-1": true, "MIDORI": true, "みどり": false, "1abc": false, "abc-": false, "ab": false, "a_b": false, "": false,
		strings.Repeat("a", 32): true, strings.Repeat("a", 33): false,
	} {
		if _, err := (New{Code: code, Name: "x", Kind: Customer}).check(); (err == nil) != ok {
			t.Errorf("%q: %v", code, err)
		}
	}
	if _, err := (New{Code: "abc", Name: strings.Repeat("あ", 101), Kind: Customer}).check(); err == nil {
		t.Error("a name without end is accepted")
	}
	for _, name := range []string{"みどり\u202e", "み\u200bどり", "みどり\n製作所"} {
		if _, err := (New{Code: "abc", Name: name, Kind: Customer}).check(); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

var (
	qForgeKind = db.GlobalQ("test.forge_kind", `update tenant set kind = $2 where tenant_id = $1`)
	qForgeCode = db.GlobalQ("test.forge_code", `update tenant set code = $2 where tenant_id = $1`)
	qForgeMAC  = db.GlobalQ("test.forge_mac", `update tenant set mac = $2 where tenant_id = $1`)
)

// A customer does not become the association by a write into the database, nor does a row without MAC count.
func TestForgedTenantIsNobody(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s, _, log := newRegister(t, e)
		ctx := t.Context()
		a, err := s.Create(ctx, machine, New{Code: "midori", Name: "みどり", Kind: Customer})
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Create(ctx, machine, New{Code: "hikari", Name: "ひかり", Kind: Customer})
		if err != nil {
			t.Fatal(err)
		}
		var mac []byte
		write := func(q db.Query, v any) {
			t.Helper()
			if err := e.DB.Tx(ctx, db.Global, func(tx *db.Tx) error { _, err := tx.Exec(q, string(a.ID), v); return err }); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.DB.View(ctx, db.Global, func(tx *db.Tx) error {
			r, err := db.One(tx, qByID, scan, string(a.ID))
			mac = r.mac
			return err
		}); err != nil {
			t.Fatal(err)
		}
		nobody := func(what string) {
			t.Helper()
			if got, err := s.ByID(ctx, a.ID); !fault.Is(err, fault.Missing) {
				t.Errorf("%s: %+v, %v", what, got, err)
			}
			all, err := s.List(ctx)
			if err != nil || len(all) != 2 || all[0] != b || !all[1].Tampered || all[1].Kind != Customer {
				t.Errorf("%s: listed as %+v, %v", what, all, err)
			}
		}
		write(qForgeKind, "association")
		nobody("kind")
		write(qForgeKind, "customer")
		write(qForgeCode, "other")
		if _, err := s.ByCode(ctx, "other"); !fault.Is(err, fault.Missing) {
			t.Errorf("by another code: %v", err)
		}
		write(qForgeCode, "midori")
		write(qForgeMAC, []byte(nil))
		nobody("no MAC")
		events, err := log.Find(ctx, actor.System(a.ID, "test"), audit.Filter{Verb: "integrity.row_refused"})
		if err != nil || len(events) != 1 {
			t.Errorf("%d events, %v", len(events), err)
		}
		write(qForgeMAC, mac)
		if got, err := s.ByCode(ctx, "midori"); err != nil || got != a {
			t.Errorf("as it was: %+v, %v", got, err)
		}
		write(qForgeMAC, []byte(nil))
		if err := s.Adopt(ctx); err != nil {
			t.Fatal(err)
		}
		if got, err := s.ByCode(ctx, "midori"); err != nil || got != a {
			t.Errorf("adopted: %+v, %v", got, err)
		}
	})
}
