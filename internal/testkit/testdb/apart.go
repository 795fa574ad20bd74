package testdb

import (
	"testing"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
)

// Apart is an environment on PostgreSQL whose main database has a cluster to itself that can be copied and streams
// its WAL; the key store lies in the shared cluster. The service's role may replicate.
func Apart(t testing.TB, settings string) (*Env, *pg.Cluster) {
	t.Helper()
	needPostgres(t)
	e := &Env{Engine: db.Postgres, Dir: t.TempDir()}
	c, err := pg.StartForReplication(t.Context(), settings)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(c.Stop)
	d, err := c.Create(t.Context(), "records")
	if err == nil {
		err = c.Exec(t.Context(), "alter role "+pg.AppRole+" replication")
	}
	e.Main = db.Config{Engine: db.Postgres, DSN: d.AppDSN, OwnerDSN: d.OwnerDSN, Readers: 4}
	if err == nil {
		err = mainSchema.migrate(e.Main)
	}
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	e.KeyStore = postgres(t, e.Dir, keysSchema)
	e.DB, e.Keys = open(t, e.Main), open(t, e.KeyStore)
	return e, c
}

// WithKeys is an environment whose key store lies elsewhere.
func WithKeys(t testing.TB, e *Env, keys db.Config) *Env {
	t.Helper()
	if err := keysSchema.migrate(keys); err != nil {
		t.Fatalf("testdb: %v", err)
	}
	other := *e
	other.KeyStore, other.Keys = keys, open(t, keys)
	return &other
}
