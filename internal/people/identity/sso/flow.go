package sso

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

// sent is what went to the provider, kept sealed on this side.
type sent struct {
	State    string `json:"state,omitempty"`
	Nonce    string `json:"nonce,omitempty"`
	Verifier string `json:"verifier,omitempty"`
	Redirect string `json:"redirect"`          // where the provider answers to
	Request  string `json:"request,omitempty"` // id of a SAML request
	Back     string `json:"back,omitempty"`
	// Session is the one whose locked screen the answer opens; empty: somebody signs in.
	Session ids.Session `json:"session,omitempty"`
}

// Start is the beginning of an attempt. With more than one provider and none chosen there are only Choices.
type Start struct {
	Token    string // for CookieFlow
	Location string // at the provider
	Choices  []Choice
}

// Choice is one provider on the sign-in page.
type Choice struct{ ID, Name string }

// Result is a first step done: the identity service says what follows.
type Result struct {
	Pending  identity.Pending  // a code follows when its Token is set
	SignedIn identity.SignedIn // otherwise
	Back     string
	// Again is set instead of both when somebody who is signed in has been authenticated anew.
	Again *identity.Reassertion
}

func unavailable() error { return fault.New(fault.Invalid, "sso.unavailable") }
func noFlow() error      { return fault.New(fault.Denied, "sso.no_flow") }
func refused(err error) error {
	return fault.New(fault.Denied, "sso.refused").Because(err)
}

func random() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashOf(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

func equal(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// Begin starts an attempt in a tenant. A tenant that does not exist and one without a provider get the same
// answer. Base is the service's own origin, under which the request came and which the frame has checked.
func (s *Service) Begin(ctx context.Context, v identity.Visit, code, connection, base, back string) (Start, error) {
	if !s.allow(v.Addr) {
		return Start{}, fault.New(fault.Busy, "sso.too_soon").After(10 * time.Second)
	}
	info, err := s.Tenants.TenantByCode(ctx, code)
	if fault.Is(err, fault.Missing) || err == nil && info.Closed {
		return Start{}, unavailable()
	}
	if err != nil {
		return Start{}, err
	}
	all, err := s.connections(ctx, info.ID)
	if err != nil {
		return Start{}, err
	}
	for _, c := range all {
		if c.Altered {
			s.Identity.RowRefused(ctx, info.ID, connectionsTable, c.ID)
		}
	}
	all = slices.DeleteFunc(all, func(c Connection) bool { return !c.Enabled || connection != "" && c.ID != connection })
	if len(all) == 0 {
		return Start{}, unavailable()
	}
	if len(all) > 1 {
		var out Start
		for _, c := range all {
			out.Choices = append(out.Choices, Choice{c.ID, c.Name})
		}
		return out, nil
	}
	return s.begin(ctx, v, info.ID, &all[0], sent{State: random(), Nonce: random(), Back: back}, base)
}

// begin makes the way to a provider and keeps what ties its answer to this attempt.
func (s *Service) begin(ctx context.Context, v identity.Visit, t ids.Tenant, c *Connection, f sent, base string) (Start, error) {
	id := ids.New[string]()
	var location string
	var err error
	if c.Kind == OIDC {
		location, err = s.askOIDC(ctx, c, &f, base)
	} else {
		location, err = askSAML(c, &f, base, id)
	}
	if err != nil {
		s.Logger.Warn("sso: provider not reached", "connection", c.ID, "err", reason(err))
		return Start{}, fault.New(fault.Busy, "sso.provider").After(time.Minute).Because(failure(reason(err))) // never the provider's own words
	}
	token := random()
	return Start{Token: token, Location: location}, s.putFlow(ctx, v, t, *c, id, token, f)
}

func (s *Service) putFlow(ctx context.Context, v identity.Visit, t ids.Tenant, c Connection, id, token string, f sent) error {
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return err
	}
	secret, err := sealed(k, id, "secret", f)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		if _, err := tx.Exec(qFlowInsert, t, id, c.ID, hashOf(token), secret, []byte{}, db.Micros(time.Now())); err != nil {
			return err
		}
		return s.record(tx, "sso.begun", machine(t, v), "ok", map[string]any{"connection": c.ID})
	})
}

