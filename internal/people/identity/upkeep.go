package identity

import (
	"context"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

var qStuck = db.GlobalQ("identity.stuck", `select `+accountColumns+` from identity_accounts a where a.locked_at = 0 and a.failures >= $1`)

// keepEnded is how long ended sessions and old sign-ins are kept, for the list and the daily ceiling.
const keepEnded = 30 * 24 * time.Hour

// Sweep removes what has run out, reminds of first passwords, marks lapsed sessions as ended, and locks accounts whose last attempt
// was cut off by a crash between the count and the answer.
func (s *Service) Sweep(ctx context.Context) error {
	now := time.Now()
	ago := func(d time.Duration) int64 { return db.Micros(now.Add(-d)) }
	err := s.transact(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(qThrottleSweep, ids.System, db.Micros(now)); err != nil {
			return err
		}
		if _, err := tx.Exec(qSignInsSweep, ago(25*time.Hour)); err != nil {
			return err
		}
		if _, err := tx.Exec(qSessionsLapse, db.Micros(now), ago(s.policy.SessionIdle), ago(s.policy.SessionMost)); err != nil {
			return err
		}
		if _, err := tx.Exec(qAssertedSweep, ago(s.policy.longest())); err != nil {
			return err
		}
		if _, err := tx.Exec(qSessionsSweep, ago(keepEnded)); err != nil {
			return err
		}
		if _, err := tx.Exec(qCeremonySweep, db.Micros(now)); err != nil {
			return err
		}
		_, err := tx.Exec(qDevicesSweep, db.Micros(now))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.sweepUntied(ctx); err != nil {
		return err
	}
	if err := s.sweepSealed(ctx, now); err != nil {
		return err
	}
	if err := s.watchSealed(ctx, now); err != nil {
		return err
	}
	if err := s.changeEmails(ctx, now); err != nil {
		return err
	}
	if err := s.remindFirst(ctx, now); err != nil {
		return err
	}
	return s.lockStuck(ctx)
}

func (s *Service) lockStuck(ctx context.Context) error {
	var stuck []account
	err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) {
		stuck, err = db.All(tx, qStuck, scanAccount, s.policy.LockAt)
		return err
	})
	if err != nil {
		return err
	}
	for _, acc := range stuck {
		info, err := s.tenants.TenantByID(ctx, acc.Tenant)
		if err != nil {
			return err
		}
		key, err := s.keys.Tenant(ctx, acc.Tenant)
		if fault.Is(err, fault.Missing) {
			continue // the tenant's key is destroyed
		}
		if err != nil {
			return err
		}
		if !s.genuine(key, &acc) {
			s.found(ctx, finding{acc.Tenant, accountsTable, string(acc.ID)})
			continue
		}
		a, locked := &attempt{info: info, key: key, account: &acc, number: s.policy.LockAt}, false
		many := false
		err = s.transact(ctx, func(tx *db.Tx) (err error) {
			if locked, err = s.lock(tx, a, time.Now()); err == nil && locked {
				many, err = s.manyLocks(tx, a, time.Now())
			}
			return err
		})
		if err != nil {
			return err
		}
		if locked {
			s.tellLocked(a)
		}
		if many {
			s.tellLocks(a)
		}
	}
	return nil
}

// Census counts the stored password hashes, and those that are not argon2id with at least the policy's
// costs: the latter can only be passwords set before a change of policy.
func (s *Service) Census(ctx context.Context) (all, weak int, err error) {
	err = s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		return db.Each(tx, qHashes, func(r db.Scanner) error {
			var h string
			if err := r.Scan(&h); err != nil {
				return err
			}
			all++
			want := DefaultPolicy().Hash
			if p, err := parseHash(h); err != nil || p.MemoryKiB < want.MemoryKiB || p.Time < want.Time {
				weak++
			}
			return nil
		})
	})
	return all, weak, err
}
