package org

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/db"
)

// maxAbsent bounds how many people a full list may lack before it is taken for the wrong file; then they
// are counted and not listed.
const maxAbsent = 5_000

// Absent is somebody who works for the tenant and whom a full list does not name: a candidate to be marked
// as leaver, by a person and with a date. Absence alone changes nothing (decisions.md, roster import).
type Absent struct {
	Person ids.Person `json:"-"`
	Number string     `json:"number"`
	Name   string     `json:"-"` // screens alone
	Site   string     `json:"-"`
	Dept   string     `json:"-"`
}

// StartFullImport is StartImport of a file that names everybody.
func (s *Service) StartFullImport(ctx context.Context, a actor.Actor, filename string, r io.Reader) (ids.Import, error) {
	return s.start(ctx, a, filename, r, true)
}

// ImportFullNow is ImportNow of a file that names everybody.
func (s *Service) ImportFullNow(ctx context.Context, a actor.Actor, filename string, r io.Reader, confirm bool) (ImportView, error) {
	return s.importNow(ctx, a, filename, r, confirm, true)
}

// absent finds who works here within reach and is not among the numbers of the file; the second value counts
// those beyond the bound.
func (d *Directory) absent(named map[string]struct{}, reach actor.Reach) (out []ids.Person, n int) {
	for p := range d.All() {
		if !p.Left.IsZero() || !within(reach, p) { // has a last day already, or is not the importer's
			continue
		}
		if _, ok := named[FoldNumber(p.Number)]; ok {
			continue
		}
		if n++; n <= maxAbsent {
			out = append(out, p.ID)
		}
	}
	if n > maxAbsent {
		out = nil
	}
	return out, n
}

// showAbsent fills in who is still a candidate, for whoever may see them.
func (s *Service) showAbsent(ctx context.Context, a actor.Actor, v *ImportView) error {
	if !v.Full || len(v.absent) == 0 {
		return nil
	}
	dir, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	v.Absent = []Absent{}
	reach := s.guard.Reach(a, permImport)
	for _, id := range v.absent {
		p, ok := dir.Person(id)
		if !ok || !p.Left.IsZero() || !within(reach, p) {
			continue
		}
		site, _ := dir.Site(p.Site)
		dept, _ := dir.Dept(p.Dept)
		v.Absent = append(v.Absent, Absent{p.ID, p.Number, p.Name, site.Name, dept.Name})
	}
	return nil
}

// MarkLeavers sets the last day of people whom an applied full list does not name: those chosen, all or
// none. Somebody who is no candidate of that list is refused.
func (s *Service) MarkLeavers(ctx context.Context, a actor.Actor, id ids.Import, people []ids.Person, last jst.Date) error {
	if err := s.guard.Require(a, permImport); err != nil {
		return err
	}
	if err := s.guard.Require(a, permChange); err != nil {
		return err
	}
	v, err := s.Import(ctx, a, id)
	if err != nil {
		return err
	}
	switch {
	case !v.Full || v.State != Applied:
		return fault.New(fault.Conflict, "org.leavers_state")
	case len(people) == 0:
		return fault.New(fault.Invalid, "org.leavers_none")
	case !last.Valid():
		return fault.New(fault.Invalid, "org.leavers_day")
	}
	dir, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	slices.Sort(people)
	people = slices.Compact(people)
	var all []Person
	for _, one := range people {
		p, ok := dir.Person(one)
		if !ok || !within(s.guard.Reach(a, permChange), p) || !slices.ContainsFunc(v.Absent, func(x Absent) bool { return x.Person == one }) {
			return fault.New(fault.Conflict, "org.leavers_other")
		}
		if !p.Hired.IsZero() && last.Before(p.Hired) || !last.After(p.Birth) {
			return fault.New(fault.Invalid, "org.leavers_before_hired", "number", p.Number)
		}
		all = append(all, p)
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		now := db.Micros(time.Now())
		for _, p := range all {
			n, err := tx.Exec(qLeaveNew, a.Tenant, p.ID, packDate(last), now)
			if err != nil {
				return err
			}
			if n == 0 { // somebody else has set a last day meanwhile
				return fault.New(fault.Conflict, "org.leavers_other")
			}
			if _, err := tx.Exec(qEventAdd, a.Tenant, p.ID, ids.New[string](), string(Left), packDate(last), string(p.Site), string(p.Dept), []byte{}, string(a.Account), now); err != nil {
				return err
			}
			if err := s.append(tx, a, "person."+string(Left), []ids.Person{p.ID}, map[string]any{"day": last.String(), "import": id}); err != nil {
				return err
			}
		}
		if err := raise(tx, a.Tenant); err != nil {
			return err
		}
		return s.append(tx, a, "roster.leavers", people, map[string]any{"import": id, "day": last.String(), "people": len(people)})
	})
}

var qLeaveNew = db.Q("org.leave_new", `update person set left_on = $3, import_id = '', updated_at = $4 where tenant_id = $1 and person_id = $2 and left_on = 0`)

// MarkLeaversByNumber is MarkLeavers for the command line, where people are named by their numbers.
func (s *Service) MarkLeaversByNumber(ctx context.Context, a actor.Actor, id ids.Import, numbers []string, last jst.Date) error {
	dir, err := s.Directory(ctx, a.Tenant)
	if err != nil {
		return err
	}
	var people []ids.Person
	for _, n := range numbers {
		p, ok := dir.ByNumber(strings.TrimSpace(n))
		if !ok {
			return fault.New(fault.Missing, "org.leavers_number", "number", n, "of", strconv.Itoa(len(numbers)))
		}
		people = append(people, p.ID)
	}
	return s.MarkLeavers(ctx, a, id, people, last)
}
