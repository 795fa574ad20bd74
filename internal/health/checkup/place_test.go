package checkup

import (
	"strings"
	"testing"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// What somebody does who can write into the database and has no key.
var (
	qForgeDay     = db.Q("test.forge_day", `update checkup_result set exam_day = $3 where tenant_id = $1 and person_id = $2`)
	qForgeYear    = db.Q("test.forge_year", `update checkup_result set year = $3 where tenant_id = $1 and person_id = $2`)
	qForgeTo      = db.Q("test.forge_to", `update checkup_result set person_id = $3 where tenant_id = $1 and person_id = $2`)
	qForgeRule    = db.Q("test.forge_rule", `update checkup_judgement set criteria_id = $2 where tenant_id = $1`)
	qForgeJudge   = db.Q("test.forge_judge", `update checkup_judgement set judged_by = $2 where tenant_id = $1`)
	qForgeOpinion = db.Q("test.forge_opinion", `update work_opinion set decided_by = $2 where tenant_id = $1`)
	qForgeWhen    = db.Q("test.forge_when", `update work_opinion set decided_at = decided_at - $2 where tenant_id = $1`)
	qForgeAbout   = db.Q("test.forge_about", `update work_opinion set result_id = $3 where tenant_id = $1 and person_id = $2`)
	qForgeCopy    = db.Q("test.forge_copy", `insert into checkup_judgement (tenant_id, result_id, seq, criteria_id, judged_by, judged_at, brief, sealed)
		select tenant_id, result_id, seq + 1, criteria_id, judged_by, judged_at, brief, sealed from checkup_judgement where tenant_id = $1 and seq = $2`)
)

func (b *bed) forge(q db.Query, args ...any) {
	b.Helper()
	b.must(b.e.DB.Tx(b.Context(), b.ours, func(tx *db.Tx) error {
		if _, err := tx.Exec(q, append([]any{b.ours}, args...)...); err != nil {
			return err
		}
		_, err := tx.Exec(qBump, b.ours)
		return err
	}))
}

func (b *bed) refusals(table string) (n int) {
	b.log.mu.Lock()
	defer b.log.mu.Unlock()
	for _, e := range b.log.events {
		if e.Verb == "integrity.row_refused" && e.Actor.Tenant == b.ours && e.Detail["table"] == table {
			n++
		}
	}
	return n
}

// taken tells what the list and the page show of number 1.
func (b *bed) taken(year int) (listed bool, exams int) {
	b.Helper()
	v, err := b.s.List(b.Context(), b.doctor, Filter{Year: year, Per: 50})
	b.must(err)
	for _, r := range v.Rows {
		if r.Number == "1" {
			listed = r.Examined
		}
	}
	p, err := b.s.Person(b.Context(), b.doctor, b.number("1").ID)
	b.must(err)
	return listed, len(p.Exams)
}

func (b *bed) examined(t *testing.T) {
	t.Helper()
	b.apply(b.hr, fileA(of("1", "健診日", "2026-05-12"), of("2", "健診日", "2026-05-12")))
	if listed, exams := b.taken(2026); !listed || exams != 1 {
		t.Fatal(listed, exams)
	}
}

func TestForgedResultsAreAbsent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr2, fileA(lineA("1", "氏名", "他社 太郎", "カナ氏名", "タシャ タロウ", "性別", "男", "生年月日", "1970-01-01", "健診日", "2026-05-12")))
		b.examined(t)
		before, one := b.world(b.doctor2), b.number("1").ID
		absent := func(what string, year int) {
			t.Helper()
			if listed, exams := b.taken(year); listed || exams != 0 {
				t.Errorf("%s: listed %v, %d on the page", what, listed, exams)
			}
		}
		b.forge(qForgeDay, one, "2026-05-13")
		absent("another day", 2026)
		b.forge(qForgeDay, one, "2026-05-12")
		b.forge(qForgeYear, one, 2025)
		absent("another year", 2025)
		b.forge(qForgeYear, one, 2026)
		b.forge(qForgeTo, one, b.number("3").ID)
		if listed, exams := b.taken(2026); listed || exams != 0 {
			t.Error("somebody else's")
		}
		if p, err := b.s.Person(b.Context(), b.doctor, b.number("3").ID); err != nil || len(p.Exams) != 0 {
			t.Errorf("given to another: %+v, %v", p.Exams, err)
		}
		b.forge(qForgeTo, b.number("3").ID, one)
		if listed, exams := b.taken(2026); !listed || exams != 1 {
			t.Error("put back as it was, it does not count")
		}
		if b.refusals(resultTable) == 0 || b.refusals(judgementTable) == 0 {
			t.Error("no event")
		}
		if b.world(b.doctor2) != before {
			t.Error("the neighbour sees another world")
		}
	})
}

// A judgement under another name or version is none; the one before it holds.
func TestForgedJudgementsAreAbsent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.examined(t)
		letter := func() string {
			t.Helper()
			p, err := b.s.Person(t.Context(), b.doctor, b.number("1").ID)
			b.must(err)
			return string(p.Exams[0].Judgement)
		}
		genuine := letter()
		b.forge(qForgeCopy, 1)
		if got := letter(); got != genuine || genuine == "" {
			t.Errorf("%q, before %q", got, genuine)
		}
		if listed, _ := b.taken(2026); !listed {
			t.Error("a forged judgement hides the result")
		}
		if n := b.refusals(judgementTable); n == 0 || n > 4 { // of two people, in the list and on the page
			t.Errorf("%d events", n)
		}
		b.forge(qForgeJudge, "somebody")
		if got := letter(); got == genuine {
			t.Errorf("judged by somebody: %q", got)
		}
		b.forge(qForgeJudge, "")
		b.forge(qForgeRule, "another")
		if got := letter(); got == genuine {
			t.Errorf("by another version: %q", got)
		}
	})
}

