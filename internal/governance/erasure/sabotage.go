package erasure

// Sabotages of the mutants: one protection off in a sandbox. No file, variable or flag can set one.
const (
	SabotageNone   = "erasure-whole"        // everything on: the sandbox in which the probes themselves erase
	SabotageKeys   = "erasure-keys-stay"    // rows go, keys and their copies stay
	SabotageHold   = "erasure-holds-unread" // holds are not asked
	SabotageLedger = "erasure-no-replay"    // a restore does not replay the ledger
)

// Sabotages lists them.
var Sabotages = []string{SabotageNone, SabotageKeys, SabotageHold, SabotageLedger}

// Sabotage switches one protection off.
func (g *Gateway) Sabotage(name string) {
	if name != SabotageNone {
		g.weak = name
	}
}
