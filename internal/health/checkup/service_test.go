package checkup

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/testkit/testdb"
)

func TestImport(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr2, fileA(lineA("1", "氏名", "他社 太郎", "カナ氏名", "タシャ タロウ", "生年月日", "1970/1/1", "収縮期血圧", "170")))
		theirs := b.world(b.doctor2)
		file := fileA(
			of("1", "収縮期血圧", "１４５"),
			of("2", "HbA1c", "55"),
			of("99", append(who("1"), "身長", "171")...),
			of("3", "生年月日", "1975/6/4"),
			of("", append(who("2"), "身長", "160.0", "体重", "50.0", "BMI", "19.5")...),
			of("", append(who("4"), "身長", "160.0")...),
			of("", "氏名", "誰か", "カナ氏名", "ダレカ"),
			of("", append(who("2"), "身長", "161.0")...),
			of("4", "中性脂肪", "<30"),
		)
		i := b.upload(b.hr, file)
		if i.State != Preview || i.Rows != 9 || i.Accepted != 3 || i.Unchanged != 0 || i.Applied != 0 {
			t.Fatalf("%+v", i)
		}
		got := ""
		for _, r := range i.Rejected {
			got += fmt.Sprintf("%d %s %s;", r.Line, r.Errors[0].Column, r.Errors[0].Code)
			if v := r.Errors[0].Args["value"]; v != "" && v != hidden {
				t.Errorf("HR sees a cell's content: %s", v)
			}
		}
		for _, u := range i.Unmatched {
			got += fmt.Sprintf("%d %s;", u.Line, u.Code)
		}
		want := "3 HbA1c checkup.out_of_range;9 社員番号 checkup.duplicate_line;" +
			"4 checkup.person_unknown;5 checkup.person_disagrees;7 checkup.person_ambiguous;8 checkup.person_nobody;"
		if got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
		if n := b.see(b.nurse, i.ID); n.Rejected[0].Errors[0].Args["value"] != "55" {
			t.Errorf("the nurse does not see the cell: %+v", n.Rejected[0])
		}
		if r, _ := b.rows(); r != 1 {
			t.Errorf("the preview has stored %d results", r)
		}
		done := b.confirm(b.hr, i.ID)
		if done.State != Applied || done.Applied != 3 || done.Accepted != 3 {
			t.Fatalf("%+v", done)
		}
		again := b.upload(b.hr, file)
		if again.Accepted != 0 || again.Unchanged != 3 || len(again.Rejected) != 2 || len(again.Unmatched) != 4 {
			t.Fatalf("the same file again: %+v", again)
		}
		before := b.world(b.doctor)
		if r := b.confirm(b.hr, again.ID); r.State != Applied || r.Applied != 0 || b.world(b.doctor) != before {
			t.Errorf("confirming it again has changed something: %+v", r)
		}
		if b.world(b.doctor2) != theirs {
			t.Error("the neighbour's results have changed")
		}
		if _, err := b.s.Import(t.Context(), b.hr2, i.ID); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour sees the import: %v", err)
		}
		if err := b.s.Confirm(t.Context(), b.hr, i.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("confirmed twice: %v", err)
		}
		left, err := b.blobs.List(t.Context(), b.ours, blobPrefix)
		if err != nil || len(left) != 0 {
			t.Errorf("uploads are kept after they were applied: %v %v", left, err)
		}
		if ev, ok := b.log.last("checkup.import.applied"); !ok || ev.Actor.Tenant != b.ours || len(fmt.Sprint(ev.Detail["mac"])) != 64 {
			t.Errorf("%+v", ev)
		}
	})
}

func TestImportJSON(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		i := b.upload(b.hr, fileA(of("1"), of("2", "HbA1c", "55", "腹囲", "x"), of("99")))
		i.Words(func(f *fault.Fault) string { return f.Code })
		text, err := json.Marshal(i)
		b.must(err)
		want := `"state":"preview","rows":3,"accepted":1,"rejected":[{"line":3,"errors":[{"column":"腹囲","reason":"checkup.not_number"},{"column":"HbA1c","reason":"checkup.out_of_range"}]}],"unmatched":[{"line":4,"reason":"checkup.person_unknown"}],"unchanged":0,"applied":0`
		if !strings.Contains(string(text), want) {
			t.Errorf("%s\nlacks\n%s", text, want)
		}
	})
}

