package backup

import (
	"context"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/vault"
	"rakudos/internal/testkit/testdb"
)

// silent is a root in a key service that opens nothing, and says why.
type silent struct {
	vault.Root
	why error
}

func (s silent) Unwrap(context.Context, []byte, []byte) ([]byte, error) { return nil, s.why }

// TestAKeyServiceThatIsAwayDamagesNothing: while the root key cannot be asked, the copies of the key store are not
// called damaged; one under a version that may no longer open is found, and named for what it is.
func TestAKeyServiceThatIsAwayDamagesNothing(t *testing.T) {
	w := newWorld(t, testdb.New(t, "sqlite"))
	w.run()
	list := func(why *fault.Fault) (*contents, error) {
		s := w.Service.shelf
		s.root = silent{why: why}
		return s.list(t.Context(), Keys)
	}
	for code, kind := range map[string]fault.Kind{"vault.kms_away": fault.Busy, "vault.kms_denied": fault.Denied} {
		if _, err := list(fault.New(kind, code)); fault.Of(err) == nil || fault.Of(err).Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	c, err := list(fault.New(fault.Denied, "vault.kms_version"))
	if err != nil || len(c.sets) != 0 || len(c.bad) != 1 || !strings.Contains(c.bad[0].What, "古い版") {
		t.Errorf("%+v, %v", c, err)
	}
}
