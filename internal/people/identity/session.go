package identity

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const (
	sessionsTable = "identity_sessions"
	grantsTable   = "identity_grants"
	devicesTable  = "identity_devices"
)

// state of a session by its instants.
type state string

const (
	alive   state = ""
	idle    state = "identity.session_idle"
	overdue state = "identity.session_limit"
)

// sessionState decides at an instant: 2:59:59 after the last activity the session lives, at 3:00:00 it
// does not; and never longer than SessionMost after it began.
func (p Policy) sessionState(created, seen, now time.Time) state {
	switch {
	case now.Sub(created) >= p.SessionMost:
		return overdue
	case now.Sub(seen) >= p.SessionIdle:
		return idle
	}
	return alive
}

// open makes the session of a completed sign-in, and remembers the device when it is new.
func (s *Service) open(tx *db.Tx, k *vault.Key, r signin, a *account, v Visit, now time.Time) (SignedIn, error) {
	out := SignedIn{Token: randomToken()}
	device := r.Device
	if device == "" {
		device, out.Device = string(ids.New[ids.Session]()), randomToken()
		if _, err := tx.Exec(qDeviceInsert, a.Tenant, device, a.ID, tokenHash(out.Device), db.Micros(now), db.Micros(now.Add(s.policy.DeviceFor)), deviceMAC(k, device, a.ID, tokenHash(out.Device), db.Micros(now))); err != nil {
			return out, err
		}
	}
	id := ids.New[ids.Session]()
	addr := k.Seal(at(sessionsTable, string(id), "addr"), []byte(v.Addr))
	agent := k.Seal(at(sessionsTable, string(id), "agent"), []byte(clip(v.Agent, 200)))
	b := boundSession{id: id, account: a.ID, token: tokenHash(out.Token), device: device, created: db.Micros(now), factor: r.How}
	if b.factor == "" {
		b.factor = FactorMail
	}
	if _, err := tx.Exec(qSessionInsert, a.Tenant, id, a.ID, b.token, device, addr, agent, b.created, b.sum(k), b.factor); err != nil {
		return out, err
	}
	if err := moveVouched(tx, k, a.Tenant, a.ID, r.ID, id); err != nil {
		return out, err
	}
	if _, err := tx.Exec(qSignedInAt, a.Tenant, a.ID, db.Micros(now)); err != nil {
		return out, err
	}
	who := visitor(a.Tenant, a.ID, v)
	who.Session, who.Person = id, a.Person
	if err := s.openSealed(tx, k, a, id, now); err != nil {
		return out, err
	}
	return out, s.record(tx, "auth.signed_in", who, "ok", map[string]any{"signin": r.ID, "device": device, "new_device": out.Device != "", "factor": b.factor})
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// Session tells who holds a session cookie. With touch the request counts as activity; polling and
// progress streams pass false. A session that has ended is fault.Denied, with why in the code.
func (s *Service) Session(ctx context.Context, token string, touch bool) (Session, error) {
	if token == "" {
		return Session{}, fault.New(fault.Denied, "identity.no_session")
	}
	var rows []sessionRow
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qSession, scanSession, tokenHash(token))
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if len(rows) == 0 {
		return Session{}, fault.New(fault.Denied, "identity.no_session")
	}
	r, now := rows[0], time.Now()
	if r.ended != 0 && r.reason == endedUntied && r.owner.State == "active" {
		return Session{}, fault.New(fault.Denied, "identity.session_sso")
	}
	if r.ended != 0 || r.owner.State != "active" {
		return Session{}, fault.New(fault.Denied, "identity.session_ended")
	}
	k, err := s.keys.Tenant(ctx, r.owner.Tenant)
	if f := fault.Of(err); f != nil && f.Code == "vault.key_destroyed" { // the customer was erased a moment ago
		return Session{}, fault.New(fault.Denied, "identity.session_ended")
	}
	if err != nil {
		return Session{}, err
	}
	grants, bad := s.verified(k, rows, tokenHash(token))
	s.found(ctx, bad)
	switch bad.table {
	case sessionsTable:
		return Session{}, fault.New(fault.Denied, "identity.no_session")
	case accountsTable:
		return Session{}, fault.New(fault.Denied, "identity.session_ended")
	}
	created, seen := db.Time(r.created), db.Time(max(r.seen, s.touch.last(r.id)))
	if st := s.policy.sessionState(created, seen, now); st != alive {
		return Session{}, fault.New(fault.Denied, string(st))
	}
	screen := s.policy.screenAfter(r.minutes)
	locked := screenLocked(db.Time(r.screen), seen, now, screen)
	if touch && !locked {
		seen = now
		s.touch.note(r.owner.Tenant, r.id, now, s.policy.TouchStep)
	}
	out, err := s.build(k, r, grants, created, seen)
	out.Locked, out.ScreenEnds = locked, seen.Add(screen)
	return out, err
}

