package accessreview

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/people/tenant"
)

// A campaign's row has no MAC: what it opened with and what it came to stand with their sums in the audit log, whose
// events whoever writes into the records can't make (ADR 21). A row that the log does not tell of counts for nothing
// but the worse, and one that the log tells of and that is gone is missed.

const (
	verbOpened = "review.opened"
	verbClosed = "review.closed"
	verbMissed = "review.missed"
)

// told holds a quarter's row against its events, and takes its days from them; what an older version has not written
// there is the calendar's.
func (s *Service) told(ctx context.Context, t ids.Tenant, c *Campaign) (bool, error) {
	q, ok := ParseQuarter(c.ID)
	if !ok || c.State == Void { // void is the campaign of a tenant that has left: this one has not
		return false, nil
	}
	c.DueAt, c.EndsAt = q.Closes(), q.Ends()
	if c.State == Missed {
		return true, nil
	}
	e, ok, err := s.event(ctx, t, c.OpenedRef, verbOpened)
	if err != nil || !ok || e.Detail["campaign"] != c.ID || e.Detail["sha256"] != c.Snapshot {
		return false, err
	}
	for name, to := range map[string]*time.Time{"due": &c.DueAt, "ends": &c.EndsAt} {
		text, _ := e.Detail[name].(string)
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			*to = at
		}
	}
	if c.State != Closed {
		return true, nil
	}
	sum := sha256.Sum256([]byte(c.text))
	e, ok, err = s.event(ctx, t, c.ClosedRef, verbClosed)
	if err != nil || !ok || c.Report == nil || e.Detail["campaign"] != c.ID || e.Detail["sha256"] != hex.EncodeToString(sum[:]) {
		return false, err
	}
	c.ClosedAt = e.At
	return true, nil
}

// event is the one that a row refers to, when it is of this tenant and verb.
func (s *Service) event(ctx context.Context, t ids.Tenant, ref, verb string) (audit.Entry, bool, error) {
	of, rest, _ := strings.Cut(ref, "/")
	number, id, _ := strings.Cut(rest, "/")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || ids.Tenant(of) != t {
		return audit.Entry{}, false, nil
	}
	found, err := s.Log.Find(ctx, actor.System(t, "review"), audit.Filter{Verb: verb, Before: seq + 1, Limit: 1})
	if err != nil || len(found) == 0 || found[0].Seq != seq || found[0].ID != id {
		return audit.Entry{}, false, err
	}
	return found[0], true, nil
}

// gone tells of the quarter before this one, when the log knows its campaign and the table does not.
func (s *Service) gone(ctx context.Context, t tenant.Tenant, all []Campaign, now time.Time) (string, error) {
	q := QuarterOf(QuarterOf(now).Opens().Add(-time.Second))
	for _, c := range all {
		if c.ID == q.Key() {
			return "", nil
		}
	}
	for _, f := range []audit.Filter{{Verb: verbOpened, From: q.Opens(), To: q.Ends()}, {Verb: verbMissed, From: q.Opens()}} {
		f.Limit = 10
		found, err := s.Log.Find(ctx, actor.System(t.ID, "review"), f)
		if err != nil {
			return "", err
		}
		for _, e := range found {
			if e.Detail["campaign"] == q.Key() {
				return fmt.Sprintf("%sの見直しの記録がなくなっています", q), nil
			}
		}
	}
	return "", nil
}
