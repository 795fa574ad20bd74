package backup

import (
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/jst"
)

// Span are the instants from From on, up to and without Until.
type Span struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

func (s Span) String() string {
	return jst.StampSec(s.From) + " から " + jst.StampSec(s.Until) + " の手前まで"
}

// reachable are the instants to which any copy of the cluster can be brought, in order, without overlaps.
func reachable(all []Window) (out []Span) {
	var have []Span
	for _, w := range all {
		if w.Broken == "" && w.Until.After(w.From) {
			have = append(have, Span{w.From, w.Until})
		}
	}
	slices.SortFunc(have, func(a, b Span) int { return a.From.Compare(b.From) })
	for _, s := range have {
		if n := len(out); n > 0 && !s.From.After(out[n-1].Until) {
			if s.Until.After(out[n-1].Until) {
				out[n-1].Until = s.Until
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// lost are the instants that copies and WAL were made for and that cannot be had any more.
func lost(all []Window) (out []Span) {
	var from, until time.Time
	for _, w := range all {
		if from.IsZero() || w.From.Before(from) {
			from = w.From
		}
		if w.Shipped.After(until) {
			until = w.Shipped
		}
	}
	for _, s := range reachable(all) {
		if s.From.After(from) {
			out = append(out, Span{from, s.From})
		}
		from = s.Until
	}
	if until.After(from) {
		out = append(out, Span{from, until})
	}
	return out
}

// reachWords says to which instants one can go, for a refusal.
func reachWords(all []Window) string {
	spans := reachable(all)
	if len(spans) == 0 {
		return "戻せる時刻はありません。"
	}
	var words []string
	for _, s := range spans {
		words = append(words, s.String())
	}
	return "戻せるのは " + strings.Join(words, "、") + "です。"
}

// mark says that every commit before an instant is in the WAL up to a file.
type mark struct {
	File  string    `json:"file"`
	Until time.Time `json:"until"`
}

// mostMarks bounds a state; beyond it, the older half is thinned out: instants before a gap are then told less exactly.
const mostMarks = 1024

// marked adds a mark; of each file the newest stays. What is older than a time is of no copy that is kept.
func marked(all []mark, m mark, since time.Time) []mark {
	all = slices.DeleteFunc(slices.Clone(all), func(x mark) bool { return x.File == m.File || x.Until.Before(since) })
	all = append(all, m)
	if len(all) <= mostMarks {
		return all
	}
	half := len(all) / 2
	var out []mark
	for i, x := range all {
		if i >= half || i%2 == 1 {
			out = append(out, x)
		}
	}
	return out
}

// before is up to where WAL reaches that lacks a file.
func (st *walState) before(file string) (until time.Time) {
	for _, m := range st.Marks {
		if m.File < file && m.Until.After(until) {
			until = m.Until
		}
	}
	return until
}