// verified gives the grants of a session's account, and the first of its rows that does not verify.
func (s *Service) verified(k *vault.Key, rows []sessionRow, token []byte) ([]Grant, finding) {
	r, set := rows[0], make([]grantRow, 0, len(rows))
	r.token = token
	for _, g := range rows {
		if g.grant.Role != "" {
			set = append(set, g.grant)
		}
	}
	switch t := r.owner.Tenant; {
	case s.policy.weak != SabotageRows && !same(r.mac, r.sum(k)):
		return nil, finding{t, sessionsTable, string(r.id)}
	case !s.genuine(k, &r.owner):
		return nil, finding{t, accountsTable, string(r.account)}
	case !s.genuineGrants(k, &r.owner, set):
		return nil, finding{t, grantsTable, string(r.account)}
	}
	out := make([]Grant, 0, len(set))
	for _, g := range set {
		out = append(out, g.Grant)
	}
	return out, finding{}
}

func (s *Service) build(k *vault.Key, r sessionRow, grants []Grant, created, seen time.Time) (Session, error) {
	login, err := k.Open(at(accountsTable, string(r.account), "login"), r.owner.login)
	if err != nil {
		return Session{}, err
	}
	name, err := k.Open(at(accountsTable, string(r.account), "name"), r.owner.name)
	if err != nil {
		return Session{}, err
	}
	out := Session{
		ID: r.id, LoginID: string(login), Name: string(name), MustChange: r.owner.MustChange != 0,
		StartedAt: created, SeenAt: seen, IdleEnds: seen.Add(s.policy.SessionIdle), Ends: created.Add(s.policy.SessionMost),
		Actor: actor.Actor{Kind: actor.Human, Tenant: r.owner.Tenant, Account: r.account, Person: r.owner.Person, Session: r.id},
	}
	out.Factor = r.factor
	if r.proven > 0 {
		out.ProvenUntil = db.Time(r.proven).Add(ProofFor)
	}
	roles, places := scope(grants)
	required, err := s.policy.requiredRoles(k, r.owner.Tenant, r.required)
	if err != nil {
		return Session{}, err
	}
	if anyRole(roles, required) {
		if r.factors > 0 && r.factor == FactorMail { // signed in before it was required
			return Session{}, fault.New(fault.Denied, "identity.session_weak")
		}
		out.MustEnrol = r.factors == 0 && r.factor != FactorSSO
	}
	if !out.MustChange && !out.MustEnrol {
		out.Actor.Roles, out.Actor.Places = roles, places
	}
	return out, nil
}

// SignOut ends the session of a cookie. A session that has already ended is no error.
func (s *Service) SignOut(ctx context.Context, v Visit, token string) error {
	cur, err := s.Session(ctx, token, false)
	if fault.Is(err, fault.Denied) {
		return nil
	}
	if err != nil {
		return err
	}
	a := cur.Actor
	a.Addr, a.Request = v.Addr, v.Request
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(qSessionEnd, a.Tenant, a.Session, db.Micros(time.Now()), "signed-out"); err != nil {
			return err
		}
		if _, err := tx.Exec(qAssertedEnd, a.Tenant, a.Session); err != nil {
			return err
		}
		if err := s.closeEmergency(tx, k, a, time.Now()); err != nil {
			return err
		}
		return s.record(tx, "auth.signed_out", a, "ok", nil)
	})
}

