package erasure

import (
	"context"
	"slices"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Item is one record of somebody who stays: an expired check-up, say, with its judgements and opinions.
type Item struct {
	Unit   string     // table that the record is a row of: "checkup_result"
	ID     string     // its identifier
	Person ids.Person // whose it is, for holds
}

// EraseRecords erases single records of one retention class. The people's keys stay in use, so copies in older
// backups are not made unreadable by it: the record says so, and that they expire within a year. A hold on one
// of the people, on the class or on the tenant stops everything: fault.Conflict "erasure.held".
func (g *Gateway) EraseRecords(ctx context.Context, who actor.Actor, t ids.Tenant, class string, items []Item, o Order) (Record, error) {
	r := Record{Tenant: t, Kind: Records, Class: class, Order: o}
	for _, i := range items {
		if !slices.ContainsFunc(sweeps, func(s sweep) bool { return s.Name == i.Unit && s.Unit == i.Unit && s.Class == class }) || i.ID == "" || i.Person == "" || strings.Contains(i.ID, " ") {
			return Record{}, fault.New(fault.Invalid, "erasure.records", "most", itoa(maxPeople))
		}
		r.Records = append(r.Records, i.Unit+" "+i.ID)
		r.People = append(r.People, i.Person)
	}
	if len(items) == 0 || len(items) > maxPeople {
		return Record{}, fault.New(fault.Invalid, "erasure.records", "most", itoa(maxPeople))
	}
	slices.Sort(r.Records)
	slices.Sort(r.People)
	r.Records, r.People = slices.Compact(r.Records), slices.Compact(r.People)
	r.Subjects = int64(len(r.People))
	return g.begin(ctx, who, r)
}

// units calls fn for each of the records that rows of a table belong to.
func (s sweep) units(records []string, fn func(id string) error) error {
	if s.one.Text() == "" {
		return nil
	}
	for _, r := range records {
		if unit, id, _ := strings.Cut(r, " "); unit == s.Unit {
			if err := fn(id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *work) sweepRecords(ctx context.Context, s sweep) error {
	return s.units(w.rec.Records, func(id string) error {
		_, err := w.chunk(ctx, s, func(tx *db.Tx) (int64, error) { return tx.Exec(s.one, w.rec.Tenant, id) })
		return err
	})
}

func (w *work) leftRecords(tx *db.Tx, s sweep) (n int64, looked bool, err error) {
	err = s.units(w.rec.Records, func(id string) error {
		looked = true
		c, err := db.Value[int64](tx, s.leftOne, w.rec.Tenant, id)
		n += c
		return err
	})
	return n, looked, err
}

func deleteRecords(ctx context.Context, main *db.DB, s sweep, t ids.Tenant, records []string) (n int64, err error) {
	err = s.units(records, func(id string) error {
		return main.Tx(ctx, t, func(tx *db.Tx) error {
			m, err := tx.Exec(s.one, t, id)
			n += m
			return err
		})
	})
	return n, err
}
