package identity

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Password spraying is one guess at many names, below every name's own limit. Three counts see it, each of
// different names that failed: with the same password in a tenant, wherever from; from one network in a
// tenant; and from one network whatever tenant was typed, so that a new code each time resets nothing.
// Beyond the limit the next guess has to wait, whatever its name. The first count slows nobody who
// types another password; the others nobody on a remembered device.
//
// Rows of identity_throttle hold them: ids are keyed hashes, so that the table tells neither names nor
// passwords, and they live as long as the count.

// bucket is one of the counts.
type bucket struct {
	id    string
	kind  string // "password", "network" or "anywhere", for the log
	names int    // different names that make it hot
	keep  time.Duration
	wait  time.Duration // between two guesses while it is hot
}

var (
	qSprayName = db.Q("identity.spray_name", `insert into identity_throttle (tenant_id, id, failures, next_at, expires_at) values ($1, $2, 1, 0, $4)
		on conflict (tenant_id, id) do update set expires_at = excluded.expires_at where identity_throttle.expires_at <= $3 returning failures`)
	qTally = db.Q("identity.tally", `insert into identity_throttle (tenant_id, id, failures, next_at, expires_at) values ($1, $2, 1, 0, $4)
		on conflict (tenant_id, id) do update set failures = case when identity_throttle.expires_at <= $3 then 1 else identity_throttle.failures + 1 end,
			next_at = case when identity_throttle.expires_at <= $3 then 0 else identity_throttle.next_at end,
			expires_at = case when identity_throttle.expires_at <= $3 then excluded.expires_at else identity_throttle.expires_at end returning failures`)
	qSprayTake = db.Q("identity.spray_take", `update identity_throttle set next_at = $3 where tenant_id = $1 and id = $2 and failures >= $4 and expires_at > $5 and next_at <= $5`)
)

func hashID(system *vault.Key, parts ...string) string {
	b := make([][]byte, len(parts))
	for i, p := range parts {
		b[i] = []byte(p)
	}
	return hex.EncodeToString(system.MAC("identity.spray", b...))
}

// buckets are the counts that a guess falls into. The service's own probes fail on purpose and from one
// address, so their tenants have none.
func (s *Service) buckets(system *vault.Key, info TenantInfo, tenantCode, password, addr string) []bucket {
	if info.Probe || password == "" { // an empty one is no guess; whoever is signed in comes without
		return nil
	}
	p, t := s.policy, NormalLogin(tenantCode)
	return []bucket{
		{hashID(system, "password", t, foldCase(password)), "password", p.SprayNames, p.SprayFor, p.SprayWait},
		{hashID(system, "network", t, Network(addr)), "network", p.NetworkNames, p.NetworkFor, p.NetworkWait},
		{hashID(system, "anywhere", Network(addr)), "anywhere", p.AnywhereNames, p.NetworkFor, p.NetworkWait},
	}
}

// sprayEarly refuses a guess that comes too soon in one of its buckets.
func (s *Service) sprayEarly(tx *db.Tx, a *attempt, now time.Time) error {
	if a.device != "" {
		return nil
	}
	for _, b := range a.buckets {
		if err := waiting(tx, b.id, now); err != nil {
			return err
		}
	}
	return nil
}

// waiting refuses while a row of identity_throttle says so.
func waiting(tx *db.Tx, id string, now time.Time) error {
	next, err := db.Value[int64](tx, qThrottleNext, ids.System, id, db.Micros(now))
	if fault.Is(err, fault.Missing) {
		return nil
	}
	if err != nil {
		return err
	}
	return fault.New(fault.Busy, "identity.too_soon").After(wholeSeconds(db.Time(next).Sub(now)))
}

