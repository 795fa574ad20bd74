// Package control is a promise as a value: which clause it keeps, in words rendered from the values the
// program really uses, and a probe that can find the promise broken. It must never turn silence into PASS.
package control

import (
	"context"
	"time"
)

// Grade tells what kind of evidence stands behind a control.
type Grade string

const (
	Real      Grade = "R" // real behaviour, probed over the network path
	Config    Grade = "C" // configuration read
	Human     Grade = "H" // attested by a named person with a signed file
	Inherited Grade = "I" // inherited from the cloud provider
)

// Status of a control or a clause. The worst of several decides: see Worst.
type Status string

const (
	Pass      Status = "PASS"
	Exception Status = "EXCEPTION" // deviates, with approver, reason and expiry
	Stale     Status = "STALE"     // passed once, but the evidence is older than Fresh
	Unknown   Status = "UNKNOWN"   // 未確認: no evidence, or no probe yet
	Fail      Status = "FAIL"
)

// severity orders FAIL > UNKNOWN > STALE > EXCEPTION > PASS (decisions.md, status order).
var severity = map[Status]int{Pass: 0, Exception: 1, Stale: 2, Unknown: 3, Fail: 4}

// Worst returns the most severe status; of nothing it is Unknown, never Pass.
func Worst(all ...Status) Status {
	if len(all) == 0 {
		return Unknown
	}
	w := Pass
	for _, s := range all {
		v, ok := severity[s]
		if !ok {
			return Unknown
		}
		if v > severity[w] {
			w = s
		}
	}
	return w
}

// Evidence is what one run of a probe measured.
type Evidence struct {
	OK       bool
	Measured string         // one Japanese sentence with the figures
	Facts    map[string]any // machine-readable; no personal data, no secrets
	Failed   []string       // the entities that broke the promise
}

// Probe looks at the running system. An error means that it could not look: the result is UNKNOWN.
type Probe func(context.Context) (Evidence, error)

// Control is one promise.
type Control struct {
	ID        string   // "AC-LOCK"
	Clauses   []string // "3-4b"; empty for an extension (追加対策)
	Grades    []Grade
	Says      string        // the sentence, rendered from live policy values
	NotProven string        // what this evidence does not show; mandatory
	Fresh     time.Duration // older evidence is STALE
	Every     time.Duration // how often the probe runs
	Owner     string        // CISO, ITSM, SRE, SEC, DEV, DPO, AUD, EXT, TA
	Probe     Probe         // nil: the subject is not built yet, and the status is UNKNOWN
	Mutant    Probe         // the same probe against a deliberately broken sandbox: it must answer OK=false
	Pending   string        // why there is no probe yet, in Japanese; mandatory when Probe is nil
}

// Clause is one sub-clause of the security statement.
type Clause struct {
	ID             string // "3-4b"
	Title          string // short Japanese title
	Interpretation string // 解釈: the reading of decisions.md, rendered from live values; may be empty
}

// Said puts an observation that is either so or not into the sentence of a measurement.
func Said(so bool, yes, no string) string {
	if so {
		return yes
	}
	return no
}
