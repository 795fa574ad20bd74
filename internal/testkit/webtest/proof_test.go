package webtest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// provenWhole are promises that only a whole service can keep: their probes need its pages, its tenants and
// its mail at once.
var provenWhole = []string{"AC-LEAST", "AC-OPERATOR", "AC-BREAKGLASS", "AC-FEDERATE"}

// TestProvenOnAWholeService asks each probe twice: of the running service, where the promise must hold, and of
// its sabotaged sandbox, where the same probe must see that it does not.
func TestProvenOnAWholeService(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			for _, id := range provenWhole {
				t.Run(id, func(t *testing.T) {
					all := promised(h.Statement.Set())
					at := slices.IndexFunc(all, func(c control.Control) bool { return c.ID == id })
					if at < 0 {
						t.Fatal("no such promise")
					}
					c := all[at]
					controltest.Proves(t, id, func(sabotaged bool) error {
						look := c.Probe
						if sabotaged {
							look = c.Mutant
						}
						got, err := look(t.Context())
						if err != nil {
							t.Fatalf("the probe could not look (sabotaged %v): %v", sabotaged, err)
						}
						t.Log(got.Measured, got.Failed)
						if !got.OK {
							return errors.New(strings.Join(got.Failed, " / "))
						}
						return nil
					})
				})
			}
		})
	}
}