func TestNewestBatchWins(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "120"), of("2")))
		first := b.world(b.doctor)
		second := b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("2"), of("3")))
		if second.Applied != 2 || second.Unchanged != 1 {
			t.Fatalf("%+v", second)
		}
		row := func(n string) ListRow {
			v, err := b.s.List(t.Context(), b.doctor, Filter{Year: 2026, Q: b.number(n).Name})
			b.must(err)
			return v.Rows[0]
		}
		if r := row("1"); r.Judgement != D || len(r.Worst) != 1 || r.Worst[0] != "収縮期血圧" || r.Action != Referral {
			t.Errorf("%+v", r)
		}
		if err := b.s.Withdraw(t.Context(), b.hr, second.ID, "  "); !fault.Is(err, fault.Invalid) {
			t.Errorf("withdrawn without a reason: %v", err)
		}
		if err := b.s.Withdraw(t.Context(), b.hr2, second.ID, "x"); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour withdraws: %v", err)
		}
		b.must(b.s.Withdraw(t.Context(), b.hr, second.ID, "別の会社のファイルだった"))
		if got := b.world(b.doctor); got != first {
			t.Errorf("after the withdrawal\n%s\nwant\n%s", got, first)
		}
		if i := b.see(b.hr, second.ID); i.State != Withdrawn || i.Reason != "別の会社のファイルだった" {
			t.Errorf("%+v", i)
		}
	})
}

func TestPreviewGoesStale(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		file := fileA(of("1"), of("2"), lineA("6", "氏名", "新人 花子", "カナ氏名", "シンジン ハナコ", "性別", "女", "生年月日", "2000/1/1"))
		i := b.upload(b.hr, file)
		if i.Accepted != 2 || len(i.Unmatched) != 1 {
			t.Fatalf("%+v", i)
		}
		b.load(b.hr, rosterHead+"6,新人 花子,シンジン ハナコ,女,2000-01-01,S01,本社,総務部,f@example.jp,2026-04-01\n")
		i = b.confirm(b.hr, i.ID)
		if i.State != Preview || i.Note == nil || i.Note.Code != "checkup.preview_changed" || i.Accepted != 3 {
			t.Fatalf("%+v", i)
		}
		if r, _ := b.rows(); r != 0 {
			t.Errorf("%d results stored", r)
		}
		if i = b.confirm(b.hr, i.ID); i.State != Applied || i.Applied != 3 {
			t.Fatalf("%+v", i)
		}
	})
}

func TestImportNow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		host := actor.HostOperator(b.ours, "cli")
		file := fileA(of("1"), of("2", "HbA1c", "高い"))
		i, err := b.s.ImportNow(t.Context(), host, "f.csv", strings.NewReader(file), false)
		b.must(err)
		if i.State != Preview || i.Accepted != 1 || len(i.Rejected) != 1 {
			t.Fatalf("%+v", i)
		}
		if all, err := b.s.Imports(t.Context(), b.hr); err != nil || len(all) != 0 {
			t.Errorf("a dry run has left %d imports: %v", len(all), err)
		}
		i, err = b.s.ImportNow(t.Context(), host, "f.csv", strings.NewReader(file), true)
		b.must(err)
		if i.State != Applied || i.Applied != 1 {
			t.Fatalf("%+v", i)
		}
		if _, err = b.s.ImportNow(t.Context(), host, "f.csv", strings.NewReader("a,b\n1,2\n"), true); fault.Of(err).Code != "checkup.header_unknown" {
			t.Errorf("%v", err)
		}
	})
}

