package erasure

import (
	"fmt"
	"strings"

	"rakudos/internal/engine/db"
)

// How much goes at a time: the one writer of SQLite is held for some ten milliseconds.
const (
	chunkRows   = 2000
	chunkPeople = 20
)

// sweep holds the statements of one table. Their texts are made from the register alone.
type sweep struct {
	Store
	all     db.Query // deletes up to chunkRows rows of a tenant
	people  db.Query // deletes every row of up to chunkPeople people
	one     db.Query // deletes the rows of one record
	leftOne db.Query // rows of one record
	count   db.Query // rows of a tenant
	left    db.Query // rows of up to chunkPeople people

	texts, textsOf         db.Query // empties the words of a Skeleton: of a tenant, of up to chunkPeople people
	textsLeft, textsOfLeft db.Query // rows that still have words
	textsIn, textsAll      db.Query // identifier, person and words of a tenant's rows; tenants and people who have any
}

// sweeps are those of every table with rows of a tenant, in the order of the register.
var sweeps = makeSweeps()

func makeSweeps() (out []sweep) {
	for _, s := range Tables(Main) {
		if s.Tenant == "" || s.Erase == Own {
			continue
		}
		w := sweep{Store: s, count: db.Q("erasure.count_"+s.Name, "select count(*) from "+s.Name+" where "+s.Tenant+" = $1")}
		if s.Erase == Rows || s.Erase == AfterKeys {
			w.all = db.Q("erasure.all_"+s.Name, s.deleteAll())
		}
		if s.personal() {
			w.left = db.Q("erasure.left_"+s.Name, "select count(*) from "+s.Name+" where "+s.Tenant+" = $1 and "+s.ofPeople())
			if s.Erase == Rows {
				w.people = db.Q("erasure.people_"+s.Name, "delete from "+s.Name+" where "+s.Tenant+" = $1 and "+s.ofPeople())
			}
		}
		if s.Text != "" {
			of, people := s.Tenant+" = $1 and length("+s.Text+") > 0", " and "+s.ofPeople()
			if s.TextEnd != "" {
				people += " and " + s.TextEnd
			}
			empty := "update " + s.Name + " set " + s.Text + " = substr(" + s.Text + ", 1, 0) where "
			w.texts, w.textsOf = db.Q("erasure.texts_"+s.Name, empty+of), db.Q("erasure.texts_of_"+s.Name, empty+of+people)
			count := "select count(*) from " + s.Name + " where "
			w.textsIn = db.Q("erasure.texts_in_"+s.Name, "select "+s.Key[0]+", "+s.Person+", "+s.Text+" from "+s.Name+" where "+of)
			w.textsAll = db.GlobalQ("erasure.texts_all_"+s.Name, "select distinct "+s.Tenant+", "+s.Person+" from "+s.Name+" where length("+s.Text+") > 0")
			w.textsLeft, w.textsOfLeft = db.Q("erasure.texts_left_"+s.Name, count+of), db.Q("erasure.texts_of_left_"+s.Name, count+of+people)
		}
		if s.Unit != "" {
			of := s.Name + " where " + s.Tenant + " = $1 and " + s.UnitKey + " = $2"
			w.one, w.leftOne = db.Q("erasure.one_"+s.Name, "delete from "+of), db.Q("erasure.left_one_"+s.Name, "select count(*) from "+of)
		}
		out = append(out, w)
	}
	return out
}

func (s Store) deleteAll() string {
	if len(s.Key) == 0 {
		return "delete from " + s.Name + " where " + s.Tenant + " = $1"
	}
	key := strings.Join(s.Key, ", ")
	return fmt.Sprintf("delete from %s where %s = $1 and (%s) in (select %s from %s where %s = $1 limit %d)", s.Name, s.Tenant, key, key, s.Name, s.Tenant, chunkRows)
}

func (s Store) ofPeople() string {
	if s.Person != "" {
		return s.Person + " in " + places
	}
	return fmt.Sprintf("%s in (select %s from %s where %s = $1 and %s in %s)", s.Via.Column, s.Via.Key, s.Via.Table, s.Tenant, s.Via.Person, places)
}

// places are the parameters of up to chunkPeople people; a shorter list repeats its last one.
var places = func() string {
	var b strings.Builder
	for i := range chunkPeople {
		fmt.Fprintf(&b, ", $%d", i+2)
	}
	return "(" + b.String()[2:] + ")"
}()

func sweepOf(name string) sweep {
	for _, w := range sweeps {
		if w.Name == name {
			return w
		}
	}
	return sweep{}
}
