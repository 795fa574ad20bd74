package checkup

import (
	"errors"
	"slices"
	"testing"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// TestEverythingOfAPersonIsHandedOver: what later imports replaced and every version of an opinion too; what
// is beyond the law only with consent; nothing of the neighbour; and the log knows whose values were read.
func TestEverythingOfAPersonIsHandedOver(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		b := newBed(t, e)
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "165"), of("2")))
		b.apply(b.hr, fileA(of("1", "収縮期血圧", "145"), of("2")))
		p, q := b.number("1"), b.number("2")
		v, err := b.s.Person(t.Context(), b.doctor, p.ID)
		b.must(err)
		for _, opinion := range []string{"一度目", "二度目"} {
			b.must(b.s.Decide(t.Context(), b.doctor, Decision{Result: v.Exams[0].Result, Person: p.ID, Fitness: Normal, Opinion: opinion}))
		}
		read := func(people ...ids.Person) (all []*Whole) {
			t.Helper()
			b.must(b.s.EachWhole(t.Context(), actor.System(b.ours, "handover"), people, func(w *Whole) error { all = append(all, w); return nil }))
			return all
		}
		all := read(p.ID, q.ID)
		if len(all) != 2 || len(all[0].Results) != 2 || !all[0].Results[0].Replaced || all[0].Results[1].Replaced || len(all[0].Opinions) != 2 || all[0].Opinions[0].Opinion != "二度目" {
			t.Fatalf("%+v", all)
		}
		pressure := func(r WholeResult) string {
			i := slices.IndexFunc(r.Values, func(v ItemValue) bool { return v.Item.Name == "収縮期血圧" })
			return r.Values[i].Show(r.Values[i].Item)
		}
		if pressure(all[0].Results[0]) != "165" || pressure(all[0].Results[1]) != "145" || len(all[0].Results[0].Judged) == 0 {
			t.Error("the values are not those of the files")
		}
		optional := func(w *Whole) (n int) {
			for _, r := range w.Results {
				for _, v := range r.Values {
					if !v.Item.Statutory {
						n++
					}
				}
			}
			return n
		}
		if n := optional(all[0]); n != 0 || all[0].Withheld == 0 {
			t.Errorf("without consent: %d values beyond the law, %d withheld", n, all[0].Withheld)
		}
		b.must(b.s.GiveConsents(t.Context(), actor.System(b.ours, "demo"), []ids.Person{p.ID}))
		if w := read(p.ID)[0]; optional(w) == 0 || w.Withheld != 0 || len(w.Consents) != 1 || !w.Consents[0].Given {
			t.Errorf("with consent: %+v", w)
		}
		event, ok := b.log.last("checkup.handover")
		if !ok || !slices.Contains(event.Subjects, p.ID) || event.Kind != "checkup.values" {
			t.Errorf("the log: %+v", event)
		}
		if err := b.s.EachWhole(t.Context(), b.hr, []ids.Person{p.ID}, func(*Whole) error { return nil }); !fault.Is(err, fault.Denied) {
			t.Errorf("who may not see values: %v", err)
		}
		var strangers []*Whole
		b.must(b.s.EachWhole(t.Context(), actor.System(b.neighbour, "handover"), []ids.Person{p.ID}, func(w *Whole) error { strangers = append(strangers, w); return nil }))
		if len(strangers) != 0 {
			t.Error("the neighbour reads our person")
		}
		gone := errors.New("stop")
		if err := b.s.EachWhole(t.Context(), actor.System(b.ours, "handover"), []ids.Person{p.ID}, func(*Whole) error { return gone }); !errors.Is(err, gone) {
			t.Errorf("the reader's error is lost: %v", err)
		}
		b.must(b.vault.DestroyPersons(t.Context(), b.ours, []ids.Person{q.ID}))
		if all := read(p.ID, q.ID); len(all) != 1 || all[0].Person != p.ID {
			t.Error("a person whose key is destroyed is handed over")
		}
	})
}