func TestBadFilesEndAsFailed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		i := b.upload(b.hr, strings.Replace(fileA(of("1")), "健診日", "いつか", 1))
		if i.State != Failed || i.Failure.Code != "checkup.header_missing" || !i.Header {
			t.Fatalf("%+v", i)
		}
		v, err := b.s.Columns(t.Context(), b.hr, i.ID)
		b.must(err)
		var choice []ColumnChoice
		for _, c := range v.Columns {
			if c.Header == "いつか" {
				c.Target = ToDay
			}
			choice = append(choice, ColumnChoice{c.Header, c.Target})
		}
		if err := b.s.Remap(t.Context(), b.hr, i.ID, choice[:3], "x"); fault.Of(err).Code != "checkup.header_missing" {
			t.Errorf("%v", err)
		}
		b.must(b.s.Remap(t.Context(), b.hr, i.ID, choice, "京都"))
		b.drain()
		if i = b.see(b.hr, i.ID); i.State != Preview || i.Accepted != 1 || i.Body != "京都" {
			t.Fatalf("%+v", i)
		}
		// The next file of this body is read by the saved mapping.
		if i = b.upload(b.hr, strings.Replace(fileA(of("2")), "健診日", "いつか", 1)); i.State != Preview || i.Accepted != 1 {
			t.Fatalf("%+v", i)
		}
		broken := fileA(of("1"), of("2", "既往歴", `"閉じない`), of("3"))
		if i = b.upload(b.hr, broken); i.State != Failed || i.Failure.Args["line"] == "" {
			t.Fatalf("%+v", i)
		}
		if i = b.upload(b.hr, "これは,健診の,表では\nありません,ね,え\n"); i.State != Failed || i.Header {
			t.Errorf("the columns of no table are known: %+v", i)
		}
		for name, file := range map[string]string{"tabular.empty": "", "tabular.binary": "%PDF-1.7 xx"} {
			if _, err := b.s.StartImport(t.Context(), b.hr, "f", strings.NewReader(file)); fault.Of(err).Code != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := b.s.StartImport(t.Context(), b.hr, "f", &brokenPipe{fileA(of("1"))}); fault.Of(err).Code != "checkup.upload_broken" {
			t.Errorf("a broken upload: %v", err)
		}
		if r, _ := b.rows(); r != 0 {
			t.Errorf("%d results stored", r)
		}
	})
}

type brokenPipe struct{ rest string }

func (b *brokenPipe) Read(p []byte) (int, error) {
	if b.rest == "" {
		return 0, fmt.Errorf("connection reset")
	}
	n := copy(p, b.rest[:min(10, len(b.rest))])
	b.rest = b.rest[n:]
	return n, nil
}

func TestWhoSeesWhat(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("3", "収縮期血圧", "145")))
		p := b.number("1").ID
		names := func(v *PersonView) (out []string) {
			for _, g := range v.Groups {
				for _, i := range g.Items {
					out = append(out, i.Name)
				}
			}
			return out
		}
		for _, c := range []struct {
			name                      string
			a                         actor.Actor
			values, judgement, smoker bool
		}{
			{"hr", b.hr, false, true, false},
			{"nurse", b.nurse, true, true, false},
			{"physician", b.doctor, true, true, false},
		} {
			v, err := b.s.Person(t.Context(), c.a, p)
			b.must(err)
			list := strings.Join(names(v), " ")
			if v.ShowValues != c.values || (len(v.Groups) > 0) != c.values || v.ShowJudgement != c.judgement || strings.Contains(list, "喫煙") != c.smoker {
				t.Errorf("%s: values %v judgement %v: %s", c.name, v.ShowValues, v.ShowJudgement, list)
			}
			if (v.Exams[0].Judgement == D) != c.judgement {
				t.Errorf("%s: %+v", c.name, v.Exams[0])
			}
			ev, _ := b.log.last("checkup.view")
			if len(ev.Subjects) != 1 || ev.Subjects[0] != p || ev.Actor.Account != c.a.Account || ev.Kind == "" {
				t.Errorf("%s: the read is not in the log: %+v", c.name, ev)
			}
		}
		b.must(b.s.SetConsent(t.Context(), b.employee, p, true))
		if v, _ := b.s.Person(t.Context(), b.nurse, p); !strings.Contains(strings.Join(names(v), " "), "喫煙") {
			t.Error("with the person's consent the nurse still does not see smoking")
		}
		b.must(b.s.SetConsent(t.Context(), b.employee, p, false))
		if v, _ := b.s.Person(t.Context(), b.nurse, p); strings.Contains(strings.Join(names(v), " "), "喫煙") {
			t.Error("the withdrawn consent still counts")
		}
		if err := b.s.SetConsent(t.Context(), b.employee, b.number("2").ID, true); err == nil {
			t.Error("consent given for somebody else")
		}
		mine, err := b.s.Mine(t.Context(), b.employee)
		b.must(err)
		if !strings.Contains(strings.Join(names(mine), " "), "喫煙") || len(mine.Advice) == 0 || mine.Summary == "" {
			t.Errorf("own page: %+v", mine)
		}
		for name, a := range map[string]actor.Actor{"manager": b.manager, "employee": b.employee, "tenantadmin": b.as(b.ours, actor.TenantAdmin), "operator": b.as(b.ours, actor.Operator), "auditor": b.as(b.ours, actor.Auditor)} {
			if _, err := b.s.Person(t.Context(), a, p); !fault.Is(err, fault.Denied) {
				t.Errorf("%s opens a person: %v", name, err)
			}
			if _, err := b.s.List(t.Context(), a, Filter{}); !fault.Is(err, fault.Denied) {
				t.Errorf("%s opens the list: %v", name, err)
			}
		}
		if _, err := b.s.Person(t.Context(), b.doctor2, p); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour's physician: %v", err)
		}
		site := b.nurse
		site.Places = map[actor.Role][]actor.Place{actor.Nurse: {{Site: b.number("3").Site}}}
		if _, err := b.s.Person(t.Context(), site, p); !fault.Is(err, fault.Missing) {
			t.Errorf("a nurse of another site: %v", err)
		}
		if v, err := b.s.List(t.Context(), site, Filter{Year: 2026}); err != nil || v.Population != 3 {
			t.Errorf("a nurse of one site sees %d: %v", v.Population, err)
		}
	})
}

