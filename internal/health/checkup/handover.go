package checkup

import (
	"cmp"
	"context"
	"crypto/subtle"
	"fmt"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

// Whole is all that is kept of one person's check-ups, with what later imports and judgements replaced: the
// employer's records as they are handed over at the end of a contract (clause 6-2, 安衛則51条).
type Whole struct {
	Person   ids.Person
	Results  []WholeResult // oldest first
	Opinions []*Opinion    // newest first
	Notes    []*FollowUp   // whether a doctor was seen, newest first
	Consents []WholeConsent
	Withheld int // values beyond the law that are left out because the person has not consented
}

// WholeResult is one result of an applied import.
type WholeResult struct {
	ID       ids.Result
	Day      jst.Date
	Year     int
	Body     string
	Import   ids.Import
	Replaced bool // a later import brought another result of the same day
	Values   []ItemValue
	Judged   []WholeJudgement // newest first
}

// WholeJudgement is one version of a judgement.
type WholeJudgement struct {
	Seq int
	By  ids.Account // empty: the rules
	At  time.Time
	*Judgement
}

// WholeConsent is a consent or its withdrawal.
type WholeConsent struct {
	Kind  string
	Given bool
	At    time.Time
}

var qConsentAll = db.Q("checkup.consent_all", `select id, kind, given, by_account, at, mac from consent where tenant_id = $1 and person_id = $2 order by at, id`)

const wholeBatch = 200 // people whose keys are fetched, and whose reading is recorded, at once

// EachWhole hands the records of people to fn, one after another; people without a key have none. Every
// reading is recorded with whom it was about.
func (s *Service) EachWhole(ctx context.Context, a actor.Actor, people []ids.Person, fn func(*Whole) error) error {
	if err := s.require(ctx, a, access.CheckupValues, "checkup.handover"); err != nil {
		return err
	}
	for batch := range slices.Chunk(people, wholeBatch) {
		keys, err := s.vault.Persons(ctx, a.Tenant, batch)
		if err != nil {
			return err
		}
		if err := s.record(ctx, a, "checkup.handover", "checkup.values", batch, map[string]any{"shown": len(batch)}); err != nil {
			return err
		}
		for _, p := range batch {
			k := keys[p]
			if k == nil {
				continue
			}
			w, err := s.whole(ctx, a.Tenant, p, k)
			if err != nil {
				return err
			}
			if err := fn(w); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Service) whole(ctx context.Context, t ids.Tenant, p ids.Person, k *vault.Key) (*Whole, error) {
	tk, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	consent, err := s.consents(ctx, t, p, ConsentOptional)
	if err != nil {
		return nil, err
	}
	var all []*result
	var opinions []sealedOpinion
	w := &Whole{Person: p}
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		if all, err = db.All(tx, qPerson, scanResult, t, p); err != nil {
			return err
		}
		for _, r := range all {
			if r.history, err = db.All(tx, qJudgements, scanJudged, t, r.id); err != nil {
				return err
			}
		}
		if opinions, err = db.All(tx, qOpinionsPerson, scanOpinion, t, p); err != nil {
			return err
		}
		w.Consents, err = db.All(tx, qConsentAll, func(sc db.Scanner) (WholeConsent, error) { return scanConsent(sc, tk, p) }, t, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(x, y *result) int { return cmp.Or(x.day.Compare(y.day), cmp.Compare(x.applied, y.applied)) })
	for i, r := range all {
		out, err := s.wholeResult(ctx, t, w, r, k, consent)
		if refused(err) { // not written by the service: it counts as absent, as on every screen
			if err := s.found(ctx, t, resultTable, string(r.id)); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		out.Replaced = i+1 < len(all) && all[i+1].day == r.day
		w.Results = append(w.Results, out)
	}
	for i := range opinions {
		o, err := s.openOpinion(ctx, t, &opinions[i], k)
		if err != nil {
			return nil, err
		}
		if o != nil {
			w.Opinions = append(w.Opinions, o)
		}
	}
	w.Notes, err = s.followUpsOf(ctx, t, p, k)
	return w, err
}

// wholeResult opens one result with every judgement. Without consent what the law does not ask for stays out, as
// on every screen (health.md §2.3).
func (s *Service) wholeResult(ctx context.Context, t ids.Tenant, w *Whole, r *result, k *vault.Key, consent bool) (out WholeResult, err error) {
	out = WholeResult{ID: r.id, Day: r.day, Year: r.year, Import: r.batch}
	plain, err := k.Open(locResult(r.place()), r.sealed)
	if err != nil {
		return out, err
	}
	if out.Body, out.Values, err = decodeValues(plain); err != nil {
		return out, err
	}
	hidden := func(it *Item) bool { return !consent && !it.Statutory }
	n := len(out.Values)
	out.Values = slices.DeleteFunc(out.Values, func(v ItemValue) bool { return hidden(v.Item) })
	w.Withheld += n - len(out.Values)
	for _, h := range r.history {
		plain, err = k.Open(locJudgement(r.place(), h), h.sealed)
		if refused(err) {
			if err := s.found(ctx, t, judgementTable, fmt.Sprintf("%s/%d", r.id, h.seq)); err != nil {
				return out, err
			}
			continue
		}
		if err != nil {
			return out, err
		}
		j, err := decodeJudgement(plain)
		if err != nil {
			return out, err
		}
		j.Criteria = h.criteria
		j.Items = slices.DeleteFunc(j.Items, func(i ItemJudgement) bool { return hidden(i.Item) })
		out.Judged = append(out.Judged, WholeJudgement{h.seq, h.by, h.at, j})
	}
	return out, nil
}

// scanConsent reads a row of consent; one that the service has not written is no consent.
func scanConsent(sc db.Scanner, tk *vault.Key, p ids.Person) (c WholeConsent, err error) {
	var id, by, mac string
	var given int
	var at int64
	err = sc.Scan(&id, &c.Kind, &given, &by, &at, &mac)
	written := subtle.ConstantTimeCompare([]byte(mac), []byte(consentMAC(tk, id, p, c.Kind, given, by, at))) == 1
	c.Given, c.At = given == 1 && written, db.Time(at)
	return c, err
}
