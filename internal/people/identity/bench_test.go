package identity

import (
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// BenchmarkSignInBesideHash is a whole sign-in, both steps and the mail, with a hash that costs nothing: everything
// beside argon2id. The budget is a median of 3 ms.
func BenchmarkSignInBesideHash(b *testing.B) {
	p := quick()
	p.CodesPerDay = 1 << 30
	h := newHouse(b, testdb.New(b, db.SQLite), p)
	var all []time.Duration
	for b.Loop() {
		start := time.Now()
		h.in("midori", "hr", Visit{})
		all = append(all, time.Since(start))
	}
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(all[len(all)*95/100].Microseconds())/1000, "ms-p95")
}

// BenchmarkScanSealed100k reads and opens 100,000 sealed values of one tenant. The budget is 1 s.
func BenchmarkScanSealed100k(b *testing.B) {
	const rows = 100_000
	h := newHouse(b, testdb.New(b, db.SQLite), quick())
	t, id := h.tenants["midori"].ID, h.ids["midori/hr"]
	k, err := h.keys.Tenant(b.Context(), t)
	must(b, err)
	must(b, h.transact(b.Context(), func(tx *db.Tx) error {
		for range rows {
			session := ids.New[ids.Session]()
			addr := k.Seal(at(sessionsTable, string(session), "addr"), []byte("198.51.100.1"))
			if _, err := tx.Exec(qSessionInsert, t, session, id, tokenHash(randomToken()), "", addr, []byte{}, db.Micros(time.Now()), []byte("x"), FactorMail); err != nil {
				return err
			}
		}
		return nil
	}))
	for b.Loop() {
		n := 0
		must(b, h.db.View(b.Context(), t, func(tx *db.Tx) error {
			return db.Each(tx, qSharedAddrs, func(r db.Scanner) error {
				var session ids.Session
				var sealed []byte
				if err := r.Scan(&session, &sealed); err != nil {
					return err
				}
				_, err := k.Open(at(sessionsTable, string(session), "addr"), sealed)
				n++
				return err
			}, t, id, 0, rows)
		}))
		if n != rows {
			b.Fatalf("%d rows", n)
		}
	}
}