func TestList(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("2"), of("3", "収縮期血圧", "145"), of("3", "健診日", "2025/6/1")))
		list := func(f Filter) string {
			f.Year = max(f.Year, 2025)
			v, err := b.s.List(t.Context(), b.doctor, f)
			b.must(err)
			var out []string
			for _, r := range v.Rows {
				out = append(out, r.Number+string(r.Judgement))
			}
			return strings.Join(out, " ")
		}
		for _, c := range []struct {
			f    Filter
			want string
		}{
			{Filter{Year: 2026}, "1D 2A 3C 4 5"},
			{Filter{}, "1 2 3A 4 5"},
			{Filter{Year: 2026, Judgement: "D"}, "1D"},
			{Filter{Year: 2026, Judgement: "C+"}, "1D 3C"},
			{Filter{Year: 2026, Judgement: "none"}, "4 5"},
			{Filter{Year: 2026, Judgement: "referral"}, "1D 3C"},
			{Filter{Year: 2026, Site: "S02"}, "3C 4 5"},
			{Filter{Year: 2026, Dept: "製造二課"}, "5"},
			{Filter{Year: 2026, Dept: "ない部署"}, ""},
			{Filter{Year: 2026, Q: "たなか"}, "4 5"},
			{Filter{Year: 2026, Q: "鈴木"}, "2A"},
			{Filter{Year: 2026, Q: "３"}, "3C"},
			{Filter{Year: 2026, Sort: "-judgement"}, "1D 3C 2A 4 5"},
			{Filter{Year: 2026, Sort: "-number"}, "5 4 3C 2A 1D"},
			{Filter{Year: 2026, Per: 2, Page: 2}, "3C 4"},
			{Filter{Year: 2026, Fitness: Waiting}, "1D 3C"},
			{Filter{Year: 2026, Fitness: Waiting, Judgement: "D"}, "1D"},
			{Filter{Year: 2026, Fitness: "ない区分"}, ""},
		} {
			if got := list(c.f); got != c.want {
				t.Errorf("%+v: %s, want %s", c.f, got, c.want)
			}
		}
		v, err := b.s.List(t.Context(), b.hr, Filter{Year: 2026, Judgement: "D"})
		b.must(err)
		if fmt.Sprint(v.Counts) != "[{A 1} {B 0} {C 1} {D 1} {E 0} {none 2}]" || v.Population != 5 || v.Examined != 3 || len(v.Depts) != 4 || fmt.Sprint(v.Years) != "[2026 2025]" {
			t.Errorf("%+v", v)
		}
		if len(v.Rows[0].Worst) != 0 || v.Rows[0].Judgement != D {
			t.Errorf("HR: %+v", v.Rows[0])
		}
		if ev, _ := b.log.last("checkup.list"); len(ev.Subjects) != 1 || ev.Subjects[0] != b.number("1").ID {
			t.Errorf("%+v", ev)
		}
		header, rows, err := b.s.Export(t.Context(), b.doctor, Filter{Year: 2026, Judgement: "C+"})
		if err != nil || len(rows) != 2 || len(rows[0]) != len(header) || rows[0][7] != "D" {
			t.Errorf("%v %v %v", header, rows, err)
		}
	})
}

