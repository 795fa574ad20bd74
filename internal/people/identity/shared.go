package identity

import (
	"context"
	"errors"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

const (
	sharedTable = "identity_shared_seen"
	sharedWeek  = 7 * 24 * time.Hour
	// sharedSeenFor is how long what somebody found out holds: a quarter, until the next review.
	sharedSeenFor = 92 * 24 * time.Hour
	sharedAddrs   = 500 // sign-ins looked at
)

// Shared is why an account looks as if several people used it: evidence for people to judge, not a verdict.
type Shared struct {
	Devices  int // browsers that passed both steps within a week
	Networks int // networks from which somebody signed in within a week
	// Seen is when an administrator looked into it, with the reason; zero when nobody has, when there are more
	// browsers now than then, or when it was too long ago.
	Seen   time.Time
	Reason string
}

var (
	qSharedAddrs = db.Q("identity.shared_addrs", `select session_id, addr from identity_sessions where tenant_id = $1 and account_id = $2 and created_at > $3 order by created_at desc limit $4`)
	qSharedSeen  = db.Q("identity.shared_seen", `select account_id, devices, seen_at, seen_by, reason, mac from identity_shared_seen where tenant_id = $1 and account_id = $2`)
	qSharedPut   = db.Q("identity.shared_put", `insert into identity_shared_seen (tenant_id, account_id, devices, seen_at, seen_by, reason, mac) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (tenant_id, account_id) do update set devices = excluded.devices, seen_at = excluded.seen_at, seen_by = excluded.seen_by, reason = excluded.reason, mac = excluded.mac`)
)

type sharedSeen struct {
	account     ids.Account
	devices     int
	at          int64
	by          string
	reason, mac []byte
}

func scanSharedSeen(s db.Scanner) (sharedSeen, error) {
	var r sharedSeen
	return r, s.Scan(&r.account, &r.devices, &r.at, &r.by, &r.reason, &r.mac)
}

func (r *sharedSeen) sum(k *vault.Key) []byte {
	return k.MAC("identity.shared_seen", []byte(r.account), num(int64(r.devices)), num(r.at), []byte(r.by), r.reason)
}

// sharedIn fills in the accounts of a tenant that look shared. They are few, so each is looked into for itself.
func (s *Service) sharedIn(tx *db.Tx, k *vault.Key, t ids.Tenant, now time.Time, into map[ids.Account]*Shared) error {
	if err := db.Each(tx, qSharedIn, func(r db.Scanner) error {
		var id ids.Account
		var one Shared
		err := r.Scan(&id, &one.Devices)
		into[id] = &one
		return err
	}, t, db.Micros(now.Add(-sharedWeek)), sharedDevices); err != nil {
		return err
	}
	for id, one := range into {
		if err := s.sharedEvidence(tx, k, t, id, now, one); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) sharedEvidence(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account, now time.Time, one *Shared) error {
	seen := map[string]bool{}
	if err := db.Each(tx, qSharedAddrs, func(r db.Scanner) error {
		var session ids.Session
		var sealed []byte
		if err := r.Scan(&session, &sealed); err != nil {
			return err
		}
		if addr, err := k.Open(at(sessionsTable, string(session), "addr"), sealed); err == nil { // one that doesn't open is no evidence
			seen[Network(string(addr))] = true
		}
		return nil
	}, t, id, db.Micros(now.Add(-sharedWeek)), sharedAddrs); err != nil {
		return err
	}
	one.Networks = len(seen)
	r, err := db.One(tx, qSharedSeen, scanSharedSeen, t, id)
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	if !same(r.mac, r.sum(k)) || r.devices < one.Devices || now.Sub(db.Time(r.at)) > sharedSeenFor {
		return nil
	}
	reason, err := k.Open(at(sharedTable, string(id), "reason"), r.reason)
	one.Seen, one.Reason = db.Time(r.at), string(reason)
	return err
}

// SeenShared writes down that somebody has looked into an account that looks shared, and what came of it. Nobody does
// so for the own account.
func (s *Service) SeenShared(ctx context.Context, a actor.Actor, id ids.Account, reason string) error {
	if a.Kind == actor.Human && id == a.Account {
		return fault.New(fault.Conflict, "identity.shared_own")
	}
	if creature, err := s.creature(ctx, a, id, "account.judge"); creature != nil || err != nil {
		return errors.Join(creature, err)
	}
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	detail := map[string]any{}
	return s.manage(ctx, a, id, permManage, "account.shared_seen", reason, detail, func(tx *db.Tx, k *vault.Key) error {
		now := time.Now()
		all := map[ids.Account]*Shared{}
		if err := s.sharedIn(tx, k, a.Tenant, now, all); err != nil {
			return err
		}
		one := all[id]
		if one == nil {
			return fault.New(fault.Conflict, "identity.shared_none")
		}
		detail["devices"], detail["networks"] = one.Devices, one.Networks
		r := sharedSeen{account: id, devices: one.Devices, at: db.Micros(now), by: string(a.Account), reason: k.Seal(at(sharedTable, string(id), "reason"), []byte(reason))}
		_, err := tx.Exec(qSharedPut, a.Tenant, id, r.devices, r.at, r.by, r.reason, r.sum(k))
		return err
	})
}
