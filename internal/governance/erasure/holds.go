package erasure

import (
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// What a hold covers.
const (
	HoldTenant = "tenant"
	HoldPerson = "person"
	HoldClass  = "class"
)

// held is what the active holds of a tenant cover.
type held struct {
	whole   bool            // everything
	classes map[string]bool // retention classes
	people  map[ids.Person]bool
}

// holdsIn reads the holds inside of the transaction that decides. When they cannot be read nothing is erased.
func holdsIn(tx *db.Tx, t ids.Tenant) (h held, err error) {
	h = held{classes: map[string]bool{}, people: map[ids.Person]bool{}}
	err = db.Each(tx, qHoldsActive, func(s db.Scanner) error {
		var scope, class string
		var p ids.Person
		if err := s.Scan(&scope, &p, &class); err != nil {
			return err
		}
		switch scope {
		case HoldTenant:
			h.whole = true
		case HoldPerson:
			h.people[p] = true
		case HoldClass:
			h.classes[class] = true
		default:
			return fault.New(fault.Internal, "erasure.hold_unreadable")
		}
		return nil
	}, t)
	if err != nil {
		err = fault.New(fault.Busy, "erasure.holds_unread").Because(err)
	}
	return h, err
}

// turn makes deciding and placing a hold take turns: whoever comes second sees what the first has done.
func turn(tx *db.Tx, t ids.Tenant) error {
	_, err := tx.Exec(qTurn, t)
	return err
}
