package retention

import (
	"context"
	"slices"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
)

// A contract's longer period stands in a row and in the audit log, whose events whoever writes into the records can't
// make or take away unseen (ADR 21). A row that is gone, or an older one that was put back, is missed: the longer
// period of the log is kept, for keeping too long is never too early.

const verbLengthened = "retention.lengthened"

// mostTold bounds how many decisions on one tenant's periods are read, the newest first.
const mostTold = 1000

// promise is the newest decision on a class that the log tells of.
type promise struct {
	years int
	by    ids.Account
	at    time.Time // as in the row
}

// told are the decisions on a tenant's classes. It is asked before the transaction that uses it: a decision made
// meanwhile only lengthens, or stands in a row that is newer.
func (s *Service) told(ctx context.Context, t ids.Tenant) (map[string]promise, error) {
	all, err := s.Log.Find(ctx, actor.System(t, "retention"), audit.Filter{Verb: verbLengthened, Limit: mostTold})
	if err != nil {
		return nil, err
	}
	out := map[string]promise{}
	for _, e := range all {
		class, _ := e.Detail["class"].(string)
		years, ok := number(e.Detail["years"])
		if _, known := out[class]; known || !ok || class == "" {
			continue
		}
		p := promise{years: years, by: e.Actor.Account, at: e.At.Add(-tolerance)}
		if at, _ := e.Detail["set_at"].(string); at != "" {
			us, err := strconv.ParseInt(at, 10, 64)
			if err != nil {
				continue
			}
			p.at = db.Time(us)
		}
		out[class] = p
	}
	return out, nil
}

// tolerance is how much earlier than its event a row was written by a version that did not note its instant there.
const tolerance = time.Minute

func number(v any) (int, bool) {
	switch n := v.(type) {
	case float64:
		return int(n), true
	case int64:
		return int(n), true
	case int:
		return n, true
	}
	return 0, false
}

// missed are the classes whose decision has no row any more, or an older one.
func missed(told map[string]promise, rules []rule) (out []string) {
	for class, p := range told {
		i := slices.IndexFunc(rules, func(r rule) bool { return r.class == class })
		if i < 0 || p.overrules(rules[i]) {
			out = append(out, class)
		}
	}
	slices.Sort(out)
	return out
}

// overrules tells whether the log knows a later decision than a row's, for a longer period.
func (p promise) overrules(r rule) bool { return p.years > r.years && db.Time(r.at).Before(p.at) }
