package accessreview

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// Decide records an actor's verdicts about lines, all or none, and carries out at once what takes something
// away. The time since the reviewer opened the page or decided last is shared out among them.
func (s *Service) Decide(ctx context.Context, a actor.Actor, of, campaign string, verdicts []Verdict) error {
	t, err := s.deciding(ctx, a, of)
	if err != nil {
		return err
	}
	if len(verdicts) == 0 {
		return fault.New(fault.Invalid, "review.nothing")
	}
	if err := s.decide(ctx, a, t, campaign, verdicts, false); err != nil {
		return err
	}
	lines, err := s.lines(ctx, t.ID, campaign)
	if err != nil {
		return err
	}
	for _, v := range verdicts {
		if !v.Decision.takes() {
			continue
		}
		i := slices.IndexFunc(lines, func(l Line) bool { return l.No == v.No })
		if err := s.carry(ctx, t.ID, &lines[i]); err != nil && !lastOne(err) {
			return err
		}
	}
	return nil
}

// KeepRest keeps every undecided line of the actor that nothing stands out about, and tells how many.
func (s *Service) KeepRest(ctx context.Context, a actor.Actor, of, campaign string) (int, error) {
	t, err := s.deciding(ctx, a, of)
	if err != nil {
		return 0, err
	}
	lines, err := s.lines(ctx, t.ID, campaign)
	if err != nil {
		return 0, err
	}
	var all []Verdict
	for i := range lines {
		l := &lines[i]
		if l.Decision == Open && l.Reviewer == a.Account && l.ReviewerOf == a.Tenant && !l.Flagged() {
			all = append(all, Verdict{No: l.No, Decision: Keep})
		}
	}
	if len(all) == 0 {
		return 0, fault.New(fault.Invalid, "review.nothing")
	}
	return len(all), s.decide(ctx, a, t, campaign, all, true)
}

func (s *Service) deciding(ctx context.Context, a actor.Actor, of string) (tenant.Tenant, error) {
	if err := s.Guard(a, permDecide); err != nil {
		return tenant.Tenant{}, err
	}
	return s.tenantOf(ctx, a, of)
}

func (s *Service) decide(ctx context.Context, a actor.Actor, t tenant.Tenant, campaign string, verdicts []Verdict, bulk bool) error {
	key, err := s.Keys.Tenant(ctx, t.ID)
	if err != nil {
		return err
	}
	own, err := s.Accounts.Accounts(ctx, machine(t.ID))
	if err != nil {
		return err
	}
	above, err := s.Second.Above(ctx, ruleDecide, []ids.Account{a.Account})
	if err != nil {
		return err
	}
	now := time.Now()
	return s.DB.Tx(ctx, t.ID, func(tx *db.Tx) error {
		c, err := db.One(tx, qCampaign, scanCampaign, t.ID, campaign)
		if fault.Is(err, fault.Missing) {
			return fault.New(fault.Missing, "review.missing")
		}
		if err != nil {
			return err
		}
		took, err := pace(tx, t.ID, campaign, a.Account, now, len(verdicts))
		if err != nil {
			return err
		}
		for _, v := range verdicts {
			if err := s.notAbove(tx, key, t.ID, c.ID, v.No, above[a.Account]); err != nil {
				return err
			}
			if err := s.write(tx, key, a, t.ID, &c, v, own, took, bulk, now); err != nil {
				return err
			}
		}
		_, err = tx.Exec(qPace, t.ID, campaign, string(a.Account), db.Micros(now))
		return err
	})
}

// notAbove refuses a reviewer whose account the line's subject has made.
func (s *Service) notAbove(tx *db.Tx, key *vault.Key, t ids.Tenant, campaign string, no int, above []ids.Account) error {
	if len(above) == 0 {
		return nil
	}
	r, err := s.one(tx, key, t, campaign, no)
	if fault.Is(err, fault.Missing) {
		return fault.New(fault.Missing, "review.missing")
	}
	if err == nil && slices.Contains(above, ids.Account(r.Subject)) {
		err = fault.New(fault.Denied, "identity.second_behind")
	}
	return err
}

// pace shares the time since the reviewer's last act out among n decisions. Who never opened the page took
// no time at all.
func pace(tx *db.Tx, t ids.Tenant, campaign string, who ids.Account, now time.Time, n int) (time.Duration, error) {
	since, err := db.Value[int64](tx, qSince, t, campaign, string(who))
	if fault.Is(err, fault.Missing) {
		return 0, nil
	}
	return max(0, now.Sub(db.Time(since))) / time.Duration(n), err
}

// write records one verdict; the statement itself refuses whoever is not the line's reviewer.
func (s *Service) write(tx *db.Tx, key *vault.Key, a actor.Actor, t ids.Tenant, c *Campaign, v Verdict, own []identity.Account, took time.Duration, bulk bool, now time.Time) error {
	r, err := s.one(tx, key, t, c.ID, v.No)
	if fault.Is(err, fault.Missing) {
		return fault.New(fault.Missing, "review.missing")
	}
	if err != nil {
		return err
	}
	if err := r.Check(a.Account, v); err != nil {
		return err
	}
	if r.ReviewerOf != a.Tenant {
		return fault.New(fault.Denied, "review.not_yours")
	}
	if c.State != Running && r.Decision != Escalated {
		return fault.New(fault.Conflict, "review.closed")
	}
	if v.Decision != Keep && r.Kind == Account && r.Role == string(actor.Emergency) {
		return fault.New(fault.Conflict, "review.sealed")
	}
	if v.Decision == Revoke && r.Kind == Account && lastKeeper(own, r.Grant) {
		return fault.New(fault.Conflict, "review.last_admin")
	}
	reason := []byte{}
	if text, err := glyph.Reason(v.Reason, maxReason, "review.reason", "理由"); err == nil { // none is none
		reason = key.Seal(lineAt(c.ID, v.No, "reason"), []byte(text))
	}
	many := 0
	if bulk {
		many = 1
	}
	before := r.mac
	r.Decision, r.ToSite, r.DecidedBy, r.DecidedAt, r.Took, r.Bulk, r.CarriedAt, r.ReadBack = v.Decision, v.ToSite, a.Account, now, took.Truncate(time.Millisecond), bulk, time.Time{}, ""
	n, err := tx.Exec(qDecide, t, c.ID, v.No, string(v.Decision), string(v.ToSite), reason, string(a.Account), db.Micros(now), took.Milliseconds(), many, r.sum(key), before)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Conflict, "review.decided")
	}
	detail := map[string]any{"campaign": c.ID, "line": v.No, "decision": string(v.Decision), "account": r.Subject, "role": r.Role, "took_ms": took.Milliseconds(), "bulk": bulk}
	_, err = s.record(tx, "review.decided", within(t, a), detail)
	return err
}

// lastKeeper tells whether a grant is the only one by which anybody active administers.
func lastKeeper(own []identity.Account, g Grant) bool {
	role := actor.Role(g.Role)
	if role != actor.TenantAdmin && role != actor.ITSM {
		return false
	}
	for _, a := range own {
		for _, h := range a.Grants {
			if h.Role == role && !a.Disabled && grantOf(a.ID, h) != g {
				return false
			}
		}
	}
	return true
}
