package erasure

import (
	"flag"
	"os"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/tenant"
	"rakudos/internal/testkit/pg"
	"rakudos/internal/testkit/testdb"
)

var people = flag.Int("people", 50_000, "people of the tenant that BenchmarkEraseTenant erases")

// BenchmarkEraseTenant erases a tenant of 50,000 people with accounts, sessions and two years of results, on SQLite and,
// where the tests have a cluster, on PostgreSQL.
// The budgets: the keys are gone within 1 s of the order, everything is within 10 minutes. The keys are gone with the
// customer's own, under which all others are wrapped; the rows of those are wiped in the same step. Filling takes longer than erasing:
// run it once (-benchtime 1x).
func BenchmarkEraseTenant(b *testing.B) {
	for _, e := range testdb.Engines {
		b.Run(string(e), func(b *testing.B) { benchErase(b, e) })
	}
}

func benchErase(b *testing.B, engine db.Engine) {
	if engine == db.Postgres && os.Getenv(pg.EnvDSN) == "" {
		b.Skip("no cluster")
	}
	bed := openBed(b, testdb.New(b, engine))
	svc := tenant.NewService(bed.e.DB, bed.vault, bed.log, require)
	for i := range b.N {
		b.StopTimer()
		made, err := svc.Create(b.Context(), actor.System(ids.System, "test"), tenant.New{Code: "firm-" + string(rune('a'+i)), Name: secretName, Kind: tenant.Customer})
		bed.must(err)
		bed.ours = made.ID
		bed.fill(made.ID, *people)
		b.StartTimer()
		start := time.Now()
		r, err := bed.gate.EraseTenant(b.Context(), machine, bed.ours, order)
		bed.must(err)
		if r.State != Done {
			b.Fatalf("%+v", r.State)
		}
		wiped, err := time.ParseDuration(r.KeysTook)
		bed.must(err)
		b.ReportMetric(r.KeysAt.Sub(start).Seconds(), "s-keys-gone")
		b.ReportMetric((r.KeysAt.Sub(start) + wiped).Seconds(), "s-key-rows-wiped")
		b.ReportMetric(time.Since(start).Seconds(), "s-everything")
	}
}
