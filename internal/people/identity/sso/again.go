package sso

import (
	"context"
	"slices"
	"time"

	"golang.org/x/oauth2"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
)

// Why an answer does not open a locked screen.
const (
	stale  failure = "authentication-not-fresh" // the provider let a session of its own do
	unlike failure = "other-subject"            // somebody else has signed in at the provider
)

// askedAnew demands of an OpenID provider that it authenticates the person now, whatever session it has.
var askedAnew = []oauth2.AuthCodeOption{oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0")}

// linked finds the provider in use through which an account comes in; nil is none.
func (s *Service) linked(ctx context.Context, t ids.Tenant, id ids.Account) (*Connection, error) {
	all, err := s.connections(ctx, t)
	if err != nil {
		return nil, err
	}
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if !c.Enabled {
			continue
		}
		var row linkRow
		err := s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
			row, err = db.One(tx, qLinkByAccount, scanLink, t, c.ID, id)
			return err
		})
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if row.ofAccount(k, id) {
			return &c, nil
		}
	}
	return nil, nil
}

// CanAgain tells whether somebody who is signed in could show a provider again who it is.
func (s *Service) CanAgain(ctx context.Context, a actor.Actor) (bool, error) {
	c, err := s.linked(ctx, a.Tenant, a.Account)
	return c != nil, err
}

// BeginAgain asks the provider of somebody who is signed in to authenticate that person anew, to open a locked screen:
// whoever comes in by the company's account alone has no password to show (clause 3-12).
func (s *Service) BeginAgain(ctx context.Context, v identity.Visit, session, base, back string) (Start, error) {
	cur, err := s.Identity.Session(ctx, session, false)
	if err != nil {
		return Start{}, err
	}
	if !s.allow(v.Addr) {
		return Start{}, fault.New(fault.Busy, "sso.too_soon").After(10 * time.Second)
	}
	c, err := s.linked(ctx, cur.Actor.Tenant, cur.Actor.Account)
	if err != nil {
		return Start{}, err
	}
	if c == nil {
		return Start{}, fault.New(fault.Invalid, "sso.not_linked")
	}
	return s.begin(ctx, v, cur.Actor.Tenant, c, sent{State: random(), Nonce: random(), Back: back, Session: cur.ID}, base)
}

// again goes from a believed answer to a fact about a session: its holder has just been authenticated by the provider.
// The provider says when (auth_time, AuthnInstant); without a word about it, or with an old one, nothing opens.
func (s *Service) again(ctx context.Context, a attempt, who identityOf) (identity.Reassertion, error) {
	out := identity.Reassertion{Tenant: a.row.tenant, Session: a.sent.Session, Connection: a.conn.ID}
	begun := db.Time(a.row.created)
	if who.At.Before(begun.Add(-time.Minute)) || time.Until(who.At) > time.Minute {
		return out, stale
	}
	if !a.conn.inDomain(who) {
		return out, foreign
	}
	var row linkRow
	err := s.DB.View(ctx, a.row.tenant, func(tx *db.Tx) (err error) {
		row, err = db.One(tx, qLinkBySubject, scanLink, a.row.tenant, a.key.Index("sso.subject", who.Issuer+"\x00"+who.Subject))
		return err
	})
	switch {
	case fault.Is(err, fault.Missing), err == nil && row.connection != a.conn.ID:
		return out, unlike
	case err == nil && !row.genuine(a.key, who.Subject):
		return out, altered
	}
	out.Account = row.account
	return out, err
}

// latest is the newest of the instants at which a person was authenticated; zero when nobody says.
func latest(all ...time.Time) time.Time {
	if len(all) == 0 {
		return time.Time{}
	}
	return slices.MaxFunc(all, time.Time.Compare)
}
