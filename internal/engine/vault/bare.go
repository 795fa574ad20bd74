package vault

import (
	"encoding/binary"
	"slices"
	"strings"
)

// SabotageBare names the sandbox of CR-REST: a service whose own import and pages store some columns unsealed.
const SabotageBare = "vault.bare"

// Place is a column: a table and its name.
type Place struct{ Table, Column string }

// LeaveBare makes every key that this vault hands out keep the values of some columns as they are, and the
// probe's own values open wherever they are moved. It exists for that sandbox alone and is called before any key was handed out; the running service never calls it.
func (v *Vault) LeaveBare(columns ...Place) { v.bare = columns }

// where is the place that a value is bound to. In that sandbox the values of the probe's own row are bound to none.
func (k *Key) where(l Loc) Loc {
	if k.vault != nil && k.vault.bare != nil && strings.HasPrefix(l.Table, canaryTable) {
		return Loc{}
	}
	return l
}

const formatBare = 0xba

func (k *Key) leaves(l Loc) bool {
	return k.vault != nil && k.vault.bare != nil && slices.Contains(k.vault.bare, Place{l.Table, l.Column})
}

func (k *Key) leave(dst, plain []byte) []byte {
	return append(binary.BigEndian.AppendUint32(append(dst, formatBare), k.Version()), plain...)
}

// left reads what was left bare. A service that leaves nothing bare refuses it like anything that it did not seal.
func (k *Key) left(l Loc, b []byte) (plain []byte, ok bool) {
	if len(b) < 5 || b[0] != formatBare || !k.leaves(l) {
		return nil, false
	}
	return slices.Clone(b[5:]), true
}
