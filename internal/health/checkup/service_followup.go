package checkup

import (
	"context"
	"maps"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

const followUpColumns = `id, person_id, result_id, year, noted_by, noted_at, sealed`

var (
	qFollowUpAdd     = db.Q("checkup.followup_add", `insert into checkup_followup (tenant_id, `+followUpColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8)`)
	qFollowUpsPerson = db.Q("checkup.followups_person", `select `+followUpColumns+` from checkup_followup where tenant_id = $1 and person_id = $2 order by noted_at desc, id desc`)
	qFollowUpsYear   = db.Q("checkup.followups_year", `select `+followUpColumns+` from checkup_followup where tenant_id = $1 and year = $2 and noted_at > $3 order by noted_at, id`)
)

// NoteFollowUp records what became of the recommendation that a result led to. Earlier notes stay.
func (s *Service) NoteFollowUp(ctx context.Context, a actor.Actor, f FollowUp) error {
	if err := s.require(ctx, a, access.FollowUpNote, "followup.note"); err != nil {
		return err
	}
	if err := s.inScope(ctx, a, access.FollowUpNote, f.Person); err != nil {
		return err
	}
	keys, err := s.vault.Persons(ctx, a.Tenant, []ids.Person{f.Person})
	if err != nil {
		return err
	}
	k := keys[f.Person]
	if k == nil {
		return missing("checkup.result_missing")
	}
	now := time.Now()
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		of, err := resultOf(tx, a.Tenant, f.Result)
		if err != nil {
			return err
		}
		if of.person != f.Person {
			return missing("checkup.result_missing")
		}
		if err := f.check(of.day, jst.Of(now)); err != nil {
			return err
		}
		f.ID, f.Year, f.By, f.At = ids.New[FollowUpID](), of.year, a.Account, db.Time(db.Micros(now))
		sealed, err := sealJSON(k, locFollowUp(&f), followUpText{f.Outcome, f.Day, f.Note})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(qFollowUpAdd, a.Tenant, f.ID, f.Person, f.Result, f.Year, f.By, db.Micros(now), sealed); err != nil {
			return err
		}
		if _, err := tx.Exec(qBumpOpinions, a.Tenant); err != nil { // lists take both up together
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "followup.note", Actor: a, Kind: "checkup.followup", Subjects: []ids.Person{f.Person}, Detail: map[string]any{"result": f.Result}})
		return err
	})
}

// openFollowUp opens a note; one that does not verify is nil.
func (s *Service) openFollowUp(ctx context.Context, t ids.Tenant, f *sealedFollowUp, k *vault.Key) (*FollowUp, error) {
	open, err := f.open(k)
	if refused(err) {
		return nil, s.found(ctx, t, followUpTable, string(f.ID))
	}
	return open, err
}

func (s *Service) followUpsOf(ctx context.Context, t ids.Tenant, p ids.Person, k *vault.Key) ([]*FollowUp, error) {
	var sealed []sealedFollowUp
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		sealed, err = db.All(tx, qFollowUpsPerson, scanFollowUp, t, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []*FollowUp
	for i := range sealed {
		f, err := s.openFollowUp(ctx, t, &sealed[i], k)
		if err != nil {
			return nil, err
		}
		if f != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

// readFollowUps adds the notes taken since the last look.
func (s *Service) readFollowUps(ctx context.Context, t ids.Tenant, n *snapshot) error {
	var sealed []sealedFollowUp
	if err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		sealed, err = db.All(tx, qFollowUpsYear, scanFollowUp, t, n.year, n.lastNote-overlap.Microseconds())
		return err
	}); err != nil {
		return err
	}
	people := make([]ids.Person, len(sealed))
	for i := range sealed {
		people[i] = sealed[i].Person
	}
	keys, err := s.vault.Persons(ctx, t, people)
	if err != nil {
		return err
	}
	notes := maps.Clone(n.followUps)
	if notes == nil {
		notes = map[ids.Result]*FollowUp{}
	}
	for i := range sealed {
		x := &sealed[i]
		n.lastNote = max(n.lastNote, db.Micros(x.At))
		if k := keys[x.Person]; k != nil {
			f, err := s.openFollowUp(ctx, t, x, k)
			if err != nil {
				return err
			}
			if f != nil {
				notes[x.Result] = f
			}
		}
	}
	n.followUps = notes
	return nil
}
