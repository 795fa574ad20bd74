package testdb

import (
	"testing"
	"time"

	"rakudos/internal/engine/db"
)

var qTables = db.GlobalQ("testdb.version", `select count(*) from goose_db_version where version_id > 0`)

func TestEachGivesMigratedDatabasesOnBothEngines(t *testing.T) {
	seen := map[db.Engine]bool{}
	Each(t, func(t *testing.T, e *Env) {
		seen[e.Engine] = true
		for name, d := range map[string]*db.DB{"main": e.DB, "keys": e.Keys} {
			if d.Engine() != e.Engine {
				t.Errorf("%s runs on %s", name, d.Engine())
			}
			err := d.View(t.Context(), db.Global, func(tx *db.Tx) error {
				n, err := db.Value[int64](tx, qTables)
				if err == nil && n == 0 {
					t.Errorf("%s: no migration has run", name)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
	if len(seen) != 2 {
		t.Errorf("ran on %v only", seen)
	}
}

func TestEnvironmentIsCheap(t *testing.T) {
	for _, engine := range Engines {
		New(t, engine) // builds the template
		start := time.Now()
		for range 5 {
			New(t, engine)
		}
		t.Logf("%s: %v for each environment", engine, time.Since(start)/5)
	}
}
