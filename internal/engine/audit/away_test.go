package audit

import (
	"context"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/testkit/testdb"
)

// unopened is a sealer whose key service opens nothing for now.
type unopened struct {
	Sealer
	why error
}

func (u unopened) OpenAudit(context.Context, ids.Tenant, string, []byte) ([]byte, error) {
	return nil, u.why
}

// TestAKeyServiceThatIsAwayAccusesNobody: while no key can be had the log is not verified, and no record is called
// altered; afterwards it holds.
func TestAKeyServiceThatIsAwayAccusesNobody(t *testing.T) {
	testdb.Each(t, func(t *testing.T, e *testdb.Env) {
		w := newWorld(t, e)
		w.fill(w.open(), 3)
		for code, kind := range map[string]fault.Kind{"vault.kms_away": fault.Busy, "vault.kms_sealed": fault.Busy, "vault.kms_denied": fault.Denied} {
			r, err := Verify(t.Context(), w.DB, unopened{w.v, fault.New(kind, code)}, w.cfg)
			if fault.Of(err) == nil || fault.Of(err).Code != code || r.First != nil {
				t.Errorf("%s: %v, %+v", code, err, r.First)
			}
		}
		r, err := Verify(t.Context(), w.DB, unopened{w.v, fault.New(fault.Internal, "vault.open")}, w.cfg)
		if err != nil || r.OK || r.First == nil {
			t.Errorf("a body that does not open: %v, %+v", err, r)
		}
	})
}
