package scim

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

// Token is a machine account of a tenant: who made it, for what, until when. Its secret is shown once.
type Token struct {
	ID        string
	Tenant    ids.Tenant
	Label     string
	Owner     ids.Account // who answers for it
	CreatedAt time.Time
	UsedAt    time.Time
	ExpiresAt time.Time
	RevokedAt time.Time
}

// Live tells whether the token still opens anything.
func (t Token) Live(now time.Time) bool { return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt) }

const tokensTable = "scim_tokens"

// SabotageRevoked names the sandbox in which a revoked token still opens what it opened.
const SabotageRevoked = "scim.revoked"

// How long a token may live.
const (
	LeastDays = 1
	MostDays  = 365
)

type tokenRow struct {
	tenant                          ids.Tenant
	id                              string
	hash, sealed                    []byte
	created, expires, used, revoked int64
}

func scanToken(s db.Scanner) (r tokenRow, err error) {
	return r, s.Scan(&r.tenant, &r.id, &r.hash, &r.sealed, &r.created, &r.expires, &r.used, &r.revoked)
}

// bound is what is sealed of a token: a row that whoever writes into the database has made or changed does
// not open.
type bound struct {
	Label   string `json:"label"`
	Owner   string `json:"owner"`
	Hash    []byte `json:"hash"`
	Created int64  `json:"created"`
	Expires int64  `json:"expires"`
}

func (r tokenRow) open(k *vault.Key) (Token, error) {
	plain, err := k.Open(tokenAt(r.id), r.sealed)
	if err != nil {
		return Token{}, err
	}
	var b bound
	if err := json.Unmarshal(plain, &b); err != nil {
		return Token{}, err
	}
	if !bytes.Equal(b.Hash, r.hash) || b.Created != r.created || b.Expires != r.expires {
		return Token{}, fault.New(fault.Internal, "vault.open")
	}
	return Token{r.id, r.tenant, b.Label, ids.Account(b.Owner), db.Time(r.created), db.Time(r.used), db.Time(r.expires), db.Time(r.revoked)}, nil
}

func hashOf(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

func (s *Service) record(tx *db.Tx, verb string, a actor.Actor, result string, detail map[string]any) error {
	_, err := s.Log.Append(tx, audit.Event{Verb: verb, Actor: a, Kind: "federation", Result: result, Detail: detail})
	return err
}

// Tokens lists those of the actor's tenant, the revoked and expired ones too: the access review reads them.
func (s *Service) Tokens(ctx context.Context, a actor.Actor) ([]Token, error) {
	if err := s.Guard(a, permManage); err != nil {
		return nil, err
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []tokenRow
	if err := s.DB.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qTokens, scanToken, a.Tenant)
		return err
	}); err != nil {
		return nil, err
	}
	var out []Token
	for _, r := range rows {
		t, err := r.open(k)
		if err != nil { // not of our making: shown as what it is, and it opens nothing
			t = Token{ID: r.id, Tenant: r.tenant, Label: "?", RevokedAt: db.Time(r.created)}
		}
		out = append(out, t)
	}
	return out, nil
}

// CreateToken makes a token. The secret is in this answer and nowhere else.
func (s *Service) CreateToken(ctx context.Context, a actor.Actor, label string, days int) (Token, string, error) {
	all, err := s.Tokens(ctx, a)
	if err != nil {
		return Token{}, "", err
	}
	if label, err = glyph.Name(label, 60, "scim.label", "使い道"); err != nil {
		return Token{}, "", err
	}
	if days < LeastDays || days > MostDays {
		return Token{}, "", fault.New(fault.Invalid, "scim.days")
	}
	now, live := time.Now(), 0
	for _, t := range all {
		if t.Live(now) {
			live++
		}
	}
	if live >= MaxTokens {
		return Token{}, "", fault.New(fault.Conflict, "scim.too_many_tokens")
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return Token{}, "", err
	}
	raw := make([]byte, 32)
	rand.Read(raw)
	secret := "rks_" + base64.RawURLEncoding.EncodeToString(raw)
	r := tokenRow{tenant: a.Tenant, id: ids.New[string](), hash: hashOf(secret), created: db.Micros(now), expires: db.Micros(now.AddDate(0, 0, days))}
	plain, err := json.Marshal(bound{label, string(a.Account), r.hash, r.created, r.expires})
	if err != nil {
		return Token{}, "", err
	}
	r.sealed = k.Seal(tokenAt(r.id), plain)
	err = s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(qTokenInsert, a.Tenant, r.id, r.hash, r.sealed, r.created, r.expires); err != nil {
			return err
		}
		return s.record(tx, "scim.token_created", a, "ok", map[string]any{"token": r.id, "days": days})
	})
	if err != nil {
		return Token{}, "", err
	}
	t, err := r.open(k)
	return t, secret, err
}

// RevokeToken ends a token at once.
func (s *Service) RevokeToken(ctx context.Context, a actor.Actor, id string) error {
	if err := s.Guard(a, permManage); err != nil {
		return err
	}
	return s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qTokenRevoke, a.Tenant, id, db.Micros(time.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Missing, "scim.no_token")
		}
		return s.record(tx, "scim.token_revoked", a, "ok", map[string]any{"token": id})
	})
}

// Authenticate finds the token of a bearer. Unknown, expired and revoked ones are one and the same refusal,
// fault.Denied "scim.token"; too many requests are fault.Busy "scim.too_many".
func (s *Service) Authenticate(ctx context.Context, secret, addr string) (Token, error) {
	refused := fault.New(fault.Denied, "scim.token")
	if len(secret) < 20 || len(secret) > 200 || !strings.HasPrefix(secret, "rks_") {
		return Token{}, s.stranger(addr, refused)
	}
	var r tokenRow
	err := s.DB.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qTokenByHash, scanToken, hashOf(secret))
		return err
	})
	if fault.Is(err, fault.Missing) {
		return Token{}, s.stranger(addr, refused)
	}
	if err != nil {
		return Token{}, err
	}
	k, err := s.Keys.Tenant(ctx, r.tenant)
	if err != nil {
		return Token{}, refused
	}
	t, err := r.open(k)
	now := time.Now()
	if s.Weak == SabotageRevoked {
		t.RevokedAt = time.Time{}
	}
	if err != nil || !t.Live(now) {
		return Token{}, s.stranger(addr, refused)
	}
	if info, err := s.Tenants.TenantByID(ctx, r.tenant); err != nil || info.Closed {
		return Token{}, refused
	}
	if !s.allow("token "+t.ID, 25, 100) {
		return Token{}, fault.New(fault.Busy, "scim.too_many").After(2 * time.Second)
	}
	if now.Sub(t.UsedAt) > time.Minute {
		err = s.DB.Tx(ctx, r.tenant, func(tx *db.Tx) error {
			_, err := tx.Exec(qTokenUsed, r.tenant, r.id, db.Micros(now))
			return err
		})
	}
	return t, err
}

// stranger slows down an address that tries tokens.
func (s *Service) stranger(addr string, refused error) error {
	if !s.allow("addr "+identity.Network(addr), 1, 20) {
		return fault.New(fault.Busy, "scim.too_many").After(5 * time.Second)
	}
	return refused
}

// actor is the machine that acts by a token.
func (t Token) actor(r Request) actor.Actor {
	return actor.Actor{Kind: actor.Machine, Tenant: t.Tenant, Account: ids.Account("scim:" + t.ID), Purpose: "scim", Addr: r.Addr, Request: r.Request}
}
