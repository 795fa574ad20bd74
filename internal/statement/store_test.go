package statement

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func TestEmptyEvidenceIsUnknownEverywhere(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s := serviceOf(t, Config{DB: e.DB}, []control.Control{sample("AC-LOCK", "3-4b"), sample("LG-INTEGRITY")})
		st, err := s.Statement(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if st.Counts.Unknown != 49 || st.Counts.Total != 49 || st.StatusText != "一部未確認（48件）" {
			t.Errorf("counts %+v, %s", st.Counts, st.StatusText)
		}
		var cards []Card
		for _, c := range st.Clauses {
			cards = append(cards, c.Controls...)
		}
		for _, k := range append(cards, st.Extensions...) {
			if k.Status != control.Unknown || k.Reason == "" || !k.ObservedAt.IsZero() || k.NotProven == "" {
				t.Errorf("without evidence: %+v", k)
			}
		}
	})
}

func TestEvidenceLastsOverRestarts(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx, book := t.Context(), &notebook{}
		c := sample("AC-LOCK", "3-4b")
		first := serviceOf(t, Config{DB: e.DB, Journal: book, Build: "one"}, []control.Control{c})
		k, err := first.RunOnce(ctx, "AC-LOCK")
		if err != nil || k.Status != control.Pass {
			t.Fatalf("%+v, %v", k, err)
		}
		if len(book.entries) != 1 || book.entries[0]["control"] != "AC-LOCK" || book.entries[0]["result"] != "ok" || book.entries[0]["mutant"] != "caught" {
			t.Errorf("journal: %v", book.entries)
		}
		second := serviceOf(t, Config{DB: e.DB, Journal: book, Build: "one"}, []control.Control{c})
		k = shown(t, second, "3-4b")
		if k.Status != control.Pass || k.Measured != "守られています。" || k.Build != "one" || k.LogIndex != nil || k.Mutant == nil || k.Mutant.Result != Caught || k.Facts["n"] != float64(1) {
			t.Errorf("after a restart: %+v", k)
		}
		if k.FreshUntil.Sub(k.ObservedAt.Time) != c.Fresh {
			t.Errorf("fresh until %s, observed %s", k.FreshUntil.Text(), k.ObservedAt.Text())
		}
		book.shipped = true
		third := serviceOf(t, Config{DB: e.DB, Journal: book, Build: "one"}, []control.Control{c})
		if k = shown(t, third, "3-4b"); k.LogIndex == nil || *k.LogIndex != 42 {
			t.Errorf("log index: %+v", k.LogIndex)
		}
		st, _ := third.Statement(ctx)
		later := third.render(mustNewest(t, third, "AC-LOCK"), noIndex, time.Now().Add(2*time.Hour))
		if st.Counts.Pass != 1 || later.Counts.Pass != 0 || later.Counts.Stale != 1 {
			t.Errorf("now %+v, later %+v", st.Counts, later.Counts)
		}
	})
}

func TestNewestWinsAndNeighboursStayOut(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		ctx := t.Context()
		s := serviceOf(t, Config{DB: e.DB}, []control.Control{sample("AC-LOCK", "3-4b")})
		at := time.Now().Add(-time.Minute)
		add := func(o Observation) {
			t.Helper()
			o.ID, o.Mutant, o.MutantAt = string(ids.New[ids.Result]()), Caught, o.ObservedAt
			if err := s.store.add(ctx, o); err != nil {
				t.Fatal(err)
			}
		}
		add(Observation{Control: "AC-LOCK", ObservedAt: at, Result: Held})
		add(Observation{Control: "AC-LOCK", ObservedAt: at.Add(2 * time.Second), Result: Broken, Failed: []string{"midori"}})
		add(Observation{Control: "AC-LOCK", ObservedAt: at.Add(time.Second), Result: Held})
		add(Observation{Control: "AC-2STEP", ObservedAt: at.Add(time.Hour), Result: Held})
		foreign := ids.New[ids.Tenant]()
		err := e.DB.Tx(ctx, foreign, func(tx *db.Tx) error {
			_, err := tx.Exec(insertEvidence, foreign, "AC-LOCK", string(ids.New[ids.Result]()), db.Micros(at.Add(time.Minute)), 0, "ok", "", "{}", "[]", "", "caught", 0, "", "", []byte("x"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if k := shown(t, s, "3-4b"); k.Status != control.Fail || len(k.Failed) != 1 || k.Failed[0] != "midori" {
			t.Errorf("%+v", k)
		}
	})
}

func TestRunOnceRefusesTheUnknown(t *testing.T) {
	s := serviceOf(t, Config{}, nil)
	if _, err := s.RunOnce(t.Context(), "NO-SUCH"); !fault.Is(err, fault.Missing) || fault.Of(err).Code != "statement.control_unknown" {
		t.Errorf("%v", err)
	}
	if k, err := s.RunOnce(t.Context(), "NET-WAF"); err != nil || k.Status != control.Unknown {
		t.Errorf("a pending control: %+v, %v", k, err)
	}
}

func TestNothingIsKeptWithoutItsAuditEvent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		book := &notebook{err: errors.New("log is full")}
		s := serviceOf(t, Config{DB: e.DB, Journal: book}, []control.Control{sample("AC-LOCK", "3-4b")})
		if _, err := s.RunOnce(t.Context(), "AC-LOCK"); err == nil {
			t.Error("no error")
		}
		if k := shown(t, s, "3-4b"); k.Status != control.Unknown || !strings.Contains(k.Reason, "記録できません") {
			t.Errorf("evidence without an audit event: %+v", k)
		}
	})
}

