package identity

import (
	"context"
	"strconv"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// A tenant chooses its screen lock between these (decision 3-12).
const (
	ScreenLeast = 15 * time.Minute
	ScreenMost  = 60 * time.Minute
)

var (
	qScreenLock   = db.Q("identity.screen_lock", `update identity_sessions set screen_at = $3 where tenant_id = $1 and session_id = $2 and ended_at = 0 and screen_at = 0`)
	qScreenOpen   = db.Q("identity.screen_open", `update identity_sessions set screen_at = 0, seen_at = $3 where tenant_id = $1 and session_id = $2 and ended_at = 0`)
	qScreenPolicy = db.Q("identity.screen_policy", `select screen_minutes from identity_settings where tenant_id = $1`)
	qScreenSet    = db.Q("identity.screen_set", `insert into identity_settings (tenant_id, screen_minutes, changed_at) values ($1, $2, $3)
		on conflict (tenant_id) do update set screen_minutes = excluded.screen_minutes, changed_at = excluded.changed_at`)
)

// screenAfter is when the screen locks after the last activity: the tenant's choice, or the policy's figure.
func (p Policy) screenAfter(minutes int) time.Duration {
	if minutes == 0 || p.weak == SabotageScreen {
		return p.ScreenLock
	}
	return time.Duration(minutes) * time.Minute
}

// screenLocked decides at an instant: 29:59 after the last activity the screen is open, at 30:00 it is
// not; and it is locked when its browser said so.
func screenLocked(locked, seen, now time.Time, after time.Duration) bool {
	return !locked.IsZero() || now.Sub(seen) >= after
}

// LockScreen locks the screen of a session at once. The session lives on, but opens nothing until Reopen.
func (s *Service) LockScreen(ctx context.Context, token string) error {
	cur, err := s.Session(ctx, token, false)
	if err != nil || s.policy.weak == SabotageScreen {
		return err
	}
	return s.transact(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(qScreenLock, cur.Actor.Tenant, cur.ID, db.Micros(time.Now()))
		if err != nil || n == 0 {
			return err
		}
		return s.record(tx, "auth.screen_locked", cur.Actor, "ok", nil)
	})
}

// Reopen opens a locked screen with the password, which is counted and throttled like a sign-in. A wrong
// one is fault.Invalid "identity.screen_wrong"; the one that locks the account ends its sessions.
func (s *Service) Reopen(ctx context.Context, v Visit, token, password string) error {
	cur, err := s.Session(ctx, token, false)
	if err != nil {
		return err
	}
	return s.again(ctx, v, cur, password, "identity.screen_wrong", func(tx *db.Tx, _ *attempt, who actor.Actor) error {
		n, err := tx.Exec(qScreenOpen, cur.Actor.Tenant, cur.ID, db.Micros(time.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Denied, "identity.session_ended")
		}
		return s.record(tx, "auth.screen_opened", who, "ok", nil)
	})
}

// again asks somebody who is signed in for the password before act. Failures count like those of a
// sign-in, so that whoever finds an open browser can't guess.
func (s *Service) again(ctx context.Context, v Visit, cur Session, password, wrong string, act func(*db.Tx, *attempt, actor.Actor) error) error {
	a, err := s.findOwn(ctx, v, cur)
	if err != nil {
		return err
	}
	right, _, err := s.look(ctx, a, password)
	if err != nil {
		return err
	}
	refusal := fault.New(fault.Invalid, wrong)
	if !right {
		if err := s.failed(ctx, a); !fault.Is(err, fault.Invalid) {
			return err
		}
		if a.number >= s.policy.LockAt {
			if err := s.transact(ctx, func(tx *db.Tx) error {
				return s.endSessions(tx, cur.Actor.Tenant, cur.Actor.Account, "", "locked")
			}); err != nil {
				return err
			}
		}
		return refusal
	}
	who := cur.Actor
	who.Addr, who.Request = v.Addr, v.Request
	ok := false
	err = s.transact(ctx, func(tx *db.Tx) (err error) {
		if ok, err = s.giveBack(tx, a); err != nil || !ok { // not when the account was locked meanwhile
			return err
		}
		return act(tx, a, who)
	})
	if err == nil && !ok {
		err = refusal
	}
	return err
}

// ScreenMinutes is after how many minutes without activity the screens of the actor's tenant lock.
func (s *Service) ScreenMinutes(ctx context.Context, t ids.Tenant) (int, error) {
	n := 0
	err := s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		n, err = db.Value[int](tx, qScreenPolicy, t)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return int(s.policy.ScreenLock.Minutes()), nil
	}
	return n, err
}

// SetScreenMinutes is the tenant's choice; outside of its bounds it is fault.Invalid
// "identity.screen_minutes".
func (s *Service) SetScreenMinutes(ctx context.Context, a actor.Actor, minutes int) error {
	if err := s.guard(a, permManage); err != nil {
		return err
	}
	if d := time.Duration(minutes) * time.Minute; d < ScreenLeast || d > ScreenMost {
		return fault.New(fault.Invalid, "identity.screen_minutes", "least", strconv.Itoa(int(ScreenLeast.Minutes())), "most", strconv.Itoa(int(ScreenMost.Minutes())))
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(qScreenSet, a.Tenant, minutes, db.Micros(time.Now())); err != nil {
			return err
		}
		return s.record(tx, "settings.screen", a, "ok", map[string]any{"minutes": minutes})
	})
}
