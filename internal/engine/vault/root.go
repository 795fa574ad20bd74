package vault

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rakudos/internal/base/fault"
)

// Root wraps and unwraps tenant keys with the root key, which itself never enters the program when a key
// management service holds it. A service that cannot be reached is the fault Busy ("vault.kms_away"), one
// that refuses is Denied ("vault.kms_denied"): neither is taken for a lost key.
type Root interface {
	Wrap(ctx context.Context, plain, aad []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error)
	// Current names the root key and its version that wraps now.
	Current(ctx context.Context) (string, error)
	// Of names the root key and version under which something was wrapped.
	Of(wrapped []byte) string
}

// explained tells whether a key service says why it does not open something: that is no wrong key, and nothing is
// lost.
func explained(err error) bool { return fault.Is(err, fault.Busy) || fault.Is(err, fault.Denied) }

// Rotator is a root whose key this program may renew by itself. Forget destroys the versions that are not
// among those kept; a key service does that by its own rules, not by ours.
type Rotator interface {
	Rotate(ctx context.Context) error
	Forget(ctx context.Context, keep []string) (gone []string, err error)
}

func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Internal, "vault.root_readable", "path", filepath.Base(path), "mode", fmt.Sprintf("%04o", info.Mode().Perm()))
	}
	return os.ReadFile(path)
}

// Dated is a root that knows since when its current version wraps.
type Dated interface {
	Made(ctx context.Context) (time.Time, error)
}

// RootMade tells since when the current version of the root key wraps, zero when the root does not know,
// and whether this program may rotate it.
func (v *Vault) RootMade(ctx context.Context) (made time.Time, mine bool, err error) {
	_, mine = v.root.(Rotator)
	if d, ok := v.root.(Dated); ok {
		made, err = d.Made(ctx)
	}
	return made, mine, err
}
