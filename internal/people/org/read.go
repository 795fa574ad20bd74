package org

import (
	"context"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// Filter narrows a list of people; zero fields do not.
type Filter struct {
	Query       string // part of the number, name or reading
	Site        ids.Site
	Dept        ids.Dept
	WithLeavers bool
	Offset      int
	Limit       int // 0: 50; at most 500
}

// Page is a part of a list by employee number; Total counts the whole.
type Page struct {
	Total  int
	People []Person
}

// Sites lists the sites that the actor may see. They are about nobody, so reading them is no audit event.
func (s *Service) Sites(ctx context.Context, a actor.Actor) ([]Site, error) {
	if err := s.guard.Require(a, permList); err != nil {
		return nil, err
	}
	d, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	reach := s.guard.Reach(a, permList)
	return slices.DeleteFunc(d.Sites(), func(x Site) bool { return !reach.Touches(x.ID) }), nil
}

// Depts lists the departments that the actor may see; as with Sites.
func (s *Service) Depts(ctx context.Context, a actor.Actor) ([]Dept, error) {
	if err := s.guard.Require(a, permList); err != nil {
		return nil, err
	}
	d, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	reach := s.guard.Reach(a, permList)
	return slices.DeleteFunc(d.Depts(), func(x Dept) bool { return !reach.TouchesDept(x.ID) }), nil
}

// People lists those in the actor's scope that fit the filter.
func (s *Service) People(ctx context.Context, a actor.Actor, f Filter) (Page, error) {
	if err := s.guard.Require(a, permList); err != nil {
		return Page{}, err
	}
	d, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return Page{}, err
	}
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 50
	}
	fits, reach := f.matcher(today()), s.guard.Reach(a, permList)
	var out Page
	for p := range d.All() {
		if !within(reach, p) || !fits(p) {
			continue
		}
		if out.Total >= f.Offset && len(out.People) < f.Limit {
			out.People = append(out.People, p)
		}
		out.Total++
	}
	subjects := make([]ids.Person, len(out.People))
	for i, p := range out.People {
		subjects[i] = p.ID
	}
	return out, s.record(ctx, a, "people.list", "person", subjects, map[string]any{"shown": len(subjects), "total": out.Total})
}

func (f Filter) matcher(day jst.Date) func(Person) bool {
	name, kana, number := strings.Join(strings.Fields(f.Query), ""), FoldKana(f.Query), FoldNumber(f.Query)
	return func(p Person) bool {
		switch {
		case f.Site != "" && p.Site != f.Site, f.Dept != "" && p.Dept != f.Dept, !f.WithLeavers && p.LeftBy(day):
			return false
		case name == "":
			return true
		}
		return strings.Contains(FoldNumber(p.Number), number) ||
			strings.Contains(strings.Join(strings.Fields(p.Name), ""), name) ||
			kana != "" && strings.Contains(FoldKana(p.Kana), kana)
	}
}

// within tells whether a person is within reach.
func within(r actor.Reach, p Person) bool { return r.Covers(p.ID, p.Site, p.Dept) }

// Names tells the names of those of some people whom the actor may list. Nobody else's name comes out.
func (s *Service) Names(ctx context.Context, a actor.Actor, people []ids.Person) (map[ids.Person]string, error) {
	if err := s.guard.Require(a, permList); err != nil {
		return nil, err
	}
	d, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	out, reach := map[ids.Person]string{}, s.guard.Reach(a, permList)
	var subjects []ids.Person
	for _, id := range people {
		if p, ok := d.Person(id); ok && within(reach, p) && out[id] == "" {
			out[id] = p.Name
			subjects = append(subjects, id)
		}
	}
	return out, s.record(ctx, a, "people.list", "person", subjects, map[string]any{"shown": len(subjects), "total": len(people)})
}

// Person reads one person: the actor's own record, or one in the actor's scope. Anybody else is missing.
func (s *Service) Person(ctx context.Context, a actor.Actor, id ids.Person) (Person, error) {
	p, err := s.person(ctx, a, id)
	if err != nil {
		return Person{}, err
	}
	return p, s.record(ctx, a, "person.read", "person", []ids.Person{id}, nil)
}

func (s *Service) person(ctx context.Context, a actor.Actor, id ids.Person) (Person, error) {
	own := id != "" && id == a.Person && s.guard.Require(a, permSelf) == nil
	if !own {
		if err := s.guard.Require(a, permPerson); err != nil {
			return Person{}, err
		}
	}
	return s.find(ctx, a, id, own, permPerson)
}

// find reads a person within the reach of a permission; anybody else is missing.
func (s *Service) find(ctx context.Context, a actor.Actor, id ids.Person, own bool, permission string) (Person, error) {
	d, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return Person{}, err
	}
	p, ok := d.Person(id)
	if !ok || !own && !within(s.guard.Reach(a, permission), p) {
		return Person{}, fault.New(fault.Missing, "org.person_missing")
	}
	return p, nil
}

// Event is one entry of a person's history.
type Event struct {
	Day     jst.Date // from which it holds
	Kind    Change
	Site    ids.Site // after it
	Dept    ids.Dept
	At      time.Time   // when it was entered
	Import  ids.Import  // that brought it; empty when a person entered it
	Account ids.Account // who entered it or confirmed the import
}

// History reads what became of a person, oldest first.
func (s *Service) History(ctx context.Context, a actor.Actor, id ids.Person) ([]Event, error) {
	if _, err := s.person(ctx, a, id); err != nil {
		return nil, err
	}
	var out []Event
	err := s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		out, err = db.All(tx, qHistory, scanEvent, a.Tenant, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, s.record(ctx, a, "person.history", "person.history", []ids.Person{id}, nil)
}

func scanEvent(s db.Scanner) (e Event, err error) {
	var day, at int64
	err = s.Scan(&e.Kind, &day, &e.Site, &e.Dept, &e.Import, &e.Account, &at)
	e.Day, e.At = unpackDate(int32(day)), db.Time(at)
	return e, err
}

// DeptPeople lists who works in a manager's own departments, by employee number.
func (s *Service) DeptPeople(ctx context.Context, a actor.Actor) ([]Person, error) {
	if err := s.guard.Require(a, permMeasures); err != nil {
		return nil, err
	}
	d, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var out []Person
	var subjects []ids.Person
	manager := a
	manager.Roles = nil
	if a.Has(actor.Manager) {
		manager.Roles = []actor.Role{actor.Manager} // what another role reaches is no part of the own departments
	}
	day, reach := today(), s.guard.Reach(manager, permMeasures)
	for p := range d.All() {
		if within(reach, p) && !p.LeftBy(day) {
			out = append(out, p)
			subjects = append(subjects, p.ID)
		}
	}
	return out, s.record(ctx, a, "dept.people", "person", subjects, map[string]any{"count": len(out)})
}
