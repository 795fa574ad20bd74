package audit

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/google/uuid"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var genesis = make([]byte, sha256.Size)

// Append writes an event into the transaction of what it is about: both happen or neither. The tenant is
// the actor's; an actor without one acts for the service itself. It works in a transaction of that tenant
// and in one of db.Global.
func (l *Log) Append(tx *db.Tx, e Event) (Ref, error) {
	if l.closed.Load() {
		return Ref{}, fault.New(fault.Internal, "audit.closed")
	}
	if e.Verb == "" {
		return Ref{}, fault.New(fault.Internal, "audit.no_verb")
	}
	r, err := l.append(tx, e)
	if err != nil {
		return Ref{}, err
	}
	tx.OnCommit(l.nudge)
	return Ref{r.tenant, r.seq, r.id}, nil
}

func (l *Log) append(tx *db.Tx, e Event) (row, error) {
	r := row{tenant: e.Actor.Tenant, verb: e.Verb, id: uuid.Must(uuid.NewV7()).String()}
	if r.tenant == "" {
		r.tenant = ids.System
	}
	e.Subjects = people(e.Subjects)
	salted, err := e.salted()
	if err != nil {
		return r, err
	}
	r.commitment = commit(salted)
	h, err := db.One(tx, qNext, scanNext, r.tenant, genesis)
	if err != nil {
		return r, err
	}
	r.seq, r.prev, r.at = h.seq, h.hash, db.Micros(time.Now())
	r.hash = r.link()
	if r.sealed, err = l.sealer.SealAudit(tx.Context(), r.tenant, r.place(), salted); err != nil {
		return r, err
	}
	if _, err := tx.Exec(qInsert, r.tenant, r.seq, r.id, r.at, r.verb, r.commitment, r.prev, r.hash, r.sealed); err != nil {
		return r, err
	}
	if _, err := tx.Exec(qHead, r.tenant, r.hash); err != nil {
		return r, err
	}
	return r, appendPeople(tx, &r, e.Subjects)
}

func appendPeople(tx *db.Tx, r *row, subjects []ids.Person) error {
	for len(subjects) > 0 {
		n, q := personRows, qPersons
		if len(subjects) < personRows {
			n, q = 1, qPerson
		}
		args := append(make([]any, 0, 2+n), r.tenant, r.seq)
		for _, p := range subjects[:n] {
			args = append(args, p)
		}
		if _, err := tx.Exec(q, args...); err != nil {
			return err
		}
		subjects = subjects[n:]
	}
	return nil
}

// Record appends an event in a transaction of its own.
func (l *Log) Record(ctx context.Context, e Event) (ref Ref, err error) {
	scope := e.Actor.Tenant
	if scope == "" {
		scope = ids.System
	}
	err = l.db.Tx(ctx, scope, func(tx *db.Tx) (err error) {
		ref, err = l.Append(tx, e)
		return err
	})
	return ref, err
}
