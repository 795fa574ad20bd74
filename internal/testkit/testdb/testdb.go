// Package testdb gives every storage test fresh, migrated databases on both engines. It must never skip
// an engine silently: without PostgreSQL a test says so loudly, and fails in CI.
package testdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
)

// Engines in the order in which Each runs them; the names are the subtests'.
var Engines = []db.Engine{db.SQLite, db.Postgres}

// Env is what one test owns: the main database, the key store and a folder, all gone after the test.
type Env struct {
	Engine   db.Engine
	DB       *db.DB    // main database, migrated with migrations/main
	Keys     *db.DB    // key store, migrated with migrations/keys
	Main     db.Config // how DB was opened, for tests that open it again (kill, restart)
	KeyStore db.Config // how Keys was opened
	Dir      string    // temporary folder
}

// Each runs fn once per engine, as subtests "sqlite" and "postgres".
func Each(t *testing.T, fn func(t *testing.T, e *Env)) {
	t.Helper()
	for _, engine := range Engines {
		t.Run(string(engine), func(t *testing.T) {
			t.Helper()
			fn(t, New(t, engine))
		})
	}
}

// New makes the environment of one engine.
func New(t testing.TB, engine db.Engine) *Env {
	t.Helper()
	e := &Env{Engine: engine, Dir: t.TempDir()}
	make1 := sqlite
	if engine == db.Postgres {
		needPostgres(t)
		make1 = postgres
	}
	e.Main = make1(t, e.Dir, mainSchema)
	e.KeyStore = make1(t, e.Dir, keysSchema)
	e.DB, e.Keys = open(t, e.Main), open(t, e.KeyStore)
	return e
}

func open(t testing.TB, c db.Config) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(func() { _ = d.Close() }) // a test may have closed it already
	return d
}

func sqlite(t testing.TB, dir string, s *schema) db.Config {
	t.Helper()
	image, err := s.sqliteImage()
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	path := filepath.Join(dir, s.name+".db")
	if err := os.WriteFile(path, image, 0o600); err != nil {
		t.Fatalf("testdb: %v", err)
	}
	return db.Config{Engine: db.SQLite, Path: path}
}

func postgres(t testing.TB, _ string, s *schema) db.Config {
	t.Helper()
	template, err := s.postgresTemplate()
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	d, err := pg.Clone(t.Context(), template)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Drop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("testdb: %v", err)
		}
	})
	return db.Config{Engine: db.Postgres, DSN: d.AppDSN, OwnerDSN: d.OwnerDSN, Readers: 4}
}

// needPostgres fails, or outside CI skips, a test on a machine that has no PostgreSQL.
func needPostgres(t testing.TB) {
	t.Helper()
	_, err := pg.Admin()
	switch {
	case err == nil:
	case errors.Is(err, pg.ErrNotInstalled) && os.Getenv("CI") != "true":
		t.Skipf("\n*** NOT TESTED ON POSTGRESQL: %v\n*** `make test` installs it; in CI this is a failure.", err)
	default:
		t.Fatalf("testdb: %v", err)
	}
}
