package vault

import (
	"context"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// NewWrapped makes a key that does not stand in the key store, and its form wrapped under the root key.
// The copies of the key store itself are sealed with such keys: one that stood only inside of the copy
// could not open it.
func NewWrapped(ctx context.Context, root Root, purpose string) (*Key, []byte, error) {
	raw := newSecret()
	wrapped, err := root.Wrap(ctx, raw[:], wrappedAAD(purpose))
	if err != nil {
		return nil, nil, err
	}
	return outside(raw[:]), wrapped, nil
}

// OpenWrapped gives back the key that NewWrapped made for the same purpose. Under another root key, or
// when a bit of it was changed, it is the fault "vault.open".
func OpenWrapped(ctx context.Context, root Root, purpose string, wrapped []byte) (*Key, error) {
	raw, err := root.Unwrap(ctx, wrapped, wrappedAAD(purpose))
	if explained(err) {
		return nil, err
	}
	if err != nil || len(raw) != secretSize {
		return nil, fault.New(fault.Internal, "vault.open").Because(err)
	}
	return outside(raw), nil
}

// NewPassing makes a key that stands nowhere: what it seals can be opened as long as this process holds the key, and
// never again.
func NewPassing() *Key {
	raw := newSecret()
	return outside(raw[:])
}

// outsider keeps a key that is no tenant's from making indexes.
const outsider ids.Person = "outside"

func outside(raw []byte) *Key {
	return newKey(ids.System, outsider, nil, &ring{newest: secret{version: 1, raw: secretBytes(raw)}})
}

func wrappedAAD(purpose string) []byte {
	return appendLoc(nil, ids.System, Loc{Table: "wrapped", ID: purpose, Column: "key"}, 1)
}
