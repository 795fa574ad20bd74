package retention

import (
	"crypto/hmac"
	"encoding/binary"

	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

func num(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// sum binds who approved what: whoever can write into the database but has no key can neither make up an approval nor
// turn one to another person or record. It is the service's own key: the tenant's may be gone first.
func (c *Candidate) sum(k *vault.Key) []byte {
	return k.MAC("retention.candidate", []byte(c.Tenant), []byte(c.ID), []byte(c.Kind), []byte(c.Unit), []byte(c.Subject), []byte(c.Person), []byte(c.Class),
		[]byte(c.Base.String()), []byte(c.KeepUntil.String()), []byte(c.CustomerBy), num(db.Micros(c.CustomerAt)), []byte(c.DeskBy), num(db.Micros(c.DeskAt)))
}

// genuine: a candidate that nobody has approved says nothing that needs a MAC.
func (c *Candidate) genuine(k *vault.Key) bool {
	if c.CustomerBy == "" && c.DeskBy == "" && c.State == Open {
		return true
	}
	return hmac.Equal(c.mac, c.sum(k))
}

// refuse drops candidates whose approvals the service has not written. What is really due is listed again in the next
// night, without them.
func (s *Service) refuse(tx *db.Tx, t ids.Tenant, forged []Candidate, now int64) error {
	var names []string
	for _, c := range forged {
		if _, err := tx.Exec(qDrop, t, c.ID, unbound, now); err != nil {
			return err
		}
		names = append(names, c.ID)
	}
	return s.refused(tx, t, names)
}

func (s *Service) refused(tx *db.Tx, t ids.Tenant, names []string) error {
	if len(names) == 0 {
		return nil
	}
	s.Logger.Error("retention: approvals that the service has not written", "tenant", string(t), "count", len(names))
	return s.event(tx, machine, t, "integrity.row_refused", names, map[string]any{"table": "retention_candidate", "count": len(names)})
}

// declined binds until when what is due may stay, and who said so: a decline keeps data beyond its period.
func (c *Candidate) declined(k *vault.Key) []byte {
	return k.MAC("retention.declined", []byte(c.Tenant), []byte(c.ID), []byte(c.Kind), []byte(c.Unit), []byte(c.Subject), []byte(c.Person), []byte(c.Class),
		[]byte(c.Again.String()), []byte(c.EndedBy), num(db.Micros(c.EndedAt)))
}

// undecline ends declines that the service has not written: what they kept is listed like everything that is due.
func (s *Service) undecline(tx *db.Tx, t ids.Tenant, forged []Candidate, now int64) error {
	var names []string
	for _, c := range forged {
		if _, err := tx.Exec(qUndecline, t, c.ID, unbound, now); err != nil {
			return err
		}
		names = append(names, c.ID)
	}
	return s.refused(tx, t, names)
}

// unbound is why such a candidate was dropped.
const unbound = "unbound"

// rule is a contract's longer period as its row says.
type rule struct {
	class string
	years int
	by    string
	at    int64
	mac   []byte
}

func scanRule(s db.Scanner) (r rule, err error) {
	return r, s.Scan(&r.class, &r.years, &r.by, &r.at, &r.mac)
}

func (r rule) sum(k *vault.Key, t ids.Tenant) []byte {
	return k.MAC("retention.rule", []byte(t), []byte(r.class), num(int64(r.years)), []byte(r.by), num(r.at))
}
