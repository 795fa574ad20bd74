package erasure

// Sabotages of the mutants: one protection off in a sandbox. No file, variable or flag can set one.
const (
	SabotageKeys   = "erasure-keys-stay"    // rows go, keys stay
	SabotageCopies = "erasure-copies-stay"  // keys go, their copies stay
	SabotageRows   = "erasure-rows-stay"    // keys go, rows stay
	SabotageHold   = "erasure-holds-unread" // holds are not asked
	SabotageLedger = "erasure-no-replay"    // a restore does not replay the ledger
)

// Sabotages lists them.
var Sabotages = []string{SabotageKeys, SabotageCopies, SabotageRows, SabotageHold, SabotageLedger}

// Sabotage switches one protection off.
func (g *Gateway) Sabotage(name string) { g.weak = name }