func TestRunnerOnADatabase(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		var runs atomic.Int32
		good, bad, lame := sample("AC-LOCK", "3-4b"), sample("AC-2STEP", "3-5"), sample("AC-PWPOL", "3-4a")
		inner := good.Probe
		good.Probe = func(ctx context.Context) (control.Evidence, error) { runs.Add(1); return inner(ctx) }
		bad.Probe = breaks("同じコードが2回使えます")
		lame.Mutant = holds("壊れていません。")
		s := serviceOf(t, Config{DB: e.DB}, []control.Control{good, bad, lame})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		for end := time.Now().Add(15 * time.Second); !s.Ready() && time.Now().Before(end); {
			time.Sleep(20 * time.Millisecond)
		}
		for clause, want := range map[string]control.Status{"3-4b": control.Pass, "3-5": control.Fail, "3-4a": control.Unknown, "7": control.Unknown} {
			if k := shown(t, s, clause); k.Status != want {
				t.Errorf("%s: want %s, got %+v", clause, want, k)
			}
		}
		if k := shown(t, s, "3-4a"); !strings.Contains(k.Reason, "検査が失敗できることを確認できません") {
			t.Errorf("a check that cannot fail: %s", k.Reason)
		}
		if k := shown(t, s, "1"); k.Status != control.Fail {
			t.Errorf("clause 1 hides a FAIL: %+v", k)
		}
		cancel()
		if err := <-done; err != nil || runs.Load() != 1 {
			t.Errorf("%v, %d runs", err, runs.Load())
		}
	})
}

func TestJSONHasTheAgreedForm(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		s := serviceOf(t, Config{DB: e.DB, Journal: &notebook{shipped: true}}, []control.Control{sample("AC-LOCK", "3-4b")})
		if _, err := s.RunOnce(t.Context(), "AC-LOCK"); err != nil {
			t.Fatal(err)
		}
		st, err := s.Statement(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		need := func(m map[string]any, names string) {
			t.Helper()
			for n := range strings.FieldsSeq(names) {
				if _, ok := m[n]; !ok {
					t.Errorf("%v lacks %s", m, n)
				}
			}
		}
		need(doc, "service version generated_at clauses extensions")
		for _, c := range doc["clauses"].([]any) {
			m := c.(map[string]any)
			need(m, "clause says interpretation status controls")
			for _, k := range m["controls"].([]any) {
				km := k.(map[string]any)
				need(km, "id grade status observed_at fresh_until measured not_proven log_index")
				if m["clause"] == "3-4b" {
					if at, _ := km["observed_at"].(string); !strings.HasSuffix(at, "+09:00") || km["grade"] != "R" || km["status"] != "PASS" || km["log_index"] != float64(42) {
						t.Errorf("AC-LOCK: %v", km)
					}
				} else if km["observed_at"] != nil || km["log_index"] != nil {
					t.Errorf("what is unknown is not null: %v", km)
				}
				if km["id"] == "GV-POLICY" && km["grade"] != "R+H" {
					t.Errorf("joined grades: %v", km["grade"])
				}
			}
		}
		var back Statement
		if err := json.Unmarshal(b, &back); err != nil || !back.GeneratedAt.Equal(st.GeneratedAt.Truncate(time.Second)) {
			t.Errorf("reading it back: %v, %s", err, back.GeneratedAt.Text())
		}
	})
}

// shown is the first card of a clause as of now.
func shown(t *testing.T, s *Service, clause string) Card {
	t.Helper()
	st, err := s.Statement(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range st.Clauses {
		if c.ID == clause {
			return c.Controls[0]
		}
	}
	t.Fatalf("no clause %s", clause)
	return Card{}
}

func mustNewest(t *testing.T, s *Service, controls ...string) map[string]*Observation {
	t.Helper()
	n, err := s.store.newest(t.Context(), controls)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
