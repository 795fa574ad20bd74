// Package identity decides who somebody is: passwords, the mailed second step, sessions, locks (clauses
// 3-2 to 3-5 and 3-12). It must never tell a stranger whether an account exists or is locked, and never
// look at a password before the attempt is counted.
package identity

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Names of the cookies. Each is set with Path=/, Secure and HttpOnly.
const (
	CookieSession = "__Host-session"
	CookieSignIn  = "__Host-signin" // between the two steps
	CookieDevice  = "__Host-device" // survives sign-out; only chooses the counter
)

// Visit is where a request to sign in comes from.
type Visit struct {
	Addr    string // the client's address without a port
	Agent   string // User-Agent
	Request string // request id
	Device  string // value of the device cookie; empty when there is none
}

// Pending is a sign-in that waits for its code.
type Pending struct {
	Token       string // for the sign-in cookie; empty in answers to a request that had it
	Tenant      string // the tenant's name
	SentTo      string // the address, masked
	SentAt      time.Time
	ExpiresAt   time.Time // the last moment at which the code counts
	ResendAt    time.Time // not sooner
	TriesLeft   int
	ResendsLeft int

	// Of one's own: nothing was mailed. The app's code, a recovery code or a passkey is asked for.
	Own     bool
	TOTP    bool // there is an app
	Passkey bool // there is a passkey
	MayMail bool // a code may be mailed instead: two factors are not required

	Failing bool // mail to this address has not been getting through

	Envelope int // the number of the code in the envelope of an emergency account; 0: mailed
}

// SignedIn is the outcome of the second step, or of a change of password.
type SignedIn struct {
	Token   string // for the session cookie
	Device  string // for the device cookie; empty when it need not be set
	Session Session
}

// Session is one signed-in browser. While MustChange or MustEnrol, the actor has no roles.
type Session struct {
	ID         ids.Session
	Actor      actor.Actor
	LoginID    string
	Name       string
	MustChange bool
	MustEnrol  bool // two factors are required and there is none yet
	Factor     string
	// ProvenUntil is how long factors may be changed without another proof; zero when there was none.
	ProvenUntil time.Time
	StartedAt   time.Time
	SeenAt      time.Time // the last activity that counts
	IdleEnds    time.Time
	Ends        time.Time
	Locked      bool      // the screen is locked: nothing but Reopen and SignOut works
	ScreenEnds  time.Time // when it locks without further activity
}

// SessionInfo is a line of the list of one's sessions.
type SessionInfo struct {
	ID        ids.Session
	Addr      string
	Agent     string
	StartedAt time.Time
	SeenAt    time.Time
	Current   bool
}

// Grant is a role with its scope. An empty Site is every site; Dept is for managers.
type Grant struct {
	Role actor.Role
	Site ids.Site
	Dept ids.Dept
}

// NewAccount is an account to be made. An empty Password is generated, and is then to be changed at the
// first sign-in whatever MustChange says.
type NewAccount struct {
	LoginID    string
	Name       string
	Email      string
	Password   string
	MustChange bool
	Person     ids.Person
	Grants     []Grant
	Personnel  actor.Personnel
	// With is written in the transaction that makes the account; nil is nothing.
	With func(tx *db.Tx, id ids.Account) error
}

// Account is one account as administrators see it.
type Account struct {
	ID            ids.Account
	Tenant        ids.Tenant
	LoginID       string
	Name          string
	Email         string
	Person        ids.Person
	Grants        []Grant
	Personnel     actor.Personnel // as stated
	Disabled      bool
	Tampered      bool // its row was changed past the service: nobody signs in with it
	Sealed        bool // an emergency account: it is only sealed anew, never managed as the others are
	Locked        bool
	LockedAt      time.Time // zero while Locked only because the last attempt is still under way
	MustChange    bool
	CreatedAt     time.Time
	SignedInAt    time.Time
	Factors       int       // passkeys and apps
	ResetAskedAt  time.Time // the owner has forgotten the password and asks for another
	FirstPassword string    // only in the answer that generated it
	Shared        *Shared   // it looks as if several people used it
	Failing       *Failing  // mail doesn't reach the address; nil: nothing is known against it
}

// NormalLogin is the form in which a login ID is stored and looked up: full-width letters and capitals
// are taken for what they mean. Passwords are never changed in this way.
func NormalLogin(typed string) string {
	return strings.ToLower(strings.TrimSpace(norm.NFKC.String(typed)))
}
