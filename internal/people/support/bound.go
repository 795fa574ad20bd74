package support

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// sum binds everything that a row says with the tenant's key: whoever can write into the database but has no
// key can neither make an approval, nor stretch one, nor point it at another person or session.
func (r *row) sum(k *vault.Key) []byte {
	us := func(t time.Time) []byte { return binary.BigEndian.AppendUint64(nil, uint64(db.Micros(t))) }
	return k.MAC("support.access", []byte(r.ID), []byte(r.Home), []byte(r.Asker), r.asker, []byte(r.Scope), r.person, r.reason, []byte(r.Ticket),
		binary.BigEndian.AppendUint64(nil, uint64(r.Minutes)), us(r.AskedAt), []byte(r.State), []byte(r.Decider), r.decider, us(r.DecidedAt), us(r.EndsAt),
		[]byte(r.session), []byte(r.Access.Person), us(r.EnteredAt), us(r.EndedAt), []byte(r.EndReason))
}

func (r *row) genuine(k *vault.Key) bool { return subtle.ConstantTimeCompare(r.mac, r.sum(k)) == 1 }

// amend changes a row that verifies and binds it anew, if nobody was faster. A row that does not verify does
// not exist.
func (s *Service) amend(tx *db.Tx, r *row, change func(*vault.Key, *row)) error {
	k, err := s.keys.Tenant(tx.Context(), r.Tenant)
	if err != nil {
		return err
	}
	if !r.genuine(k) {
		return missing()
	}
	before := r.mac
	change(k, r)
	r.mac = r.sum(k)
	n, err := tx.Exec(qAmend, r.Tenant, r.ID, string(r.State), r.Decider, r.decider, db.Micros(r.DecidedAt), db.Micros(r.EndsAt), r.session, r.Access.Person,
		db.Micros(r.EnteredAt), db.Micros(r.EndedAt), r.EndReason, r.mac, before)
	if err == nil && n == 0 {
		return fault.New(fault.Busy, "db.busy") // run again on what the other one has left
	}
	return err
}

// forged records a row that does not verify, once in the life of the process, in the tenant's log.
func (s *Service) forged(ctx context.Context, r *row) {
	if !s.first.Time(string(r.Tenant) + "|" + r.ID) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = s.db.Tx(ctx, r.Tenant, func(tx *db.Tx) error {
		_, err := s.log.Append(tx, audit.Event{Verb: "integrity.row_refused", Actor: actor.System(r.Tenant, Purpose), Kind: "row", Result: "denied", Detail: map[string]any{"table": table, "row": r.ID}})
		return err
	})
}
