package accessreview

import (
	"context"
	"errors"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// carryAll carries out what is not denied yet, and tells how many lines it could not.
func (s *Service) carryAll(ctx context.Context, t tenant.Tenant, association ids.Tenant, c Campaign) (left int, err error) {
	lines, err := s.lines(ctx, t.ID, c.ID)
	if err != nil {
		return 0, err
	}
	var b *bench
	for i := range lines {
		l := &lines[i]
		if !l.Decision.takes() || l.ReadBack == "denied" {
			continue
		}
		err := s.carry(ctx, t.ID, l)
		if stays(err) && l.Decision == Suspended {
			if b == nil {
				if b, err = s.benchNow(ctx, t.ID, association); err != nil {
					return left, err
				}
			}
			err = s.escalate(ctx, t.ID, l, *b)
		}
		if err != nil && !stays(err) {
			return left, err
		}
		if l.ReadBack != "denied" {
			left++
		}
	}
	return left, nil
}

// lastOne tells that a grant stays because nobody else could administer.
func lastOne(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Code == "identity.last_admin"
}

// stays tells that silence takes nothing away here: from the last administrator, and from an emergency account, which
// is kept at its own page and must not die because nobody answered. The question goes on to the second signers.
func stays(err error) bool { return lastOne(err) || ofEnvelope(err) }

func ofEnvelope(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Code == "identity.sealed_account"
}

// tampered tells that the account's rows were changed past the service, which then refuses to work on them.
func tampered(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Code == "identity.row_tampered"
}

// carry takes a grant away and reads back, through the same decision that every request meets, whether it
// is denied now. It may be done again at any time.
func (s *Service) carry(ctx context.Context, t ids.Tenant, l *Line) error {
	who, reason := machine(t), "権限の見直し（"+l.Campaign+"）"
	var err error
	switch {
	case s.RecordOnly: // a sabotaged sandbox: it is written down, and that is all
	case l.Kind != Account:
		err = s.Principals.Withdraw(ctx, who, Principal{Kind: l.Kind, ID: l.Subject, Holds: l.Role}, reason)
		if errors.Is(err, ErrByHand) {
			err = nil
		}
	case l.Decision == Reduce:
		err = s.Accounts.NarrowGrant(ctx, who, ids.Account(l.Subject), l.grant(), l.ToSite, reason)
	default:
		err = s.Accounts.RevokeGrant(ctx, who, ids.Account(l.Subject), l.grant(), reason)
	}
	if tampered(err) {
		err = nil // such a row opens nothing; reading back says so
	}
	if err != nil && !stays(err) {
		return err
	}
	denied, rerr := s.denied(ctx, t, l)
	if rerr != nil {
		return rerr
	}
	result := map[bool]string{true: "denied", false: "granted"}[denied || s.RecordOnly]
	if l.ReadBack == result || stays(err) {
		return err
	}
	l.ReadBack = result
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return err
	}
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		row, err := s.one(tx, k, t, l.Campaign, l.No)
		if err != nil {
			return err
		}
		before, now := row.mac, db.Micros(time.Now())
		row.CarriedAt, row.ReadBack = db.Time(now), result
		n, err := tx.Exec(qCarried, t, l.Campaign, l.No, now, result, row.sum(k), before)
		if err == nil && n == 0 { // another node was quicker: what it has left is read again
			err = fault.New(fault.Busy, "db.busy")
		}
		if err != nil {
			return err
		}
		_, err = s.record(tx, "review.read_back", machine(t), map[string]any{"campaign": l.Campaign, "line": l.No, "account": l.Subject, "now": result})
		return err
	})
}

func (l *Line) grant() identity.Grant {
	return identity.Grant{Role: actor.Role(l.Role), Site: l.Site, Dept: l.Dept}
}

// denied asks whether the grant of a line opens anything now.
func (s *Service) denied(ctx context.Context, t ids.Tenant, l *Line) (bool, error) {
	if l.Kind != Account {
		all, err := s.Principals.Principals(ctx, t)
		return !slices.ContainsFunc(all, func(p Principal) bool { return p.grant() == l.Grant }), err
	}
	a, err := s.Accounts.Effective(ctx, t, ids.Account(l.Subject))
	if fault.Is(err, fault.Missing) {
		return true, nil
	}
	return !Reaches(a, l.Grant), err
}

// Reaches decides whether an actor, as its next request would be, still has what a grant gave: the role with
// any of its permissions, in that site and department.
func Reaches(a actor.Actor, g Grant) bool {
	role := actor.Role(g.Role)
	if !a.Has(role) {
		return false
	}
	alone := a
	alone.Roles = []actor.Role{role}
	if !slices.ContainsFunc(access.Matrix, func(r access.Row) bool { return access.Allows(alone, r.Permission) }) {
		return false
	}
	places, limited := a.Places[role]
	if g.Dept != "" && !limited {
		return false
	}
	return actor.Reach{All: !limited, Places: places}.Contains(actor.Reach{Places: []actor.Place{{Site: g.Site, Dept: g.Dept}}})
}

// benchNow finds who may be asked now.
func (s *Service) benchNow(ctx context.Context, t, association ids.Tenant) (*bench, error) {
	own, err := s.Accounts.Accounts(ctx, machine(t))
	if err != nil {
		return nil, err
	}
	b, err := s.benchFor(ctx, t, association, own)
	return &b, err
}

// escalate keeps the last administrator and puts the question to those behind the tenant's administrators.
func (s *Service) escalate(ctx context.Context, t ids.Tenant, l *Line, b bench) error {
	r, _ := bench{seconds: b.seconds, above: b.above}.pick(l.Subject, map[ids.Account]int{})
	now := time.Now()
	k, err := s.Keys.Tenant(ctx, t)
	if err != nil {
		return err
	}
	err = s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		n, err := s.settle(tx, k, t, l.Campaign, l.No, Suspended, Escalated, now)
		if err != nil || n == 0 {
			return err
		}
		if _, err := s.assign(tx, k, t, l, r); err != nil {
			return err
		}
		if r.Account != "" {
			if _, err := tx.Exec(qNotice, t, l.Campaign, "kept-last", string(r.Account), db.Micros(now)); err != nil {
				return err
			}
		}
		_, err = s.record(tx, "review.escalated", machine(t), map[string]any{"campaign": l.Campaign, "line": l.No, "account": l.Subject, "reviewer": string(r.Account)})
		return err
	})
	if err == nil {
		l.Decision = Escalated
	}
	return err
}
