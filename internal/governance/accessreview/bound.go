package accessreview

import (
	"context"
	"crypto/subtle"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// A line's decision keeps a right or takes it away, so the row carries a MAC of the tenant's key over what it says
// (ADR 21). Names and reasons are sealed for the line and need none. A line that does not verify counts as undecided,
// is nobody's to decide, and is suspended when the campaign closes; it is one event.

var (
	qLineUnbound = db.GlobalQ("review.line_unbound", `select `+lineColumns+` from review_line where mac is null order by tenant_id, campaign_id, line_no`)
	qLineBind    = db.Q("review.line_bind", `update review_line set mac = $4 where tenant_id = $1 and campaign_id = $2 and line_no = $3 and mac is null`)
	// What takes away is never refused: a line in doubt is settled whatever it says.
	qSettle = db.Q("review.settle", `update review_line set decision = $4, decided_at = $5, decided_by = '', to_site = '', carried_at = 0, readback = '', reviewer_id = '', reviewer_of = '', mac = $6
		where tenant_id = $1 and campaign_id = $2 and line_no = $3`)
)

func (r *stored) sum(k *vault.Key) []byte {
	yes := map[bool]string{true: "1", false: ""}
	parts := [][]byte{}
	for _, s := range append(r.opened(), string(r.Reviewer), string(r.ReviewerOf), string(r.Decision), string(r.ToSite), string(r.DecidedBy),
		micros(r.DecidedAt), itoa(r.Took.Milliseconds()), yes[r.Bulk], micros(r.CarriedAt), r.ReadBack) {
		parts = append(parts, []byte(s))
	}
	return k.MAC("review.line", parts...)
}

// opened is what a line said when it was written.
func (r *stored) opened() []string {
	added := ""
	if r.Addendum {
		added = "1"
	}
	return []string{r.Campaign, itoa(int64(r.No)), added, string(r.Kind), r.Subject, r.Role, string(r.Site), string(r.Dept), r.flags}
}

func micros(t time.Time) string { return itoa(db.Micros(t)) }

func (s *Service) genuine(k *vault.Key, r *stored) bool {
	return s.AnyRow || subtle.ConstantTimeCompare(r.mac, r.sum(k)) == 1
}

// doubt makes an altered line undecided, and tells whether it was altered.
func (s *Service) doubt(k *vault.Key, r *stored) bool {
	if s.genuine(k, r) {
		return false
	}
	r.Altered, r.Decision, r.ToSite, r.DecidedBy, r.ReadBack, r.Reviewer, r.ReviewerOf = true, Open, "", "", "", "", ""
	r.DecidedAt, r.CarriedAt, r.Took, r.Bulk = time.Time{}, time.Time{}, 0, false
	return true
}

// altered is what somebody gets who works on a line in doubt.
func altered() error { return fault.New(fault.Conflict, "review.line_altered") }

// one reads a line of a transaction; one in doubt is refused.
func (s *Service) one(tx *db.Tx, k *vault.Key, t ids.Tenant, campaign string, no int) (stored, error) {
	r, err := db.One(tx, qLine, scanLine, t, campaign, no)
	if err == nil && !s.genuine(k, &r) {
		err = altered()
	}
	return r, err
}

// found records a line that does not verify, once in the life of the process.
func (s *Service) found(ctx context.Context, t ids.Tenant, campaign string, no int) {
	row := campaign + "|" + itoa(int64(no))
	if !s.first.Time(string(t) + "|" + row) {
		return
	}
	if err := s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		_, err := s.Log.Append(tx, audit.Event{Verb: "integrity.row_refused", Actor: machine(t), Kind: "row", Result: "denied", Detail: map[string]any{"table": "review_line", "row": row}})
		return err
	}); err != nil {
		s.Logger.Warn("accessreview: a row refused could not be recorded", "tenant", t, "err", err)
	}
}

// Adopt binds, once in the life of a data directory, the lines that an older version of the program has written.
func (s *Service) Adopt(ctx context.Context) (n int, err error) {
	var rows []stored
	if err := s.DB.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qLineUnbound, scanLine)
		return err
	}); err != nil {
		return 0, err
	}
	keys := map[ids.Tenant]*vault.Key{}
	for _, r := range rows {
		if _, known := keys[r.tenant]; known {
			continue
		}
		k, err := s.Keys.Tenant(ctx, r.tenant)
		if err != nil && !fault.Is(err, fault.Missing) { // missing: destroyed, nobody reads it
			return 0, err
		}
		keys[r.tenant] = k
	}
	return len(rows), s.DB.Tx(ctx, db.Global, func(tx *db.Tx) error {
		for i := range rows {
			r := &rows[i]
			if k := keys[r.tenant]; k != nil {
				if _, err := tx.Exec(qLineBind, r.tenant, r.Campaign, r.No, r.sum(k)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