// Sessions lists the actor's own sessions, newest activity first.
func (s *Service) Sessions(ctx context.Context, a actor.Actor) ([]SessionInfo, error) {
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	var out []SessionInfo
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qSessions, func(r db.Scanner) (SessionInfo, error) {
			var i SessionInfo
			var addr, agent []byte
			var created, seen int64
			if err := r.Scan(&i.ID, &addr, &agent, &created, &seen); err != nil {
				return i, err
			}
			i.StartedAt, i.SeenAt, i.Current = db.Time(created), db.Time(max(seen, s.touch.last(i.ID))), i.ID == a.Session
			plain, err := k.Open(at(sessionsTable, string(i.ID), "addr"), addr)
			if err != nil {
				return i, err
			}
			i.Addr = string(plain)
			plain, err = k.Open(at(sessionsTable, string(i.ID), "agent"), agent)
			i.Agent = string(plain)
			return i, err
		}, a.Tenant, a.Account, db.Micros(now.Add(-s.policy.SessionIdle)), db.Micros(now.Add(-s.policy.SessionMost)))
		return err
	})
	return out, err
}

// EndSession ends one of the own sessions. Who asks must just have shown who it is, so that whoever finds an
// open browser can't throw its owner out elsewhere.
func (s *Service) EndSession(ctx context.Context, v Visit, token string, id ids.Session) error {
	cur, err := s.Session(ctx, token, true)
	if err != nil {
		return err
	}
	own, err := s.Sessions(ctx, cur.Actor)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(own, func(i SessionInfo) bool { return i.ID == id }) { // before a proof is asked for: what is not one's own does not exist
		return fault.New(fault.Missing, "identity.session_missing")
	}
	if cur, err = s.proven(ctx, v, token); err != nil {
		return err
	}
	a := cur.Actor
	return s.transact(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(qSessionEndOwn, a.Tenant, id, a.Account, db.Micros(time.Now()), "ended-by-owner")
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Missing, "identity.session_missing")
		}
		if _, err := tx.Exec(qAssertedEnd, a.Tenant, id); err != nil {
			return err
		}
		return s.record(tx, "auth.session_ended", a, "ok", map[string]any{"session": string(id)})
	})
}

// EndOthers ends the own sessions except the present one, on the same condition.
func (s *Service) EndOthers(ctx context.Context, v Visit, token string) error {
	cur, err := s.proven(ctx, v, token)
	if err != nil {
		return err
	}
	a := cur.Actor
	return s.transact(ctx, func(tx *db.Tx) error {
		if err := s.endSessions(tx, a.Tenant, a.Account, a.Session, "ended-by-owner"); err != nil {
			return err
		}
		return s.record(tx, "auth.session_ended", a, "ok", map[string]any{"session": "others"})
	})
}

// Renew gives a session another token and makes the present one useless: whoever has shown again who it is
// goes on with a token that nobody can have taken before.
func (s *Service) Renew(ctx context.Context, token string) (string, error) {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return "", err
	}
	k, err := s.keys.Tenant(ctx, cur.Actor.Tenant)
	if err != nil {
		return "", err
	}
	next := randomToken()
	return next, s.transact(ctx, func(tx *db.Tx) error {
		return s.amendSession(tx, k, cur.Actor.Tenant, cur.ID, func(b *boundSession) { b.token = tokenHash(next) })
	})
}

// endSessions ends every session of an account but one ("" ends them all), and what is still open between
// the two steps.
func (s *Service) endSessions(tx *db.Tx, t ids.Tenant, a ids.Account, keep ids.Session, reason string) error {
	if _, err := tx.Exec(qSignInsEnd, t, a); err != nil {
		return err
	}
	if _, err := tx.Exec(qAssertedEndOf, t, a, keep); err != nil {
		return err
	}
	_, err := tx.Exec(qSessionsEnd, t, a, db.Micros(time.Now()), reason, keep)
	return err
}
