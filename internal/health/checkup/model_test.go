package checkup

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/testdb"
)

// model is what batches should come to: for each person and day the value of the newest applied batch.
type model struct {
	batches []modelBatch
}

type modelBatch struct {
	id    ids.Import
	gone  bool
	cells map[string]int // "number|day" → systolic pressure
}

func (m *model) visible() map[string]int {
	out := map[string]int{}
	for _, b := range m.batches {
		if !b.gone {
			maps.Copy(out, b.cells)
		}
	}
	return out
}

// TestModelOfBatches imports, corrects, repeats and withdraws at random and holds what is visible against
// the model after every step.
func TestModelOfBatches(t *testing.T) {
	b := newBed(t, testdb.New(t, db.SQLite))
	people := []string{"1", "2", "3"}
	days := []string{"2026/4/1", "2026/6/1", "2025/6/1"}
	rapid.Check(t, func(r *rapid.T) {
		for _, i := range must1(b.s.Imports(t.Context(), b.hr)) { // a fresh start on the same database
			if i.State == Applied || i.State == Preview {
				b.must(b.s.Withdraw(t.Context(), b.hr, i.ID, "片付け"))
			}
		}
		m := &model{}
		for range rapid.IntRange(1, 6).Draw(r, "steps") {
			live := []int{}
			for i, x := range m.batches {
				if !x.gone {
					live = append(live, i)
				}
			}
			if len(live) > 0 && rapid.IntRange(0, 3).Draw(r, "withdraw") == 0 {
				i := rapid.SampledFrom(live).Draw(r, "batch")
				b.must(b.s.Withdraw(t.Context(), b.hr, m.batches[i].id, "取り下げ"))
				m.batches[i].gone = true
			} else {
				m.importSome(t, r, b, people, days)
			}
			want := m.visible()
			if got := b.pressures(people); !maps.Equal(got, want) {
				r.Fatalf("visible %v, want %v", got, want)
			}
		}
	})
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (m *model) importSome(t *testing.T, r *rapid.T, b *bed, people, days []string) {
	cells := map[string]int{}
	var lines []string
	for _, p := range people {
		for _, d := range days {
			if rapid.Bool().Draw(r, "in "+p+d) {
				n := rapid.SampledFrom([]int{110, 135, 150, 170}).Draw(r, "mmHg")
				cells[p+"|"+d] = n
				lines = append(lines, of(p, "健診日", d, "収縮期血圧", fmt.Sprint(n)))
			}
		}
	}
	if len(lines) == 0 {
		return
	}
	before := m.visible()
	fresh, same := 0, 0
	for k, v := range cells {
		if old, ok := before[k]; ok && old == v {
			same++
		} else {
			fresh++
		}
	}
	i := b.upload(b.hr, fileA(rapid.Permutation(lines).Draw(r, "order")...))
	if i.State != Preview || i.Accepted != fresh || i.Unchanged != same {
		r.Fatalf("preview: %d new and %d unchanged, want %d and %d", i.Accepted, i.Unchanged, fresh, same)
	}
	if i = b.confirm(b.hr, i.ID); i.State != Applied || i.Applied != fresh {
		r.Fatalf("%+v", i)
	}
	stored := map[string]int{}
	for k, v := range cells {
		if old, ok := before[k]; !ok || old != v {
			stored[k] = v
		}
	}
	m.batches = append(m.batches, modelBatch{id: i.ID, cells: stored})
}

// pressures reads everything visible through the person page, and checks the list against it.
func (b *bed) pressures(people []string) map[string]int {
	b.Helper()
	out := map[string]int{}
	newest := map[string]string{}
	for _, n := range people {
		v, err := b.s.Person(b.Context(), b.doctor, b.number(n).ID)
		b.must(err)
		for _, g := range v.Groups {
			for _, it := range g.Items {
				if it.Key != "systolic" {
					continue
				}
				for k, c := range it.Cells {
					d := v.Exams[k].Day
					out[fmt.Sprintf("%s|%d/%d/%d", n, d.Y, d.M, d.D)] = int(*c.Num)
				}
			}
		}
		for _, e := range v.Exams {
			if key := fmt.Sprint(n, e.Year); newest[key] == "" {
				newest[key] = e.Day.String() + string(e.Judgement)
			}
		}
	}
	for _, year := range []int{2025, 2026} {
		l, err := b.s.List(b.Context(), b.doctor, Filter{Year: year, Per: 500})
		b.must(err)
		for _, r := range l.Rows {
			if !slices.Contains(people, r.Number) {
				continue
			}
			if want := newest[fmt.Sprint(r.Number, year)]; want != strings.TrimSpace(r.Day.String()+string(r.Judgement)) {
				b.Fatalf("the list of %d shows %s%s for %s, the person page %s", year, r.Day, r.Judgement, r.Number, want)
			}
		}
	}
	return out
}
