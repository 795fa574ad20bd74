package app

import (
	"context"
	"net/http"
	"slices"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/defense/clock"
	"rakudos/internal/defense/tlscert"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/vault"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/backup"
	"rakudos/internal/operations/keys"
)

// controls are the promises whose subjects are built, each looking at the running service.
func (a *App) controls() []control.Control {
	var out []control.Control
	out = append(out, tlscert.Controls(a.listeners, a.roots, a.stage.listen)...)
	out = append(out, clock.Controls(a.fetchLogin)...)
	out = append(out, vault.Controls(a.restDeps())...)
	out = append(out, keys.Controls(a.keyProbing())...)
	out = append(out, audit.Controls(a.Audit, scenes{a.stage})...)
	out = append(out, a.peopleControls()...)
	out = append(out, a.erasureControls()...)
	out = append(out, backup.Controls(a.Backup, a.Config.path("tmp"))...)
	out = append(out, asset.Controls(a.Assets)...)
	out = append(out, a.leavingControls()...)
	out = append(out, a.retentionControls()...)
	return out
}

// slow are the probes that take long by nature: after a start, the others have their turn first.
var slow = map[string]int{
	"AC-BREAKGLASS": 1,
	"AC-FEDERATE":   1,
	"AC-LOCK":       1,
	"AC-OPERATOR":   1,
	"AC-PWPOL":      1,
	"AC-REVIEW-Q":   1,
	"AC-ROWS":       1,
	"AC-SCREENLOCK": 1,
	"AC-UNIQUE":     1,
	"BK-DAILY":      2,
	"BK-DRILL":      2,
	"BK-OFFLINE":    2,
	"BK-RETAIN":     2,
	"ER-BACKUP":     2,
	"ER-LEDGER":     2,
	"ER-RETENTION":  2,
	"ER-TERMINATE":  2,
	"LH-HOLD":       2,
	"ER-CERT":       3,
	"ER-HANDOVER":   3,
	"ER-PRESENT":    3,
}

// first are the promises that everything else stands on: they are looked at before any other, so that a start is
// soon followed by their evidence.
var first = []string{"NET-TLS13", "TM-JST", "LG-ACCESS", "LG-INTEGRITY", "CR-REST", "AC-LEAST", "AC-AUTHN", "AC-2STEP", "AC-SESSION", "DOC-HISTORY"}

// turn is a control's place in the first round of looking.
func turn(id string) int {
	if slices.Contains(first, id) {
		return 0
	}
	return 1 + slow[id]
}

// listeners are the addresses on which this process accepts connections, sandboxes included.
func (a *App) listeners() []string {
	if a.addr == "" {
		return nil
	}
	return append(a.stage.serving(), a.addr)
}

// fetchLogin reads the sign-in page over the network, as a visitor does.
func (a *App) fetchLogin(ctx context.Context) ([]byte, http.Header, error) {
	site, err := a.stage.Live(ctx)
	if err != nil {
		return nil, nil, err
	}
	c := site.New()
	defer c.Close()
	p, err := c.Get(ctx, "/login")
	if err != nil {
		return nil, nil, err
	}
	return p.Body, p.Header, nil
}

// probeTenants are the two tenants that belong to the probes.
func (a *App) probeTenants() (own, other ids.Tenant, err error) {
	if len(a.probes.tenants) < 2 {
		return "", "", errNotRunning
	}
	return a.probes.tenants[0], a.probes.tenants[1], nil
}
