package identity

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"
	"unicode"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const passkeysTable = "identity_passkeys"

// maxPasskeyAnswer bounds what a browser may answer, in bytes; maxPasskeyName a name, in code points.
const (
	maxPasskeyAnswer = 16 << 10
	maxPasskeyName   = 50
)

var (
	qPasskeyPut = db.Q("identity.passkey_put", `insert into identity_passkeys (tenant_id, passkey_id, account_id, credential_index, credential, name, created_at) values ($1, $2, $3, $4, $5, $6, $7)`)
	qPasskey    = db.GlobalQ("identity.passkey", `select tenant_id, passkey_id, account_id, credential, name, created_at, used_at from identity_passkeys where credential_index = $1`)
	qPasskeys   = db.Q("identity.passkeys", `select tenant_id, passkey_id, account_id, credential, name, created_at, used_at from identity_passkeys where tenant_id = $1 and account_id = $2 order by created_at, passkey_id`)
	qPasskeyUse = db.Q("identity.passkey_use", `update identity_passkeys set credential = $3, used_at = $4 where tenant_id = $1 and passkey_id = $2 and credential = $5`)
	qPasskeyEnd = db.Q("identity.passkey_end", `delete from identity_passkeys where tenant_id = $1 and account_id = $2 and passkey_id = $3`)
)

// Relying is the name under which the browser knows the service: passkeys belong to it. Both come from the
// request's host, which is one of the configured names.
type Relying struct {
	Name    string // host name without a port
	Origin  string // https://host[:port]
	Service string // shown by the browser
}

// Passkey is one line of the list of one's passkeys.
type Passkey struct {
	ID              string
	Name            string
	CreatedAt, Used time.Time
	Suspended       bool // its counter went backwards: it may have been copied
}

type passkeyRow struct {
	tenant           ids.Tenant
	id               string
	account          ids.Account
	credential, name []byte // sealed
	created, used    int64
}

func scanPasskey(s db.Scanner) (passkeyRow, error) {
	var r passkeyRow
	return r, s.Scan(&r.tenant, &r.id, &r.account, &r.credential, &r.name, &r.created, &r.used)
}

// place binds what is sealed to the row and to the account: moved to another account it does not open.
func (r passkeyRow) place(column string) vault.Loc {
	return at(passkeysTable, r.id+" "+string(r.account), column)
}

func (r passkeyRow) open(k *vault.Key) (webauthn.Credential, error) {
	var c webauthn.Credential
	plain, err := k.Open(r.place("credential"), r.credential)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(plain, &c)
}

func (r passkeyRow) seal(k *vault.Key, c webauthn.Credential) ([]byte, error) {
	plain, err := json.Marshal(c)
	return k.Seal(r.place("credential"), plain), err
}

func credentialIndex(id []byte) []byte {
	h := sha256.Sum256(id)
	return h[:]
}

// userHandle is what a passkey carries of its owner: a keyed hash that tells nobody anything.
func userHandle(k *vault.Key, a ids.Account) []byte { return k.MAC("identity.passkey_user", []byte(a)) }

func passkeysOf(tx *db.Tx, k *vault.Key, t ids.Tenant, a ids.Account) ([]Passkey, error) {
	rows, err := db.All(tx, qPasskeys, scanPasskey, t, a)
	if err != nil {
		return nil, err
	}
	var out []Passkey
	for _, r := range rows {
		c, err := r.open(k)
		if err != nil {
			return nil, err
		}
		name, err := k.Open(r.place("name"), r.name)
		if err != nil {
			return nil, err
		}
		out = append(out, Passkey{ID: r.id, Name: string(name), CreatedAt: db.Time(r.created), Used: db.Time(r.used), Suspended: c.Authenticator.CloneWarning})
	}
	return out, nil
}

// passkeyUser is an account as the library wants to see one.
type passkeyUser struct {
	handle        []byte
	login, called string
	held          []webauthn.Credential
}

func (u passkeyUser) WebAuthnID() []byte                         { return u.handle }
func (u passkeyUser) WebAuthnName() string                       { return u.login }
func (u passkeyUser) WebAuthnDisplayName() string                { return u.called }
func (u passkeyUser) WebAuthnCredentials() []webauthn.Credential { return u.held }

// relying configures the library for one name. The user is always verified by the device: that makes a
// passkey two factors.
func (p Policy) relying(r Relying) (*webauthn.WebAuthn, error) {
	verify := protocol.VerificationRequired
	if p.weak == SabotagePasskey {
		verify = protocol.VerificationDiscouraged
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: CeremonyFor, TimeoutUVD: CeremonyFor}
	return webauthn.New(&webauthn.Config{
		RPID: r.Name, RPDisplayName: r.Service, RPOrigins: []string{r.Origin}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: verify},
		Timeouts:               webauthn.TimeoutsConfig{Login: limit, Registration: limit},
	})
}

func passkeyWrong(err error) error {
	return fault.New(fault.Invalid, "identity.passkey_wrong").Because(err)
}

// passkeyName keeps what can be seen of a name.
func passkeyName(typed string) string {
	name := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(typed))
	if name == "" {
		return "パスキー"
	}
	return clip(name, maxPasskeyName)
}
