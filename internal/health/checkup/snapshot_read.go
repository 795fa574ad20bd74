package checkup

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

func (s *Service) revisions(ctx context.Context, t ids.Tenant) (results, decided int64, err error) {
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		results, decided, err = revisionsIn(tx, t)
		return err
	})
	return results, decided, err
}

func revisionsIn(tx *db.Tx, t ids.Tenant) (results, decided int64, err error) {
	err = db.Each(tx, qRevision, func(sc db.Scanner) error { return sc.Scan(&results, &decided) }, t)
	return results, decided, err
}

// sealedExam is a candidate for a person's newest result.
type sealedExam struct {
	exam
	applied int64
	seq     int
	brief   []byte
}

// newer: a later day, a later batch of that day, a later judgement of that result.
func (x *sealedExam) newer(o *sealedExam) bool {
	return cmp.Or(x.day.Compare(o.day), cmp.Compare(x.applied, o.applied), strings.Compare(string(x.result), string(o.result)), cmp.Compare(x.seq, o.seq)) > 0
}

// readResults finds and decrypts the newest result of everybody; whoever's key is gone is gone from the
// list as well.
func (s *Service) readResults(ctx context.Context, t ids.Tenant, n *snapshot) error {
	// A judgement that does not verify counts as absent: look again for what is newest without it.
	for skip := map[string]bool{}; ; {
		before := len(skip)
		if err := s.readNewest(ctx, t, n, skip); err != nil || len(skip) == before {
			return err
		}
	}
}

func (x *sealedExam) name() string { return fmt.Sprintf("%s/%d", x.result, x.seq) }

func (s *Service) readNewest(ctx context.Context, t ids.Tenant, n *snapshot, skip map[string]bool) error {
	newest := map[ids.Person]*sealedExam{}
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		clear(newest)
		if n.results, _, err = revisionsIn(tx, t); err != nil {
			return err
		}
		if n.years, err = db.Column[int](tx, qYears, t); err != nil {
			return err
		}
		return db.Each(tx, qYear, func(sc db.Scanner) error {
			x := &sealedExam{}
			var day string
			if err := sc.Scan(&x.result, &x.person, &day, &x.applied, &x.seq, &x.brief); err != nil {
				return err
			}
			if x.day, err = jst.ParseDate(day); err != nil {
				return err
			}
			if len(skip) > 0 && skip[x.name()] {
				return nil
			}
			if o := newest[x.person]; o == nil || x.newer(o) {
				newest[x.person] = x
			}
			return nil
		}, t, n.year)
	})
	if err != nil {
		return err
	}
	keys, err := s.vault.Persons(ctx, t, slices.Collect(maps.Keys(newest)))
	if err != nil {
		return err
	}
	for p, x := range newest {
		k := keys[p]
		if k == nil {
			delete(newest, p)
			continue
		}
		plain, err := k.Open(locBrief(place{result: x.result, year: n.year, day: x.day}, x.seq), x.brief)
		if refused(err) {
			if err := s.found(ctx, t, judgementTable, x.name()); err != nil {
				return err
			}
			skip[x.name()] = true
			continue
		}
		if err == nil {
			x.Brief, err = decodeBrief(plain)
		}
		if err != nil {
			return err
		}
		x.brief = nil
	}
	n.newest = newest
	return nil
}

// overlap is how far behind the newest opinion known one is looked for: transactions may be committed in
// another order than they were stamped.
const overlap = 10 * time.Minute

// readOpinions adds the opinions taken since the last look.
func (s *Service) readOpinions(ctx context.Context, t ids.Tenant, n *snapshot) error {
	var sealed []sealedOpinion
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		if _, n.decided, err = revisionsIn(tx, t); err != nil {
			return err
		}
		sealed, err = db.All(tx, qOpinionsYear, scanOpinion, t, n.year, n.lastDecision-overlap.Microseconds())
		return err
	})
	if err != nil {
		return err
	}
	keys, err := s.vault.Persons(ctx, t, subjects(sealed))
	if err != nil {
		return err
	}
	opinions := maps.Clone(n.opinions)
	if opinions == nil {
		opinions = map[ids.Result]*Opinion{}
	}
	for i := range sealed {
		x := &sealed[i]
		n.lastDecision = max(n.lastDecision, db.Micros(x.At))
		if k := keys[x.Person]; k != nil {
			o, err := s.openOpinion(ctx, t, x, k)
			if err != nil {
				return err
			}
			if o != nil {
				opinions[x.Result] = o
			}
		}
	}
	n.opinions = opinions
	return nil
}

func subjects(all []sealedOpinion) []ids.Person {
	out := make([]ids.Person, len(all))
	for i := range all {
		out[i] = all[i].Person
	}
	return out
}
