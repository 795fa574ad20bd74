package identity

import (
	"context"
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

// recoveryMAC is what is stored of a code: argon2id with the costs of a password and a salt of the account's
// own, then keyed. 49 bits are few for whoever has stolen database and keys; each guess costs as much as one
// at a password. The row is found by it without comparing anything in the open.
func (s *Service) recoveryMAC(ctx context.Context, k *vault.Key, a ids.Account, code string) ([]byte, error) {
	leave, err := s.gate.enter(ctx, "")
	if err != nil {
		return nil, err
	}
	defer leave()
	salt := k.MAC("identity.recovery_salt", []byte(a))[:saltSize]
	return k.MAC("identity.recovery", []byte(a), sum(s.policy.Hash, salt, normalRecovery(code), hashSize)), nil
}

// newCodes makes the codes of an account and what is stored of them.
func (s *Service) newCodes(ctx context.Context, k *vault.Key, a ids.Account) (codes []string, sums [][]byte, err error) {
	for range RecoveryCodes {
		code := newRecovery()
		sum, err := s.recoveryMAC(ctx, k, a, code)
		if err != nil {
			return nil, nil, err
		}
		codes, sums = append(codes, code), append(sums, sum)
	}
	return codes, sums, nil
}

// putRecovery replaces the codes of an account.
func putRecovery(tx *db.Tx, t ids.Tenant, a ids.Account, sums [][]byte, now time.Time) error {
	if _, err := tx.Exec(qRecoveryDrop, t, a); err != nil {
		return err
	}
	for _, sum := range sums {
		if _, err := tx.Exec(qRecoveryPut, t, a, sum, db.Micros(now)); err != nil {
			return err
		}
	}
	return nil
}

// typedRecovery is what would be stored of what was typed; nil when it is no recovery code. It is reckoned
// before the transaction in which it is looked up, because it takes its time.
func (s *Service) typedRecovery(ctx context.Context, k *vault.Key, r signin, typed string) ([]byte, error) {
	if r.Factor != factorOwn || len(normalRecovery(typed)) != recoveryLetters {
		return nil, nil
	}
	return s.recoveryMAC(ctx, k, r.Account, typed)
}

// useRecovery takes a code away; of two that come at once, one finds it gone.
func useRecovery(tx *db.Tx, t ids.Tenant, a ids.Account, sum []byte) (ok bool, left int, err error) {
	n, err := tx.Exec(qRecoveryUse, t, a, sum)
	if err != nil || n == 0 {
		return false, 0, err
	}
	own, err := ownedBy(tx, t, a)
	return true, own.Codes, err
}
