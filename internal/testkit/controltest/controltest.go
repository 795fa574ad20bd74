// Package controltest ties a control to the tests that prove it; `make proof` counts what Proves emits.
// It must never accept a proof that cannot fail.
package controltest

import (
	"strings"
	"testing"
)

// Attributes that a proof leaves in the `go test -json` stream.
const (
	AttrControl = "control" // the control that this test proves
	AttrEngine  = "engine"  // sqlite, postgres or none
	AttrPromise = "promise" // a control of grade Real with a probe: somebody must prove it
)

// EngineFree lists the controls whose behaviour no database takes part in, and why one proof with engine
// "none" is enough for them.
var EngineFree = map[string]string{
	"NET-TLS13": "the TLS handshake ends before any query",
	"TM-JST":    "rendering of instants is pure",
}

// Proves runs check twice: with the real policy it must hold, and with the sabotaged one it must fail.
// Call it inside testdb.Each, so that the subtest's name tells the engine.
func Proves(t *testing.T, id string, check func(sabotaged bool) error) {
	t.Helper()
	t.Attr(AttrControl, id)
	t.Attr(AttrEngine, Engine(t.Name()))
	if err := judge(check); err != "" {
		t.Errorf("%s: %s", id, err)
	}
}

func judge(check func(bool) error) string {
	if err := check(false); err != nil {
		return "the promise does not hold: " + err.Error()
	}
	if err := check(true); err == nil {
		return "the check passes although the policy is sabotaged: it proves nothing"
	}
	return ""
}

// Engine reads the engine from a test's name.
func Engine(name string) string {
	for part := range strings.SplitSeq(name, "/") {
		if part == "sqlite" || part == "postgres" {
			return part
		}
	}
	return "none"
}
