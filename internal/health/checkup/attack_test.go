package checkup

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// A few megabytes of wrong lines must not become gigabytes of reasons.
func TestFileThatIsWrongThroughout(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 100,001 lines")
	}
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		head := "社員番号,氏名,カナ氏名,性別,生年月日,健診日,収縮期血圧\n"
		i := b.upload(b.hr, head+strings.Repeat("9,,,,,いつか,999\n", maxWrong+1))
		if i.State != Failed || i.Failure == nil || i.Failure.Code != "checkup.too_many_wrong" || len(i.Rejected) > 0 {
			t.Errorf("%s %v, %d lines kept", i.State, i.Failure, len(i.Rejected))
		}
	})
}

// Whoever may not see values must not make a column of somebody else's file show them: as the name of the
// body, as a judgement by another item's scale, or by what is out of range.
func TestValuesDoNotLeakThroughTheMapping(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		file := fileA(of("1", "収縮期血圧", "165"))
		as := func(i *Import) (choice []ColumnChoice) {
			v, err := b.s.Columns(t.Context(), b.hr, i.ID)
			b.must(err)
			for _, c := range v.Columns {
				switch c.Header {
				case "健診機関":
					c.Target = ""
				case "収縮期血圧":
					c.Target = ToBody
				}
				choice = append(choice, ColumnChoice{c.Header, c.Target})
			}
			return choice
		}
		theirs := b.upload(b.nurse, file)
		if err := b.s.Remap(t.Context(), b.hr, theirs.ID, as(theirs), ""); !fault.Is(err, fault.Denied) {
			t.Errorf("HR reads a nurse's file anew: %v", err)
		}
		own := b.upload(b.hr, file)
		b.must(b.s.Remap(t.Context(), b.hr, own.ID, as(own), ""))
		b.drain()
		b.confirm(b.hr, own.ID)
		p := b.number("1").ID
		v, err := b.s.Person(t.Context(), b.hr, p)
		b.must(err)
		if len(v.Exams) != 1 || v.Exams[0].Body != "" {
			t.Errorf("HR sees %+v", v.Exams)
		}
		v, err = b.s.Person(t.Context(), b.nurse, p)
		b.must(err)
		if v.Exams[0].Body != "165" {
			t.Errorf("the nurse sees %+v", v.Exams)
		}
	})
}

// Direction marks and characters without width show another name or number than is stored.
func TestHiddenCharactersAreRefused(t *testing.T) {
	for header, cell := range map[string]string{"社員番号": "1\u202e001", "氏名": "佐藤\u200b翔太", "カナ氏名": "サトウ\u2066ショウタ", "健診機関": "京都\u200f健診"} {
		want := "2 [" + header + " " + codeHidden + "]"
		if _, got, err := parse(t, fileA(lineA("1", header, cell)), nil); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q %v", header, got, err)
		}
	}
	if _, got, err := parse(t, fileA(lineA("1", "氏名", "葛\U000E0100城 太郎")), nil); err != nil || len(got) != 1 || strings.Contains(got[0], "[") {
		t.Errorf("a name with a variant: %q %v", got, err)
	}
	if got := cutName("C:\\健診\u202efdp.csv"); got != "健診fdp.csv" {
		t.Errorf("file name %q", got)
	}
}

// A year nobody was examined in is no reason to push another tenant's list out of memory.
func TestYearsWithoutResultsAreNotKept(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		i := b.upload(b.nurse, fileA(of("1")))
		b.confirm(b.nurse, i.ID)
		now := jst.FiscalYear(jst.Of(time.Now()))
		for _, year := range append([]int{-1, 1, 1 << 40, now + 2}, seq(1900, 1900+2*maxSnapshots)...) {
			v, err := b.s.List(t.Context(), b.nurse, Filter{Year: year})
			b.must(err)
			if v.Total != 0 || len(v.Rows) != 0 || !slices.Contains(v.Years, now) {
				t.Fatalf("%d: %d people, years %v", year, v.Total, v.Years)
			}
		}
		for _, year := range []int{now, now + 1} {
			if v, err := b.s.List(t.Context(), b.nurse, Filter{Year: year}); err != nil || v.Total == 0 {
				t.Errorf("%d is empty: %v", year, err)
			}
		}
		for k := range b.s.snaps.m {
			if k.year != now && k.year != now+1 {
				t.Errorf("%d is kept", k.year)
			}
		}
	})
}

var (
	qConsentForge = db.Q("test.consent_forge", `insert into consent (tenant_id, id, person_id, kind, given, by_account, at) values ($1, $2, $3, $4, 1, 'x', 1)`)
	qConsentTurn  = db.Q("test.consent_turn", `update consent set given = 1 where tenant_id = $1 and person_id = $2`)
	qConsentMove  = db.Q("test.consent_move", `update consent set person_id = $3 where tenant_id = $1 and person_id = $2`)
)

// Whoever can write into the database, but has no key, gives nobody's consent.
func TestForgedConsentOpensNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		one, two := b.number("1").ID, b.number("2").ID
		holds := func(p ids.Person) bool {
			yes, err := b.s.consents(t.Context(), b.ours, p, ConsentOptional)
			b.must(err)
			return yes
		}
		write := func(q db.Query, args ...any) {
			b.must(e.DB.Tx(t.Context(), b.ours, func(tx *db.Tx) error {
				_, err := tx.Exec(q, args...)
				return err
			}))
		}
		write(qConsentForge, b.ours, "forged", one, ConsentOptional)
		if holds(one) {
			t.Error("an inserted row is a consent")
		}
		b.must(b.s.consent(t.Context(), actor.System(b.ours, "test"), []ids.Person{one}, false))
		write(qConsentTurn, b.ours, one)
		if holds(one) {
			t.Error("a refusal was turned into a consent")
		}
		b.must(b.s.consent(t.Context(), actor.System(b.ours, "test"), []ids.Person{one}, true))
		if !holds(one) {
			t.Error("a consent does not hold")
		}
		write(qConsentMove, b.ours, one, two)
		if holds(one) || holds(two) {
			t.Error("a consent moved to somebody else")
		}
	})
}

func seq(from, to int) (out []int) {
	for ; from < to; from++ {
		out = append(out, from)
	}
	return out
}
