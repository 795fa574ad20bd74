package identity

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// rankSum is the normal score of the Wilcoxon–Mann–Whitney test: of two samples from one distribution it
// is beyond ±4 once in 15,000 times.
func rankSum(a, b []time.Duration) float64 {
	type item struct {
		d     time.Duration
		first bool
	}
	var all []item
	for _, d := range a {
		all = append(all, item{d, true})
	}
	for _, d := range b {
		all = append(all, item{d, false})
	}
	slices.SortFunc(all, func(x, y item) int { return cmp.Compare(x.d, y.d) })
	var w float64
	for i, x := range all {
		if x.first {
			w += float64(i + 1)
		}
	}
	n, m := float64(len(a)), float64(len(b))
	return (w - n*(n+m+1)/2) / math.Sqrt(n*m*(n+m+1)/12)
}

func median(d []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(d))[len(d)/2]
}

// TestAnswersTimeAlike: wrong password, unknown ID, unknown tenant and locked account take the same time.
// The rounds are interleaved, so that whatever else the machine does falls on all of them alike.
func TestAnswersTimeAlike(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		p := quick()
		p.Hash = HashParams{MemoryKiB: 4096, Time: 1, Threads: 1}
		h := newHouse(t, e, p)
		for range 11 {
			_, err := h.first("midori", "nurse", wrongPW, Visit{})
			h.want(err, "identity.wrong")
		}
		kinds := [][3]string{{"unknown ID", "midori", "ghost"}, {"unknown tenant", "nowhere", "hr"}, {"locked", "midori", "nurse"}, {"wrong", "midori", "hr"}}
		var told []string
		for range 3 { // a difference that is there shows each time; one that other work made does not
			times := map[string][]time.Duration{}
			for i := range 40 {
				for _, k := range rand.Perm(len(kinds)) {
					kind := kinds[k][0]
					start := time.Now()
					_, err := h.first(kinds[k][1], kinds[k][2], wrongPW, Visit{})
					took := time.Since(start)
					h.want(err, "identity.wrong")
					if i >= 5 {
						times[kind] = append(times[kind], took)
					}
				}
				if i%9 == 8 { // keep the account whose password is only wrong from locking
					must(t, h.Clear(t.Context(), "midori", "hr", true))
				}
			}
			must(t, h.Clear(t.Context(), "midori", "hr", true))
			told = nil
			base := times["wrong"]
			for kind, d := range times {
				z, apart := rankSum(d, base), float64(median(d)-median(base))/float64(median(base))
				t.Logf("%-15s median %v, score %+.1f, %+.1f %%", kind, median(d), z, 100*apart)
				if math.Abs(z) > 4 && math.Abs(apart) > 0.15 {
					told = append(told, fmt.Sprintf("%s: %v and %v, score %.1f", kind, median(d), median(base), z))
				}
			}
			if len(told) == 0 {
				return
			}
		}
		t.Errorf("told from a wrong password by its time: %v", told)
	})
}

// TestStorm: 200 sign-ins at once. Memory stays that of a few hashes, and whoever is not served is told
// when to come back.
func TestStorm(t *testing.T) {
	e := testdb.New(t, db.SQLite)
	p := quick()
	p.Hash, p.HashSlots, p.HashQueue, p.CodesPerDay = HashParams{MemoryKiB: 19 * 1024, Time: 1, Threads: 1}, 2, 30, 1000
	h := newHouse(t, e, p)
	runtime.GC()
	var before, m runtime.MemStats
	runtime.ReadMemStats(&before)
	var peak atomic.Uint64
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse))
			}
		}
	})
	var in, busy atomic.Int64
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			_, err := h.SignIn(t.Context(), Visit{Addr: "192.0.2.1"}, "midori", "hr", rightPW)
			switch f := fault.Of(err); {
			case f == nil:
				in.Add(1)
			case f.Code == "identity.busy" && f.RetryAfter >= time.Second:
				busy.Add(1)
			default:
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	close(stop)
	watch.Wait()
	grown := (peak.Load() - min(peak.Load(), before.HeapInuse)) >> 20
	t.Logf("%d in, %d told to come back, heap grew by %d MiB", in.Load(), busy.Load(), grown)
	if in.Load() < 32 || grown > 200 {
		t.Errorf("%d in, %d MiB", in.Load(), grown)
	}
}

// BenchmarkSession is the check of a session among 100,000 others.
func BenchmarkSession(b *testing.B) {
	e := testdb.New(b, db.SQLite)
	h := newHouse(b, e, quick())
	now := db.Micros(time.Now())
	if err := h.transact(b.Context(), func(tx *db.Tx) error {
		for range 100_000 {
			if _, err := tx.Exec(qSessionInsert, h.tenants["midori"].ID, ids.New[ids.Session](), h.ids["midori/hr"], tokenHash(randomToken()), "", []byte{}, []byte{}, now, []byte("x"), FactorMail); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	in := h.in("midori", "hr", Visit{})
	for _, touch := range []bool{false, true} {
		b.Run(map[bool]string{false: "polling", true: "activity"}[touch], func(b *testing.B) {
			for b.Loop() {
				if _, err := h.Session(b.Context(), in.Token, touch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSignIn is both steps without the cost of argon2id.
func BenchmarkSignIn(b *testing.B) {
	p := quick()
	p.CodesPerDay = 1 << 30
	h := newHouse(b, testdb.New(b, db.SQLite), p)
	for b.Loop() {
		h.in("midori", "hr", Visit{})
	}
}