func TestOpinions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("2"), of("3", "収縮期血圧", "145", "健診日", "2026/5/1")))
		work, err := b.s.WorkList(t.Context(), b.doctor, 2026, false)
		b.must(err)
		if len(work) != 2 || work[0].Number != "3" || work[0].Deadline != (jst.Date{Y: 2026, M: 8, D: 1}) {
			t.Fatalf("%+v", work)
		}
		d := Decision{Result: work[0].Result, Person: work[0].Person, Fitness: Restricted, Opinion: "血圧が高い", Measures: "時間外は月45時間まで", From: jst.Date{Y: 2026, M: 5, D: 10}}
		for want, bad := range map[string]Decision{
			"checkup.fitness_missing":  {Result: d.Result, Person: d.Person},
			"checkup.measures_missing": {Result: d.Result, Person: d.Person, Fitness: Leave},
			"checkup.text_hidden":      {Result: d.Result, Person: d.Person, Fitness: Restricted, Opinion: d.Opinion, Measures: "措置\x1b[2J"},
			"checkup.result_missing":   {Result: work[1].Result, Person: d.Person, Fitness: Normal},
			"checkup.period_order":     {Result: d.Result, Person: d.Person, Fitness: Normal, From: d.From, Until: d.From.AddDays(-1)},
		} {
			if err := b.s.Decide(t.Context(), b.doctor, bad); fault.Of(err).Code != want {
				t.Errorf("%v, want %s", err, want)
			}
		}
		for _, a := range []actor.Actor{b.hr, b.nurse, b.manager, b.employee} {
			if err := b.s.Decide(t.Context(), a, d); !fault.Is(err, fault.Denied) {
				t.Errorf("%v decides: %v", a.Roles, err)
			}
		}
		if err := b.s.Decide(t.Context(), b.doctor2, d); !fault.Is(err, fault.Missing) {
			t.Errorf("the neighbour's physician decides: %v", err)
		}
		b.must(b.s.Decide(t.Context(), b.doctor, d))
		d.Measures = "深夜業をさせない"
		b.must(b.s.Decide(t.Context(), b.doctor, d))
		if work, err = b.s.WorkList(t.Context(), b.doctor, 2026, false); err != nil || len(work) != 1 {
			t.Errorf("%+v %v", work, err)
		}
		m, err := b.s.MeasuresInForce(t.Context(), b.manager)
		if err != nil || len(m) != 1 || m[0].Number != "3" || m[0].Measures != "深夜業をさせない" {
			t.Errorf("%+v %v", m, err)
		}
		other := b.manager
		other.Places = map[actor.Role][]actor.Place{actor.Manager: {{Dept: b.number("1").Dept}}}
		if m, err := b.s.MeasuresInForce(t.Context(), other); err != nil || len(m) != 0 {
			t.Errorf("a manager sees another department: %+v %v", m, err)
		}
		v, err := b.s.Person(t.Context(), b.hr, d.Person)
		if err != nil || len(v.Opinions) != 2 || v.Opinions[0].Measures != "深夜業をさせない" || v.Exams[0].Fitness != Restricted {
			t.Errorf("%+v %v", v, err)
		}
		if ev, _ := b.log.last("checkup.decide"); strings.Contains(fmt.Sprint(ev.Detail), "restricted") || len(ev.Subjects) != 1 {
			t.Errorf("the event tells the opinion: %+v", ev)
		}
	})
}

