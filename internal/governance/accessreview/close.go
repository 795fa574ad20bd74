package accessreview

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// silenceChunk is how many lines one transaction suspends.
const silenceChunk = 200

// close suspends what nobody answered, carries everything out, and seals the report. Each step may be done
// again: a process that is killed in the middle leaves a campaign that the next one closes.
func (s *Service) close(ctx context.Context, t tenant.Tenant, association ids.Tenant, c Campaign) error {
	lines, err := s.lines(ctx, t.ID, c.ID)
	if err != nil {
		return err
	}
	var silent []int
	for _, l := range lines {
		if l.Decision == Open {
			silent = append(silent, l.No)
		}
	}
	for len(silent) > 0 {
		n := min(len(silent), silenceChunk)
		if err := s.silence(ctx, t.ID, c.ID, silent[:n], Open, Suspended, "review.suspended", time.Now()); err != nil {
			return err
		}
		silent = silent[n:]
	}
	if _, err := s.carryAll(ctx, t, association, c); err != nil {
		return err
	}
	if err := s.vouch(ctx, t.ID, c); err != nil {
		return err
	}
	if err := s.seal(ctx, t.ID, c); err != nil {
		return err
	}
	b, err := s.benchNow(ctx, t.ID, association)
	if err != nil {
		return err
	}
	return s.tellClosed(ctx, t, c, b)
}

// vouch makes what people have kept count: a reviewer who is independent of whoever gave a role has looked at its
// holder, and from the close on that holder is a person of his own beside the giver (access.Seconds). Roles without
// weight need none.
func (s *Service) vouch(ctx context.Context, t ids.Tenant, c Campaign) error {
	lines, err := s.lines(ctx, t, c.ID)
	if err != nil {
		return err
	}
	for i := range lines {
		l := &lines[i]
		if l.Decision != Keep || l.Kind != Account || l.Altered || !slices.Contains(identity.Privileged, actor.Role(l.Role)) {
			continue
		}
		by := actor.Actor{Kind: actor.Human, Tenant: l.ReviewerOf, Account: l.DecidedBy, Purpose: "access-review"}
		if err := s.Second.VouchKept(ctx, by, t, ids.Account(l.Subject), l.grant(), "権限の見直し（"+c.ID+"）"); err != nil {
			return err
		}
	}
	return nil
}

// seal writes the report into the campaign and its hash into the log, in one transaction.
func (s *Service) seal(ctx context.Context, t ids.Tenant, c Campaign) error {
	lines, err := s.lines(ctx, t, c.ID)
	if err != nil {
		return err
	}
	now := time.Now()
	r := Tally(lines)
	r.LinesHash, r.Snapshot, r.Late = LinesHash(c.ID, lines), c.Snapshot, !now.Before(c.EndsAt)
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	return overtaken(s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		ref, err := s.record(tx, verbClosed, machine(t), map[string]any{
			"campaign": c.ID, "sha256": hex.EncodeToString(sum[:]), "lines_sha256": r.LinesHash, "snapshot_sha256": c.Snapshot,
			"total": r.Total, "reviewed": r.Reviewed, "revoked": r.Revoked, "suspended": r.Suspended, "escalated": r.Escalated, "late": r.Late,
		})
		if err != nil {
			return err
		}
		n, err := tx.Exec(qClose, t, c.ID, db.Micros(now), refText(ref), string(text))
		if err == nil && n == 0 {
			err = errOvertaken
		}
		return err
	}))
}
