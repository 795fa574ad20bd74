// Package asset keeps the ledger of what the service really consists of, compares it with what is there, and
// disposes of things by a procedure that two people carry out (clause 2-4).
// It must never call something known because somebody typed it in, delete without an approval by another
// person, nor call a thing disposed of that it has not looked at afterwards.
package asset

import (
	"slices"
	"strings"
	"time"
)

// Kind of a resource.
type Kind string

// The kinds that exist outside of a cloud. A cloud's own (disk, vault, network) come from a collector of that cloud.
const (
	Process     Kind = "process"
	Listener    Kind = "listener"
	Database    Kind = "database"
	Store       Kind = "store" // a folder or a file in the data directory
	Bucket      Kind = "bucket"
	Key         Kind = "key"
	Certificate Kind = "certificate"
	Disk        Kind = "disk"
)

// Class tells how much harm a leak of its content would do.
type Class string

// The classes, the most sensitive first.
const (
	Sensitive    Class = "sensitive"    // 要配慮個人情報
	Confidential Class = "confidential" // secrets and operation
	Internal     Class = "internal"
	Published    Class = "published"
)

// Found is one resource as a collector saw it. ID is stable over restarts: "store:main.db".
type Found struct {
	ID       string `json:"id"`
	Kind     Kind   `json:"kind"`
	Name     string `json:"name"`            // for people
	Location string `json:"location"`        // where it lies
	Facts    string `json:"facts,omitempty"` // one line of figures: size, age, expiry
	Passing  bool   `json:"-"`               // lives for seconds by nature (a sandbox of a probe): looked at, not kept
}

// Entry is one line of the ledger.
type Entry struct {
	ID         string    `json:"id"`
	Kind       Kind      `json:"kind"`
	Name       string    `json:"name"`
	Location   string    `json:"location"`
	Facts      string    `json:"facts,omitempty"`
	Class      Class     `json:"class"`
	Owner      string    `json:"owner"`
	Disposal   string    `json:"disposal"`   // how it is disposed of
	CreatedBy  string    `json:"created_by"` // "service", or the account that entered it
	FirstSeen  time.Time `json:"first_seen"`
	LastSeen   time.Time `json:"last_seen"`
	DisposedAt time.Time `json:"disposed_at,omitzero"`
}

// Gone tells that the resource was disposed of.
func (e Entry) Gone() bool { return !e.DisposedAt.IsZero() }

// complete: an entry without owner, class or way of disposal says nothing.
func (e Entry) complete() bool { return e.Class != "" && e.Owner != "" && e.Disposal != "" }

// Difference is what does not agree between the ledger and what is there.
type Difference struct {
	Orphans    []Found `json:"orphans,omitempty"`    // there, but in no ledger and no plan
	Vanished   []Entry `json:"vanished,omitempty"`   // in the ledger, not disposed of, and not there
	Back       []Entry `json:"back,omitempty"`       // disposed of, and there again
	Incomplete []Entry `json:"incomplete,omitempty"` // without owner, class or way of disposal
}

// None tells that ledger and reality agree.
func (d Difference) None() bool {
	return len(d.Orphans)+len(d.Vanished)+len(d.Back)+len(d.Incomplete) == 0
}

// Compare holds the ledger against what the collectors found. Kinds that no collector looked at (the listeners of
// a stopped service) are not judged.
func Compare(ledger []Entry, found []Found, looked []Kind) Difference {
	var d Difference
	known, there := map[string]Entry{}, map[string]bool{}
	for _, e := range ledger {
		known[e.ID] = e
	}
	for _, f := range found {
		there[f.ID] = true
		e, ok := known[f.ID]
		switch {
		case f.Passing:
		case !ok:
			d.Orphans = append(d.Orphans, f)
		case e.Gone():
			d.Back = append(d.Back, e)
		}
	}
	for _, e := range ledger {
		switch {
		case e.Gone():
		case !e.complete():
			d.Incomplete = append(d.Incomplete, e)
		case !there[e.ID] && slices.Contains(looked, e.Kind):
			d.Vanished = append(d.Vanished, e)
		}
	}
	return d
}

// Rule says what a planned resource is: who answers for it, how sensitive it is and how it is disposed of. Prefix
// ends with "*" to match a family.
type Rule struct {
	Prefix   string
	Class    Class
	Owner    string
	Disposal string
	Optional bool // may come and go by itself: its absence is no loss
}

func (r Rule) matches(id string) bool {
	if p, family := strings.CutSuffix(r.Prefix, "*"); family {
		return strings.HasPrefix(id, p)
	}
	return r.Prefix == id
}

// planned finds the first rule for a resource.
func planned(plan []Rule, id string) (Rule, bool) {
	for _, r := range plan {
		if r.matches(id) {
			return r, true
		}
	}
	return Rule{}, false
}