func TestForgedOpinionsAreAbsent(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.examined(t)
		one, two := b.number("1").ID, b.number("2").ID
		result := func(p ids.Person) ids.Result {
			v, err := b.s.Person(t.Context(), b.doctor, p)
			b.must(err)
			return v.Exams[0].Result
		}
		b.must(b.s.Decide(t.Context(), b.doctor, Decision{Result: result(one), Person: one, Fitness: Restricted, Opinion: "x", Measures: "残業なし"}))
		holds := func() bool {
			t.Helper()
			p, err := b.s.Person(t.Context(), b.doctor, one)
			b.must(err)
			return len(p.Opinions) == 1
		}
		if !holds() {
			t.Fatal("an opinion does not hold")
		}
		b.forge(qForgeOpinion, "another physician")
		if holds() {
			t.Error("it became another physician's")
		}
		b.forge(qForgeOpinion, string(b.doctor.Account))
		b.forge(qForgeWhen, 1)
		if holds() {
			t.Error("it was given earlier")
		}
		b.forge(qForgeWhen, -1)
		b.forge(qForgeAbout, one, result(two))
		if holds() {
			t.Error("it is about another result")
		}
		b.forge(qForgeAbout, one, result(one))
		if !holds() || b.refusals(opinionTable) != 1 {
			t.Errorf("as it was; %d events", b.refusals(opinionTable))
		}
	})
}

var (
	qAllResults    = db.Q("test.all_results", `select id, person_id, batch_id, year, exam_day, sealed from checkup_result where tenant_id = $1`)
	qAllJudgements = db.Q("test.all_judgements", `select r.id, r.person_id, r.batch_id, r.year, r.exam_day, j.seq, j.criteria_id, j.judged_by, j.judged_at, j.brief, j.sealed
		from checkup_judgement j join checkup_result r on r.tenant_id = j.tenant_id and r.id = j.result_id where j.tenant_id = $1`)
)

// Results from before are sealed anew once and read as they were; what was forged stays refused.
func TestAdoptResults(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.examined(t)
		one := b.number("1").ID
		p, err := b.s.Person(t.Context(), b.doctor, one)
		b.must(err)
		b.must(b.s.Decide(t.Context(), b.doctor, Decision{Result: p.Exams[0].Result, Person: one, Fitness: Normal, Opinion: "x"}))
		before := b.world(b.doctor)
		b.age(t)
		if listed, exams := b.taken(2026); listed || exams != 0 {
			t.Fatal("the old seal opens")
		}
		n, err := b.s.Adopt(t.Context(), b.ours)
		b.must(err)
		if n != 5 {
			t.Errorf("%d rows adopted", n)
		}
		if n, err = b.s.Adopt(t.Context(), b.ours); err != nil || n != 0 {
			t.Errorf("again: %d, %v", n, err)
		}
		b.start()
		if after := b.world(b.doctor); after != before || !strings.Contains(after, "通常勤務") && !strings.Contains(after, string(Normal)) {
			t.Errorf("%s\nbefore\n%s", after, before)
		}
	})
}

// age seals everything in the way of an older version.
func (b *bed) age(t *testing.T) {
	t.Helper()
	keys := map[ids.Person]*vault.Key{}
	b.must(b.vault.AllPersons(t.Context(), b.ours, func(p ids.Person, k *vault.Key) error { keys[p] = k; return nil }))
	b.must(b.e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error {
		results, err := db.All(tx, qAllResults, func(sc db.Scanner) (r oldRow, err error) {
			var day string
			err = sc.Scan(&r.result, &r.person, &r.batch, &r.year, &day, &r.sealed)
			r.day, _ = jst.ParseDate(day)
			return r, err
		}, b.ours)
		b.must(err)
		for _, r := range results {
			sealed, ok := reseal(keys[r.person], locResult(r.place), oldLoc(resultTable, string(r.result), "sealed"), r.sealed)
			if !ok {
				t.Fatal("not sealed for its place")
			}
			_, err := tx.Exec(qOldResult, b.ours, r.result, sealed)
			b.must(err)
		}
		judgements, err := db.All(tx, qAllJudgements, func(sc db.Scanner) (r oldRow, err error) {
			var day string
			var at int64
			err = sc.Scan(&r.result, &r.person, &r.batch, &r.year, &day, &r.judged.seq, &r.judged.criteria, &r.judged.by, &at, &r.brief, &r.sealed)
			r.day, _ = jst.ParseDate(day)
			r.judged.at = db.Time(at)
			return r, err
		}, b.ours)
		b.must(err)
		for _, r := range judgements {
			id := string(r.result) + "/1"
			brief, ok := reseal(keys[r.person], locBrief(r.place, 1), oldLoc(judgementTable, id, "brief"), r.brief)
			whole, ok2 := reseal(keys[r.person], locJudgement(r.place, r.judged), oldLoc(judgementTable, id, "sealed"), r.sealed)
			if !ok || !ok2 {
				t.Fatal("not sealed for its place")
			}
			_, err := tx.Exec(qOldJudgement, b.ours, r.result, 1, brief, whole)
			b.must(err)
		}
		opinions, err := db.All(tx, qOpinionsAll, scanOpinion, b.ours)
		b.must(err)
		for _, o := range opinions {
			sealed, ok := reseal(keys[o.Person], locOpinion(&o.Opinion), oldLoc(opinionTable, string(o.ID), "sealed"), o.sealed)
			if !ok {
				t.Fatal("not sealed for its place")
			}
			_, err := tx.Exec(qOldOpinion, b.ours, o.ID, sealed)
			b.must(err)
		}
		_, err = tx.Exec(qBump, b.ours)
		return err
	}))
	b.start()
}
