package accessreview

import (
	"slices"
	"time"
)

// A decision faster than Fast was hardly thought about; from half of them on, the report says so.
const (
	Fast      = 3 * time.Second
	fastShare = 50 // percent
)

// Report is what a campaign came to. It names nobody.
type Report struct {
	Total     int          `json:"total"`
	Addendum  int          `json:"addendum"`
	Reviewed  int          `json:"reviewed"` // decided by people
	Kept      int          `json:"kept"`
	Reduced   int          `json:"reduced"`
	Revoked   int          `json:"revoked"`
	Suspended int          `json:"suspended"` // nobody answered
	Escalated int          `json:"escalated"` // nobody answered, and it is the last administrator
	Gone      int          `json:"gone"`
	Open      int          `json:"open"`
	Flagged   map[Flag]int `json:"flagged"`
	KeptFlag  int          `json:"kept_flagged"` // kept although flagged, with a reason
	Bulk      int          `json:"bulk"`
	Percent   int          `json:"reviewed_percent"`
	Median    float64      `json:"median_seconds"` // per decision
	FastShare int          `json:"fast_percent"`   // decided faster than Fast
	AllKept   bool         `json:"all_kept"`
	Stamping  string       `json:"rubber_stamp"` // none, watch, high
	ToDo      int          `json:"to_carry_out"` // revoked, reduced or suspended
	Denied    int          `json:"denied"`       // of those, read back as denied
	LinesHash string       `json:"lines_sha256"` // of the decided lines
	Snapshot  string       `json:"snapshot_sha256"`
	Late      bool         `json:"late"`
	Kinds     map[Kind]int `json:"kinds"`
	Reviewers int          `json:"reviewers"`
}

// Complete: everything was decided, or suspended, and what was taken away is denied now.
func (r *Report) Complete() bool { return r.Open == 0 && r.Escalated == 0 && r.Denied == r.ToDo }

// Tally counts lines.
func Tally(lines []Line) *Report {
	r := &Report{Flagged: map[Flag]int{}, Kinds: map[Kind]int{}}
	var took []time.Duration
	fast := 0
	who := map[string]bool{}
	for i := range lines {
		l := &lines[i]
		r.Total++
		r.Kinds[l.Kind]++
		if l.Addendum {
			r.Addendum++
		}
		for _, m := range l.Marks {
			r.Flagged[m.Flag]++
		}
		*map[Decision]*int{Open: &r.Open, Keep: &r.Kept, Reduce: &r.Reduced, Revoke: &r.Revoked, Suspended: &r.Suspended, Escalated: &r.Escalated, Gone: &r.Gone}[l.Decision]++
		if l.Decision.takes() {
			r.ToDo++
			if l.ReadBack == "denied" {
				r.Denied++
			}
		}
		if !l.Decision.Human() {
			continue
		}
		r.Reviewed++
		who[string(l.DecidedBy)] = true
		took = append(took, l.Took)
		if l.Took < Fast {
			fast++
		}
		if l.Bulk {
			r.Bulk++
		}
		if l.Decision == Keep && l.Flagged() {
			r.KeptFlag++
		}
	}
	r.Reviewers = len(who)
	if asked := r.Total - r.Gone; asked > 0 {
		r.Percent = 100 * r.Reviewed / asked
	}
	if n := len(took); n > 0 {
		slices.Sort(took)
		r.Median = float64((took[(n-1)/2]+took[n/2])/2/(100*time.Millisecond)) / 10
		r.FastShare = 100 * fast / n
	}
	r.AllKept = r.Reviewed > 0 && r.Kept == r.Reviewed
	r.Stamping = stamping(r)
	return r
}

// stamping judges whether the decisions look like those of somebody who did not read: most of them faster
// than Fast, or everything kept although something stood out.
func stamping(r *Report) string {
	flagged := 0
	for _, n := range r.Flagged {
		flagged += n
	}
	switch {
	case r.Reviewed > 0 && r.FastShare >= fastShare:
		return "high"
	case r.AllKept && flagged > 0:
		return "watch"
	}
	return "none"
}