func TestRejudgeAndTreated(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr2, fileA(lineA("1", "氏名", "他社 太郎", "カナ氏名", "タシャ タロウ", "生年月日", "1970/1/1")))
		theirs := b.world(b.doctor2)
		b.apply(b.hr, fileA(of("1", "中性脂肪", "250"), of("2", "中性脂肪", "160", "収縮期血圧", "150")))
		letter := func(n string) Letter {
			v, err := b.s.Person(t.Context(), b.doctor, b.number(n).ID)
			b.must(err)
			return v.Exams[0].Judgement
		}
		if letter("1") != C || letter("2") != C {
			t.Fatalf("%s %s", letter("1"), letter("2"))
		}
		two, err := b.s.Person(t.Context(), b.doctor, b.number("2").ID)
		b.must(err)
		b.must(b.s.SetTreated(t.Context(), b.doctor, two.Exams[0].Result, two.Person, "systolic", true))
		if letter("2") != E {
			t.Errorf("treated: %s", letter("2"))
		}
		if err := b.s.ActivateCriteria(t.Context(), b.doctor, NingenDockDraft.ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("a draft is activated: %v", err)
		}
		if err := b.s.ApproveCriteria(t.Context(), b.nurse, NingenDockDraft.ID); !fault.Is(err, fault.Denied) {
			t.Errorf("a nurse approves: %v", err)
		}
		b.must(b.s.ApproveCriteria(t.Context(), b.doctor, NingenDockDraft.ID))
		b.must(b.s.ActivateCriteria(t.Context(), b.doctor, NingenDockDraft.ID))
		for _, year := range []int{0, firstYear - 1, 9999} {
			if err := b.s.Rejudge(t.Context(), b.doctor, year); fault.Of(err) == nil || fault.Of(err).Code != "checkup.year" {
				t.Errorf("the year %d: %v", year, err)
			}
		}
		b.must(b.s.Rejudge(t.Context(), b.doctor, 2026))
		b.drain()
		if letter("1") != B || letter("2") != E { // 250 is B in the newer table
			t.Errorf("rejudged: %s %s", letter("1"), letter("2"))
		}
		b.must(b.s.SetTreated(t.Context(), b.doctor, two.Exams[0].Result, two.Person, "systolic", false))
		if letter("2") != C {
			t.Errorf("no longer treated: %s", letter("2"))
		}
		v, _ := b.s.Person(t.Context(), b.doctor, two.Person)
		if v.Exams[0].Judgements != 4 || v.Exams[0].Criteria != NingenDockDraft.Name {
			t.Errorf("%+v", v.Exams[0])
		}
		own := *NingenDock2016
		own.Name = "当社基準"
		own.Rules = replaced(own.Rules, nil, Rule{Item: "triglycerides", Bands: "A ..299 | C 300.."})
		id, err := b.s.DraftCriteria(t.Context(), b.nurse, own)
		b.must(err)
		own.Rules = replaced(own.Rules, nil, Rule{Item: "triglycerides", Bands: "A ..299 | C 301.."})
		if _, err := b.s.DraftCriteria(t.Context(), b.nurse, own); fault.Of(err).Code != "checkup.criteria_gap" {
			t.Errorf("a gap is accepted: %v", err)
		}
		b.must(b.s.ApproveCriteria(t.Context(), b.doctor, id))
		b.must(b.s.ActivateCriteria(t.Context(), b.doctor, id))
		b.must(b.s.Rejudge(t.Context(), b.doctor, 2026))
		b.drain()
		if letter("1") != A {
			t.Errorf("by the tenant's own table: %s", letter("1"))
		}
		versions, err := b.s.CriteriaVersions(t.Context(), b.hr)
		if err != nil || len(versions) != 3 || versions[1].State != "retired" || versions[2].State != "active" {
			t.Errorf("%+v %v", versions, err)
		}
		if b.world(b.doctor2) != theirs {
			t.Error("the neighbour was judged again")
		}
		if all, err := b.s.CriteriaVersions(t.Context(), b.doctor2); err != nil || len(all) != 2 || all[0].State != "active" {
			t.Errorf("the neighbour's versions: %+v %v", all, err)
		}
	})
}

func TestHome(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("2")))
		b.upload(b.hr, fileA(of("3")))
		h, err := b.s.Home(t.Context(), b.hr)
		if err != nil || h.Previews != 1 || h.Year != jst.FiscalYear(jst.Of(nowForTest())) {
			t.Errorf("%+v %v", h, err)
		}
	})
}
