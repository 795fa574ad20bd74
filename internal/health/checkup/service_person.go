package checkup

import (
	"context"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/access"
)

// Person shows one person to whoever may see something of them.
func (s *Service) Person(ctx context.Context, a actor.Actor, p ids.Person) (*PersonView, error) {
	if err := s.require(ctx, a, access.PersonRead, "checkup.view"); err != nil {
		return nil, err
	}
	return s.view(ctx, a, p, access.PersonRead)
}

// Mine is the reader's own page.
func (s *Service) Mine(ctx context.Context, a actor.Actor) (*PersonView, error) {
	if err := s.require(ctx, a, access.PersonReadSelf, "checkup.view"); err != nil {
		return nil, err
	}
	if a.Person == "" {
		return nil, missing("checkup.person_missing")
	}
	return s.view(ctx, a, a.Person, access.PersonReadSelf)
}

// view shows a person within the reach of a permission, or the reader's own page.
func (s *Service) view(ctx context.Context, a actor.Actor, id ids.Person, with access.Permission) (*PersonView, error) {
	dir, err := s.people.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	p, ok := dir.Person(id)
	at := access.Subject{Tenant: a.Tenant, Person: id, Site: p.Site, Dept: p.Dept}
	own := a.Person == id && access.Allows(a, access.PersonReadSelf)
	if !ok || !own && !access.Reaches(a, with, at) {
		return nil, missing("checkup.person_missing")
	}
	e, err := s.eye(ctx, a, with)
	if err != nil {
		return nil, err
	}
	v := &PersonView{
		Person: id, Number: p.Number, Name: p.Name, Kana: p.Kana, Sex: toSex(p.Sex), Birth: p.Birth, Age: jst.AgeOn(p.Birth, e.today), Left: p.Left,
		ShowValues:    access.See(a, access.StatutoryValues, at, e.rule) == access.Raw,
		ShowJudgement: access.See(a, access.Judgement, at, e.rule) == access.Raw,
		ShowOpinion:   access.See(a, access.Opinion, at, e.rule) == access.Raw,
		CanDecide:     access.Reaches(a, access.CheckupDecide, at),
		CanFollow:     access.Reaches(a, access.FollowUpNote, at) && access.See(a, access.Judgement, at, e.rule) == access.Raw,
	}
	site, _ := dir.Site(p.Site)
	dept, _ := dir.Dept(p.Dept)
	v.Site, v.Dept = site.Name, dept.Name
	if v.Consent, err = s.consents(ctx, a.Tenant, id, ConsentOptional); err != nil {
		return nil, err
	}
	switch access.See(a, access.OtherValues, at, e.rule) {
	case access.Raw:
		v.ShowOptional = true
	case access.Consent:
		v.ShowOptional = v.Consent
	}
	all, k, err := s.results(ctx, a.Tenant, id)
	if err != nil {
		return nil, err
	}
	if err := s.opinionsOf(ctx, a.Tenant, v, k); err != nil {
		return nil, err
	}
	for _, r := range all {
		v.Exams = append(v.Exams, v.exam(r, e.today))
	}
	if v.CanFollow || own {
		if v.FollowUps, err = s.followUpsOf(ctx, a.Tenant, id, k); err != nil {
			return nil, err
		}
	}
	if v.ShowValues {
		c, err := s.activeCriteria(ctx, a.Tenant)
		if err != nil {
			return nil, err
		}
		v.table(all, c, subject(p, e.today))
	}
	if own && len(all) > 0 && all[0].judgement != nil {
		v.Advice, v.Summary = AdviceFor(all[0].judgement), Sentence(all[0].judgement)
	}
	if !v.ShowOpinion {
		v.Opinions = nil
	}
	return v, s.record(ctx, a, "checkup.view", v.kind(), []ids.Person{id}, map[string]any{"exams": len(v.Exams)})
}

func (s *Service) opinionsOf(ctx context.Context, t ids.Tenant, v *PersonView, k *vault.Key) error {
	var sealed []sealedOpinion
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		sealed, err = db.All(tx, qOpinionsPerson, scanOpinion, t, v.Person)
		return err
	})
	for i := range sealed {
		o, err := s.openOpinion(ctx, t, &sealed[i], k)
		if err != nil {
			return err
		}
		if o != nil {
			v.Opinions = append(v.Opinions, o)
		}
	}
	return err
}
