package certificate

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

var qFirstOnly = db.Q("certificate.first_only", `select `+columns+` from certificate c where c.tenant_id = $1 and c.stage = 1 and c.state <> 'revoked' and c.issued_at <= $2
	and not exists (select 1 from certificate d where d.tenant_id = c.tenant_id and d.slot = c.slot || '/2' and d.state <> 'revoked') order by c.certificate_id limit 1000`)

// Complete issues the second stage for every erasure whose backups are gone, and tells how many. gone looks
// whether any backup that was taken before an instant is still there; the date alone is not believed.
func (s *Service) Complete(ctx context.Context, a actor.Actor, gone func(ctx context.Context, before time.Time) (bool, error)) (int, error) {
	if err := s.Guard(a, permManage); err != nil {
		return 0, err
	}
	now := time.Now()
	rows, err := s.rows(ctx, qFirstOnly, db.Micros(now))
	if err != nil {
		return 0, err
	}
	n := 0
	var errs []error
	for _, r := range rows {
		ok, err := s.completable(ctx, r.Body, now, gone)
		if err == nil && ok {
			b := r.Body
			b.Approvers = b.approvers()
			seen := At(now)
			b.Stage, b.Backups.GoneAt, b.FirstStage = Backups, &seen, &Earlier{r.ID, r.Digest}
			if _, err = s.Issue(ctx, a, r.Slot+"/2", b); err == nil {
				n++
			}
		}
		errs = append(errs, err)
	}
	return n, errors.Join(errs...)
}

// lateAfter is how many days after the last day of the backups a second stage may still wait: after a gap the oldest
// generation is held until some days have been backed up again.
const lateAfter = 7

// Overdue names the first stages whose second one ought to be there, and tells how many wait for theirs in time.
func (s *Service) Overdue(ctx context.Context, now time.Time) (waiting int, late []string, err error) {
	rows, err := s.rows(ctx, qFirstOnly, db.Micros(now))
	if err != nil {
		return 0, nil, err
	}
	for _, r := range rows {
		last, err := jst.ParseDate(r.Body.Backups.LastExpiry)
		if err != nil {
			return 0, nil, err
		}
		if jst.Of(now).After(last.AddDays(lateAfter)) {
			late = append(late, r.ID)
		} else {
			waiting++
		}
	}
	return waiting, late, nil
}

// completable: the last day has gone by, and nothing from before the destruction of the keys is left.
func (s *Service) completable(ctx context.Context, b Body, now time.Time, gone func(context.Context, time.Time) (bool, error)) (bool, error) {
	last, err := jst.ParseDate(b.Backups.LastExpiry)
	if err != nil || !jst.Of(now).After(last) {
		return false, err
	}
	since, ok := b.Finished.Time() // what was copied before is what may still hold the data
	if !ok {
		return false, errors.New("certificate: a first stage without its end")
	}
	return gone(ctx, since)
}

// OfRun finds the certificates that were issued for slots beginning with a prefix: the newest first stage and
// its second one, where they are.
func (s *Service) OfRun(ctx context.Context, t ids.Tenant, prefix string) (first, second Entry, err error) {
	all, err := s.About(ctx, actor.System(ids.System, "certificate"), t)
	if err != nil {
		return first, second, err
	}
	for _, e := range all { // oldest first
		if len(e.Slot) < len(prefix) || e.Slot[:len(prefix)] != prefix || e.State == Revoked {
			continue
		}
		if e.Stage == Primary {
			first, second = e, Entry{}
		} else if e.Body.FirstStage.ID == first.ID {
			second = e
		}
	}
	return first, second, nil
}
