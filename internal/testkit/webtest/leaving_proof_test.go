package webtest

import (
	"fmt"
	"slices"
	"testing"

	"rakudos/internal/base/control"
	"rakudos/internal/testkit/controltest"
	"rakudos/internal/testkit/testdb"
)

// TestProofsOfLeaving runs the probes of a customer's leaving on the built service, in the order in which they
// build on each other, and their mutants: the canary is made, erased, certified, and its certificate shown. A
// second look makes no second canary.
func TestProofsOfLeaving(t *testing.T) {
	for _, engine := range testdb.Engines {
		t.Run(string(engine), func(t *testing.T) {
			h := Start(t, engine)
			for _, id := range []string{"ER-TERMINATE", "ER-CERT", "ER-PRESENT", "ER-HANDOVER"} {
				i := slices.IndexFunc(h.Statement.Set().Controls, func(c control.Control) bool { return c.ID == id })
				c := h.Statement.Set().Controls[i]
				t.Run(id, func(t *testing.T) {
					controltest.Proves(t, id, func(sabotaged bool) error {
						probe := c.Probe
						if sabotaged {
							probe = c.Mutant
						}
						e, err := probe(t.Context())
						if err != nil {
							t.Errorf("could not look: %v", err)
							return nil
						}
						t.Logf("%v %s %v", e.OK, e.Measured, e.Failed)
						if !e.OK {
							return fmt.Errorf("%v", e.Failed)
						}
						return nil
					})
				})
			}
			before, err := h.Tenants.List(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(h.Statement.Set().Controls, func(c control.Control) bool { return c.ID == "ER-TERMINATE" })
			if e, err := h.Statement.Set().Controls[i].Probe(t.Context()); err != nil || !e.OK {
				t.Errorf("a second look: %+v, %v", e, err)
			}
			if after, err := h.Tenants.List(t.Context()); err != nil || len(after) != len(before) {
				t.Errorf("%d tenants became %d, %v", len(before), len(after), err)
			}
		})
	}
}
