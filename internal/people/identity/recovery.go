package identity

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// A recovery code is ten letters and digits, none easily taken for another: 49 bits.
const (
	recoveryLetters  = 10
	recoveryAlphabet = "abcdefghjkmnpqrstuvwxyz23456789"
)

var (
	qRecoveryPut  = db.Q("identity.recovery_put", `insert into identity_recovery (tenant_id, account_id, code_mac, created_at) values ($1, $2, $3, $4)`)
	qRecoveryUse  = db.Q("identity.recovery_use", `delete from identity_recovery where tenant_id = $1 and account_id = $2 and code_mac = $3`)
	qRecoveryDrop = db.Q("identity.recovery_drop", `delete from identity_recovery where tenant_id = $1 and account_id = $2`)
)

func newRecovery() string {
	var b strings.Builder
	for i := range recoveryLetters {
		if i == recoveryLetters/2 {
			b.WriteByte('-')
		}
		b.WriteByte(pick(recoveryAlphabet))
	}
	return b.String()
}

// normalRecovery takes capitals, full-width letters, hyphens and spaces for what they mean.
func normalRecovery(typed string) string {
	return strings.Map(func(r rune) rune {
		if !strings.ContainsRune(recoveryAlphabet, r) {
			return -1
		}
		return r
	}, strings.ToLower(norm.NFKC.String(typed)))
}

// recoveryMAC is what is stored of a code. It is keyed and belongs to one account, so the row is found by it
// without comparing anything in the open.
func recoveryMAC(k *vault.Key, a ids.Account, code string) []byte {
	return k.MAC("identity.recovery", []byte(a), []byte(normalRecovery(code)))
}

// putRecovery replaces the codes of an account.
func putRecovery(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account, now time.Time) ([]string, error) {
	if _, err := tx.Exec(qRecoveryDrop, t, a); err != nil {
		return nil, err
	}
	var out []string
	for range RecoveryCodes {
		code := newRecovery()
		if _, err := tx.Exec(qRecoveryPut, t, a, recoveryMAC(k, a, code), db.Micros(now)); err != nil {
			return nil, err
		}
		out = append(out, code)
	}
	return out, nil
}

// useRecovery takes a code away; of two that come at once, one finds it gone.
func useRecovery(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account, code string) (ok bool, left int, err error) {
	n, err := tx.Exec(qRecoveryUse, t, a, recoveryMAC(k, a, code))
	if err != nil || n == 0 {
		return false, 0, err
	}
	own, err := ownedBy(tx, t, a)
	return true, own.Codes, err
}
