package accessreview

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/tenant"
)

func everything(Grant) bool { return true }

// open freezes what a tenant's grants are and begins its campaign. When another node was first, nothing
// happens.
func (s *Service) open(ctx context.Context, t tenant.Tenant, association ids.Tenant, c Campaign, wanted func(Grant) bool) error {
	before, err := s.before(ctx, t.ID, c.ID)
	if err != nil {
		return err
	}
	p, err := s.look(ctx, t, association, before, wanted, c.OpenedAt)
	if err != nil {
		return err
	}
	key, err := s.Keys.Tenant(ctx, t.ID)
	if err != nil {
		return err
	}
	load := map[ids.Account]int{}
	for i := range p.lines {
		p.lines[i].ready(key, c.ID, i+1, p.bench, load)
	}
	c.Snapshot = SnapshotHash(c.ID, p.lines)
	return s.DB.Tx(ctx, t.ID, func(tx *db.Tx) error {
		n, err := tx.Exec(qOpen, t.ID, c.ID, c.Purpose, string(Running), db.Micros(c.OpenedAt), db.Micros(c.DueAt), db.Micros(c.EndsAt), c.Snapshot)
		if err != nil || n == 0 {
			return err
		}
		for i := range p.lines {
			if _, err := addLine(tx, key, t.ID, &p.lines[i]); err != nil {
				return err
			}
		}
		ref, err := s.record(tx, verbOpened, machine(t.ID), map[string]any{"campaign": c.ID, "lines": len(p.lines), "sha256": c.Snapshot, "due": c.DueAt.UTC().Format(time.RFC3339), "ends": c.EndsAt.UTC().Format(time.RFC3339)})
		if err != nil {
			return err
		}
		_, err = tx.Exec(qOpenedRef, t.ID, c.ID, refText(ref))
		return err
	})
}

// ready gives a line its number, its reviewer and its sealed name.
func (l *Line) ready(key *vault.Key, campaign string, no int, b bench, load map[ids.Account]int) {
	l.Campaign, l.No, l.flags = campaign, no, l.Notes.text()
	name, err := json.Marshal(called{l.Login, l.Name})
	if err != nil {
		panic(err) // strings only
	}
	l.seal = key.Seal(lineAt(campaign, no, "subject"), name)
	if r, ok := b.pick(l.Subject, load); ok {
		l.Reviewer, l.ReviewerOf = r.Account, r.Tenant
	}
}

func addLine(tx *db.Tx, k *vault.Key, t ids.Tenant, l *Line) (int64, error) {
	row := stored{Line: *l}
	addendum := 0
	if l.Addendum {
		addendum = 1
	}
	return tx.Exec(qLineAdd, t, l.Campaign, l.No, addendum, string(l.Kind), l.Subject, l.Role, string(l.Site), string(l.Dept), l.flags, l.seal, []byte{}, string(l.Reviewer), string(l.ReviewerOf), row.sum(k))
}

// before are the grants that stood in the tenant's last campaign and were not taken away in it; nil when
// there was none.
func (s *Service) before(ctx context.Context, t ids.Tenant, but string) (map[Grant]bool, error) {
	var out map[Grant]bool
	return out, s.DB.View(ctx, t, func(tx *db.Tx) error {
		all, err := db.All(tx, qCampaigns, scanCampaign, t, "quarter")
		if err != nil {
			return err
		}
		for _, c := range all {
			if c.ID >= but || c.State != Closed {
				continue
			}
			rows, err := db.All(tx, qLines, scanLine, t, c.ID)
			if err != nil {
				return err
			}
			out = map[Grant]bool{}
			for _, r := range rows {
				if !r.Decision.takes() {
					out[r.Grant] = true
				}
				if r.Decision == Reduce {
					g := r.Grant
					g.Site = r.ToSite
					out[g] = true
				}
			}
			return nil
		}
		return nil
	})
}

// miss records that a quarter went by without a campaign.
func (s *Service) miss(ctx context.Context, t ids.Tenant, q Quarter, now time.Time) error {
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		n, err := tx.Exec(qOpen, t, q.Key(), "quarter", string(Missed), db.Micros(now), db.Micros(q.Closes()), db.Micros(q.Ends()), "")
		if err != nil || n == 0 {
			return err
		}
		_, err = s.record(tx, verbMissed, machine(t), map[string]any{"campaign": q.Key()})
		return err
	})
}

// void ends the campaign of a tenant that has left. The event stands in the service's own log, for the
// tenant's key may be gone.
func (s *Service) void(ctx context.Context, c Campaign) error {
	return s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		n, err := tx.Exec(qState, c.Tenant, c.ID, string(c.State), string(Void))
		if err != nil || n == 0 {
			return err
		}
		_, err = s.record(tx, "review.void", machine(ids.System), map[string]any{"campaign": c.ID, "tenant": string(c.Tenant)})
		return err
	})
}

var errOvertaken = errors.New("accessreview: another node was first")

// overtaken hides that another node has done the work already.
func overtaken(err error) error {
	if errors.Is(err, errOvertaken) {
		return nil
	}
	return err
}

// within is the actor of a campaign's own event when a person acted from another tenant: the event
// belongs to the tenant whose rights were decided about, and names the person's account.
func within(t ids.Tenant, a actor.Actor) actor.Actor {
	a.Tenant = t
	return a
}
