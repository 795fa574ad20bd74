package checkup

import (
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

func TestFollowUpChecks(t *testing.T) {
	exam, today := jst.Date{Y: 2026, M: 5, D: 12}, jst.Date{Y: 2026, M: 11, D: 28}
	in := jst.Date{Y: 2026, M: 6, D: 1}
	for name, x := range map[string]struct {
		f    FollowUp
		code string
	}{
		"right":          {FollowUp{Outcome: Treatment, Day: in, Note: " x "}, ""},
		"same day":       {FollowUp{Outcome: NothingFound, Day: exam}, ""},
		"today":          {FollowUp{Outcome: Declined, Day: today}, ""},
		"reopened":       {FollowUp{Outcome: Reopened, Note: "人違い"}, ""},
		"no outcome":     {FollowUp{Day: in}, "checkup.followup_outcome"},
		"another word":   {FollowUp{Outcome: "cured", Day: in}, "checkup.followup_outcome"},
		"no day":         {FollowUp{Outcome: Watched}, "checkup.followup_day"},
		"before":         {FollowUp{Outcome: Watched, Day: jst.Date{Y: 2026, M: 5, D: 11}}, "checkup.followup_day_range"},
		"ahead":          {FollowUp{Outcome: Watched, Day: jst.Date{Y: 2026, M: 11, D: 29}}, "checkup.followup_day_range"},
		"without reason": {FollowUp{Outcome: Reopened, Note: " "}, "checkup.followup_reason"},
		"unseen":         {FollowUp{Outcome: Watched, Day: in, Note: "a\x1bb"}, "checkup.text_hidden"},
		"two lines":      {FollowUp{Outcome: Watched, Day: in, Note: "一\r\n二"}, ""},
		"long":           {FollowUp{Outcome: Watched, Day: in, Note: strings.Repeat("あ", maxNote+1)}, "checkup.followup_long"},
	} {
		err := x.f.check(exam, today)
		if x.code == "" && err != nil || x.code != "" && (err == nil || fault.Of(err).Code != x.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for l, want := range map[Letter]bool{A: false, C: false, D: true, E: false} {
		if NeedsFollowUp(l, NoAction) != want || !NeedsFollowUp(l, Referral) {
			t.Error(l)
		}
	}
}

var (
	qForgeNote = db.Q("test.forge_note", `update checkup_followup set noted_by = $2 where tenant_id = $1`)
	qNotes     = db.GlobalQ("test.notes", `select sealed from checkup_followup`)
)

func TestFollowUp(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr2, fileA(lineA("1", "氏名", "他社 太郎", "カナ氏名", "タシャ タロウ", "性別", "男", "生年月日", "1970-01-01", "健診日", "2026-05-12", "収縮期血圧", "190")))
		b.apply(b.hr, fileA(of("1", "健診日", "2026-05-12", "収縮期血圧", "190"), of("2", "健診日", "2026-05-12")))
		one := b.number("1").ID
		open := func() (listed int) {
			t.Helper()
			v, err := b.s.List(t.Context(), b.nurse, Filter{Year: 2026, Follow: FollowOpen})
			b.must(err)
			return v.Total
		}
		if open() != 1 {
			t.Fatalf("%d open", open())
		}
		v, err := b.s.Person(t.Context(), b.nurse, one)
		b.must(err)
		f := FollowUp{Result: v.Exams[0].Result, Person: one, Outcome: Treatment, Day: jst.Of(time.Now()), Note: "降圧薬の内服を始めた"}
		b.must(b.s.NoteFollowUp(t.Context(), b.nurse, f))
		if open() != 0 {
			t.Error("it is still open")
		}
		list, err := b.s.List(t.Context(), b.nurse, Filter{Year: 2026, Follow: FollowDone})
		if err != nil || list.Total != 1 || list.Rows[0].Outcome != Treatment || list.Rows[0].FollowDay != f.Day {
			t.Errorf("%+v %v", list.Rows, err)
		}
		v, err = b.s.Person(t.Context(), b.nurse, one)
		if err != nil || len(v.FollowUps) != 1 || v.FollowUps[0].Note != f.Note || v.FollowUps[0].By != b.nurse.Account {
			t.Errorf("%+v %v", v.FollowUps, err)
		}
		ev, ok := b.log.last("followup.note")
		if !ok || len(ev.Subjects) != 1 || ev.Subjects[0] != one {
			t.Errorf("%+v", ev)
		}
		b.must(e.DB.View(t.Context(), db.Global, func(tx *db.Tx) error {
			sealed, err := db.Column[[]byte](tx, qNotes)
			for _, s := range sealed {
				if strings.Contains(string(s), "treated") || strings.Contains(string(s), "降圧薬") {
					t.Error("a note stands in the open")
				}
			}
			return err
		}))

		// HR and managers see nothing of it, the person sees all.
		for _, a := range []struct {
			who  string
			view func() (*PersonView, error)
			n    int
		}{
			{"hr", func() (*PersonView, error) { return b.s.Person(t.Context(), b.hr, one) }, 0},
			{"self", func() (*PersonView, error) { return b.s.Mine(t.Context(), b.employee) }, 1},
		} {
			if v, err := a.view(); err != nil || len(v.FollowUps) != a.n || v.CanFollow {
				t.Errorf("%s: %+v %v", a.who, v, err)
			}
		}
		if l, err := b.s.List(t.Context(), b.hr, Filter{Year: 2026, Follow: FollowDone}); err != nil || l.Total != 0 || l.ShowFollow {
			t.Errorf("HR filters by it: %+v %v", l, err)
		}

		// Of another person, of another tenant, and of nothing.
		wrong := f
		wrong.Person = b.number("2").ID
		if err := b.s.NoteFollowUp(t.Context(), b.nurse, wrong); !fault.Is(err, fault.Missing) {
			t.Error(err)
		}
		if err := b.s.NoteFollowUp(t.Context(), b.doctor2, f); !fault.Is(err, fault.Missing) {
			t.Error(err)
		}
		wrong = f
		wrong.Result = ids.Result("none")
		if err := b.s.NoteFollowUp(t.Context(), b.nurse, wrong); !fault.Is(err, fault.Missing) {
			t.Error(err)
		}
		if h, err := b.s.Home(t.Context(), b.doctor2); err != nil || h.FollowOpen > 1 {
			t.Errorf("the neighbour: %+v %v", h, err)
		}

		b.must(b.s.NoteFollowUp(t.Context(), b.doctor, FollowUp{Result: f.Result, Person: one, Outcome: Reopened, Note: "人違い"}))
		if open() != 1 {
			t.Error("it was not opened again")
		}
		b.must(b.s.NoteFollowUp(t.Context(), b.nurse, f))
		b.forge(qForgeNote, "somebody")
		b.start()
		if open() != 1 || b.refusals(followUpTable) == 0 {
			t.Error("a note under another name counts")
		}
	})
}