func sealed(k *vault.Key, id, column string, v any) ([]byte, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return k.Seal(at(flowsTable, id, column), plain), nil
}

// attempt is a flow with everything that belongs to it.
type attempt struct {
	row  flowRow
	sent sent
	conn Connection
	key  *vault.Key
}

// byToken finds the attempt of a browser; in which state it has to be is the caller's to say.
func (s *Service) byToken(ctx context.Context, token, state string) (attempt, error) {
	if token == "" {
		return attempt{}, noFlow()
	}
	var row flowRow
	err := s.DB.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		row, err = db.One(tx, qFlow, scanFlow, hashOf(token))
		return err
	})
	return s.filled(ctx, row, err, state)
}

func (s *Service) filled(ctx context.Context, row flowRow, err error, state string) (attempt, error) {
	if fault.Is(err, fault.Missing) || err == nil && (row.state != state || time.Since(db.Time(row.created)) > flowFor) {
		return attempt{}, noFlow()
	}
	if err != nil {
		return attempt{}, err
	}
	a := attempt{row: row}
	if a.key, err = s.Keys.Tenant(ctx, row.tenant); err != nil {
		return a, err
	}
	plain, err := a.key.Open(at(flowsTable, row.id, "secret"), row.secret)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(plain, &a.sent); err != nil {
		return a, err
	}
	if a.conn, err = s.connection(ctx, row.tenant, row.connection); err != nil {
		return a, err
	}
	if !a.conn.Enabled {
		return a, noFlow()
	}
	return a, nil
}

// move takes an attempt from one state to the next; only one request ever can.
func (s *Service) move(ctx context.Context, a attempt, from, to string, answer []byte) error {
	return s.DB.Tx(ctx, a.row.tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qFlowState, a.row.tenant, a.row.id, from, to, answer)
		if err == nil && n == 0 {
			return noFlow()
		}
		return err
	})
}

// fail records why an answer was not believed; whoever sent it is told nothing.
func (s *Service) fail(ctx context.Context, v identity.Visit, a attempt, why error) error {
	err := s.DB.Tx(ctx, a.row.tenant, func(tx *db.Tx) error {
		return s.record(tx, "sso.failed", machine(a.row.tenant, v), "denied", map[string]any{"connection": a.conn.ID, "why": reason(why)})
	})
	return errors.Join(refused(why), err)
}

// failure is a reason that may stand in the log: it names nobody.
type failure string

func (f failure) Error() string { return "sso: " + string(f) }

// reason is what may be written down of an error.
func reason(err error) string {
	var f failure
	switch {
	case errors.As(err, &f):
		return string(f)
	case errors.Is(err, errPrivate), errors.Is(err, errElsewhere), errors.Is(err, errPlain), errors.Is(err, errLong):
		return "provider-address"
	case errors.As(err, new(net.Error)):
		return "provider-unreachable"
	}
	return "answer"
}

// finish goes from a believed answer to the account and on to the second step.
func (s *Service) finish(ctx context.Context, v identity.Visit, a attempt, who identityOf) (Result, error) {
	var f failure
	if a.sent.Session != "" {
		again, err := s.again(ctx, a, who)
		if errors.As(err, &f) {
			return Result{}, s.fail(ctx, v, a, err)
		}
		return Result{Back: a.sent.Back, Again: &again}, err
	}
	account, err := s.link(ctx, v, a, who)
	if errors.As(err, &f) {
		return Result{}, s.fail(ctx, v, a, err)
	}
	if err != nil {
		return Result{}, err
	}
	out := Result{Back: a.sent.Back}
	out.Pending, out.SignedIn, err = s.Identity.SignInAsserted(ctx, v, identity.Assertion{Tenant: a.row.tenant, Account: account, Connection: a.conn.ID, TwoFactors: a.conn.twoFactors(who), Kept: ticketOf(&a.conn, who)})
	if f := fault.Of(err); f != nil && f.Code == "identity.wrong" {
		return Result{}, refused(err)
	}
	return out, err
}