// sprayTake takes the next turn in every bucket that is hot; a guess that raced for it is refused.
func (s *Service) sprayTake(tx *db.Tx, a *attempt, now time.Time) error {
	if a.device != "" {
		return nil
	}
	for _, b := range a.buckets {
		n, err := tx.Exec(qSprayTake, ids.System, b.id, db.Micros(now.Add(b.wait)), b.names, db.Micros(now))
		if err != nil {
			return err
		}
		if n == 0 {
			if err := waiting(tx, b.id, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// sprayed counts the name of a failed guess, and tells whether that made a bucket hot whose
// administrators have not been told in this hour.
func (s *Service) sprayed(tx *db.Tx, a *attempt, now time.Time) (tell bool, err error) {
	if a.device != "" {
		return false, nil
	}
	for _, b := range a.buckets {
		_, err := db.Value[int](tx, qSprayName, ids.System, b.id+"."+a.name, db.Micros(now), db.Micros(now.Add(b.keep)))
		if fault.Is(err, fault.Missing) {
			continue // this name is counted already
		}
		if err != nil {
			return false, err
		}
		n, err := db.Value[int](tx, qTally, ids.System, b.id, db.Micros(now), db.Micros(now.Add(b.keep)))
		if err != nil {
			return false, err
		}
		if n < b.names {
			continue
		}
		if _, err := tx.Exec(qSprayTake, ids.System, b.id, db.Micros(now.Add(b.wait)), b.names, db.Micros(now)); err != nil {
			return false, err
		}
		if n > b.names {
			continue // said already
		}
		if err := s.record(tx, "auth.spray", visitor(a.info.ID, "", a.visit), "denied", map[string]any{"by": b.kind, "names": n}); err != nil {
			return false, err
		}
		if b.kind == "anywhere" {
			continue // it is no single tenant's affair: what concerns one its own counts tell
		}
		told, err := db.Value[int](tx, qTally, ids.System, "spray-told."+string(a.info.ID), db.Micros(now), db.Micros(now.Add(time.Hour)))
		if err != nil {
			return false, err
		}
		tell = tell || told == 1
	}
	return tell && a.info.ID != ids.System, nil
}

// manyLocks counts the locks of a tenant and tells whether this one is the first beyond what is usual.
func (s *Service) manyLocks(tx *db.Tx, a *attempt, now time.Time) (bool, error) {
	n, err := db.Value[int](tx, qTally, ids.System, "locks."+string(a.info.ID), db.Micros(now), db.Micros(now.Add(s.policy.LocksFor)))
	if err != nil || n != s.policy.LocksMost+1 {
		return false, err
	}
	return true, s.record(tx, "auth.many_locks", actor.System(a.info.ID, "sign-in"), "denied", map[string]any{"locks": n, "minutes": int(s.policy.LocksFor.Minutes())})
}

func (s *Service) tellSpray(a *attempt) {
	s.tellAdmins(a, "auth.spray_notice", "パスワードを使い回した総当たりの疑いがあります", fmt.Sprintf(`%s の多くの利用者IDに対して、同じパスワード、または同じ接続元からのサインインの失敗が続いています。

・時刻：%s
・最後の接続元：%s

このような入力には待ち時間を設けました。ロックされた利用者IDは「利用者と役割」の画面でまとめて解除できます。
推測されやすいパスワードを使っていないか、利用者へ確かめてください。
`, oneLine(a.info.Name), moment(time.Now()), plain(a.visit.Addr)))
}

func (s *Service) tellLocks(a *attempt) {
	s.tellAdmins(a, "auth.locks_notice", "利用者IDのロックが続いています", fmt.Sprintf(`%s で、%sのあいだに%dを超える利用者IDがロックされました。

・時刻：%s

攻撃のおそれがあります。「利用者と役割」の画面で、ロックされた利用者IDを確かめてください。本人に確認できたものは、理由を記録してまとめて解除できます。
`, oneLine(a.info.Name), spanJA(s.policy.LocksFor), s.policy.LocksMost, moment(time.Now())))
}

// tellRows tells that a row was changed past the service.
func (s *Service) tellRows(ctx context.Context, t ids.Tenant) {
	info, err := s.tenants.TenantByID(ctx, t)
	if err != nil {
		return
	}
	key, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return
	}
	s.tellAdmins(&attempt{info: info, key: key}, "auth.rows_notice", "利用者IDの記録が書き換えられた疑いがあります", fmt.Sprintf(`%s の利用者ID、役割またはサインインの記録に、このサービスが書いたものではない行が見つかりました。その行は無視しています。

・時刻：%s

「利用者と役割」の画面で状態を確かめ、保健会の窓口へ知らせてください。
`, oneLine(info.Name), moment(time.Now())))
}

// tellAdmins mails every active administrator of the tenant.
func (s *Service) tellAdmins(a *attempt, verb, subject, text string) {
	s.Announce(a.info.ID, []actor.Role{actor.TenantAdmin}, verb, subject, text)
}
