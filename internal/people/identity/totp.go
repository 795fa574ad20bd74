package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// RFC 6238 as every authenticator app knows it.
const (
	totpDigits = 6
	totpPeriod = 30 // seconds, and a code counts in its own alone (ASVS 6.5.5)
	totpSecret = 20 // bytes: 160 bits, as RFC 4226 recommends
	totpTable  = "identity_totp"
)

var (
	qTOTPPut = db.Q("identity.totp_put", `insert into identity_totp (tenant_id, account_id, secret, step, mac, created_at, used_at) values ($1, $2, $3, $4, $5, $6, $6)
		on conflict (tenant_id, account_id) do update set secret = excluded.secret, step = excluded.step, mac = excluded.mac, created_at = excluded.created_at, used_at = excluded.used_at`)
	qTOTP     = db.Q("identity.totp", `select secret, step, mac, created_at, used_at from identity_totp where tenant_id = $1 and account_id = $2`)
	qTOTPUse  = db.Q("identity.totp_use", `update identity_totp set step = $3, mac = $4, used_at = $5 where tenant_id = $1 and account_id = $2 and step = $6`)
	qTOTPDrop = db.Q("identity.totp_drop", `delete from identity_totp where tenant_id = $1 and account_id = $2`)
)

type totpRow struct {
	secret, mac         []byte
	step, created, used int64
}

func scanTOTP(s db.Scanner) (totpRow, error) {
	var r totpRow
	return r, s.Scan(&r.secret, &r.step, &r.mac, &r.created, &r.used)
}

func newTOTPSecret() []byte {
	b := make([]byte, totpSecret)
	rand.Read(b)
	return b
}

// spell writes a secret as apps take it when it is typed.
func spell(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// totpURI is what the QR code says.
func totpURI(secret []byte, issuer, name string) string {
	q := "secret=" + spell(secret) + "&issuer=" + url.PathEscape(issuer) + "&algorithm=SHA1&digits=6&period=30"
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(name) + "?" + q
}

func totpStep(now time.Time) int64 { return now.Unix() / totpPeriod }

func totpCode(secret []byte, step int64) (string, error) {
	return hotp.GenerateCodeCustom(spell(secret), uint64(step), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
}

// standing is what became of a typed code.
type standing int

const (
	codeWrong standing = iota // of no step near, or of one that is used up
	codeRight                 // of the present one
	codePast                  // of the one just over
	codeAhead                 // of the next one
)

// says gives the fault's code for a standing, in the words of one place where codes are typed.
func (c standing) says(wrong, past, ahead string) string {
	switch c {
	case codePast:
		return past
	case codeAhead:
		return ahead
	}
	return wrong
}

// matchTOTP finds the step that a code belongs to, later than the newest that was used up. The present one alone
// counts; its neighbours are known only so that somebody can be told why. All are compared, each in constant time.
func matchTOTP(secret []byte, typed string, now time.Time, after int64) (step int64, is standing, err error) {
	for _, near := range []struct {
		away int64
		is   standing
	}{{-1, codePast}, {+1, codeAhead}, {0, codeRight}} { // the last word is the present one's
		n := totpStep(now) + near.away
		code, err := totpCode(secret, n)
		if err != nil {
			return 0, codeWrong, err
		}
		if subtle.ConstantTimeCompare([]byte(code), []byte(typed)) == 1 && n > after {
			step, is = n, near.is
		}
	}
	return step, is, nil
}

func totpMAC(k *vault.Key, a ids.Account, sealed []byte, step int64) []byte {
	return k.MAC("identity.totp", []byte(a), sealed, binary.BigEndian.AppendUint64(nil, uint64(step)))
}

func putTOTP(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account, secret []byte, step int64, now time.Time) error {
	sealed := k.Seal(at(totpTable, string(a), "secret"), secret)
	_, err := tx.Exec(qTOTPPut, t, a, sealed, step, totpMAC(k, a, sealed, step), db.Micros(now))
	return err
}

// useTOTP accepts a code once. A row that the service did not write is a fault.
//
// Telling why a code does not count must not make guessing easier. Each try has been counted before this looks at
// it, whatever is told. That a code was the one just over is worth nothing: it will never count again. That it is the
// next one would be worth waiting half a minute for, and each guess would then stand for two steps: so the next step
// is used up by it, and its code will not count for anybody.
func (s *Service) useTOTP(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account, typed string, now time.Time) (standing, error) {
	r, err := db.One(tx, qTOTP, scanTOTP, t, a)
	if fault.Is(err, fault.Missing) {
		return codeWrong, nil
	}
	if err != nil {
		return codeWrong, err
	}
	if subtle.ConstantTimeCompare(r.mac, totpMAC(k, a, r.secret, r.step)) != 1 {
		return codeWrong, fault.New(fault.Internal, "identity.factor_broken")
	}
	secret, err := k.Open(at(totpTable, string(a), "secret"), r.secret)
	if err != nil {
		return codeWrong, err
	}
	after := r.step
	if s.policy.weak == SabotageTOTP {
		after = 0
	}
	step, is, err := matchTOTP(secret, normalCode(typed), now, after)
	if err != nil || is == codeWrong || is == codePast && s.policy.weak != SabotageWindow {
		return is, err
	}
	used := r.used
	if is == codeRight || s.policy.weak == SabotageWindow {
		is, used = codeRight, db.Micros(now)
	}
	n, err := tx.Exec(qTOTPUse, t, a, step, totpMAC(k, a, r.secret, step), used, r.step)
	if err == nil && n == 0 { // another request was faster
		is = codeWrong
	}
	return is, err
}

// groups breaks a typed secret into fours.
func groups(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
