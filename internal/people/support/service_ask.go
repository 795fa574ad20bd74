package support

import (
	"context"
	"fmt"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// trim is an instant as it is stored.
func trim(t time.Time) time.Time { return db.Time(db.Micros(t)) }

// openMost bounds what one person may have asked for and not finished.
const openMost = 5

// Ask asks for access to one tenant. Whoever may decide is told; the tenant is told when it is approved.
func (s *Service) Ask(ctx context.Context, a actor.Actor, q Ask) (Access, error) {
	if err := s.guard(a, permAsk); err != nil {
		return Access{}, err
	}
	q, err := q.check()
	if err != nil {
		return Access{}, err
	}
	home, err := s.tenants.TenantByID(ctx, a.Tenant)
	if err != nil {
		return Access{}, err
	}
	to, err := s.tenants.TenantByCode(ctx, q.TenantCode)
	if fault.Is(err, fault.Missing) || err == nil && !reaches(home, to) {
		return Access{}, fault.New(fault.Invalid, "support.tenant")
	}
	if err != nil {
		return Access{}, err
	}
	name, err := s.people.NameOf(ctx, a.Tenant, a.Account)
	if err != nil {
		return Access{}, err
	}
	k, err := s.keys.Tenant(ctx, to.ID)
	if err != nil {
		return Access{}, err
	}
	now := time.Now()
	out := Access{ID: ids.New[string](), Tenant: to.ID, TenantCode: to.Code, TenantName: to.Name, Home: a.Tenant, Asker: a.Account, AskerName: name,
		Scope: q.Scope, Number: q.Number, Reason: q.Reason, Ticket: q.Ticket, Minutes: q.Minutes, AskedAt: trim(now), State: Asked}
	seal := func(column, plain string) []byte { return k.Seal(at(out.ID, column), []byte(plain)) }
	r := row{Access: out, asker: seal("asker", name), person: seal("person", q.Number), reason: seal("reason", q.Reason)}
	err = s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		n, err := db.Value[int](tx, qOpen, a.Tenant, a.Account, db.Micros(now.Add(-AskedFor)), db.Micros(now))
		if err != nil {
			return err
		}
		if n >= openMost {
			return fault.New(fault.Conflict, "support.too_many")
		}
		if _, err := tx.Exec(qInsert, to.ID, out.ID, a.Tenant, a.Account, r.asker, string(q.Scope), r.person, r.reason, q.Ticket, q.Minutes, db.Micros(now), r.sum(k)); err != nil {
			return err
		}
		return s.both(tx, "support.asked", a, &out, "ok", nil)
	})
	if err != nil {
		return Access{}, err
	}
	s.people.Announce(a.Tenant, []actor.Role{actor.ITSM}, "support.ask_notice", "サポート入室の申込みがあります", fmt.Sprintf(`契約先へのサポート入室の申込みがありました。

・受付番号：%s
・範囲：%s（%s）

申し込んだ人とは別の人が「サポート入室」の画面で内容を確かめ、承認するか断ってください。
`, spell(q.Ticket), describe(q.Scope), lasting(q.Minutes)))
	return out, nil
}

// Decide approves or refuses what somebody else has asked for. The time begins at once, and the tenant's
// administrators are told at once. Deciding the own request is refused, recorded on both sides and an alarm.
func (s *Service) Decide(ctx context.Context, a actor.Actor, id string, approve bool) error {
	if err := s.guard(a, permApprove); err != nil {
		return err
	}
	name, err := s.people.NameOf(ctx, a.Tenant, a.Account)
	if err != nil {
		return err
	}
	verb, state := "support.refused", Refused
	if approve {
		verb, state = "support.approved", Approved
	}
	kin, err := s.kin(ctx, a, id, approve)
	if err != nil {
		return err
	}
	var r row
	var own bool
	err = s.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		own = false
		now := time.Now()
		if r, err = s.one(tx, a, id); err != nil {
			return err
		}
		if r.Asker == a.Account {
			own = true
			return s.both(tx, verb, a, &r.Access, "denied", map[string]any{"why": "own request"})
		}
		if kin != nil {
			return s.both(tx, verb, a, &r.Access, "denied", map[string]any{"why": "not independent of the asker"})
		}
		if r.At(now) != Asked {
			return fault.New(fault.Conflict, "support.decided")
		}
		if err := s.amend(tx, &r, func(k *vault.Key, r *row) {
			r.State, r.Decider, r.decider, r.DecidedAt = state, a.Account, k.Seal(at(r.ID, "decider"), []byte(name)), trim(now)
			r.EndsAt = r.DecidedAt.Add(time.Duration(r.Minutes) * time.Minute)
		}); err != nil {
			return err
		}
		return s.both(tx, verb, a, &r.Access, "ok", map[string]any{"decided_by": string(a.Account)})
	})
	switch {
	case err != nil:
		return err
	case own:
		s.alarmOwn(a, &r.Access, "申し込んだ本人が決めようとしたため断りました。")
		return fault.New(fault.Denied, "support.own")
	case kin != nil:
		s.alarmOwn(a, &r.Access, "申し込んだ人と独立でない人が承認しようとしたため断りました（一方の役割を、もう一方か同じ人が与えています）。")
		return kin
	case approve:
		open, err := s.open(ctx, r)
		if err != nil {
			return err
		}
		s.tellTenant(open, name)
	}
	return nil
}

// kin tells why somebody is no second person beside the asker: asking and approving take two people, not two accounts.
func (s *Service) kin(ctx context.Context, a actor.Actor, id string, approve bool) (refused, err error) {
	if !approve {
		return nil, nil
	}
	var r row
	if err := s.db.View(ctx, db.Global, func(tx *db.Tx) (err error) { r, err = s.one(tx, a, id); return err }); err != nil {
		return nil, err
	}
	if r.Asker == a.Account {
		return nil, nil // refused with its own words
	}
	if err := s.second.Check(ctx, actor.Beside{Rule: "support.approve", By: a, Other: r.Asker, Since: r.AskedAt}); !fault.Is(err, fault.Denied) {
		return nil, err
	} else {
		return err, nil
	}
}

func (s *Service) alarmOwn(a actor.Actor, r *Access, what string) {
	s.people.Announce(a.Tenant, []actor.Role{actor.ITSM, actor.Auditor}, "support.own_notice", "サポート入室の承認を断りました", fmt.Sprintf(`サポート入室の申込みを、%s

・受付番号：%s

「操作の記録」で経緯を確かめてください。
`, what, spell(r.Ticket)))
}

func (s *Service) tellTenant(r Access, decider string) {
	s.people.Announce(r.Tenant, []actor.Role{actor.TenantAdmin}, "support.notice", "保健会のサポート入室が始まりました", fmt.Sprintf(`保健会の担当者が、御社の画面を見られるようになりました。見るだけで、変更や判定はできません。

・受付番号：%s
・範囲：%s
・終わる時刻：%s（%s）
・担当者：%s
・承認した人：%s

理由と、見た内容は、サインインして「保健会のサポート入室」の画面で確かめられます。
心当たりがない場合や止めたい場合は、同じ画面の「今すぐ終わらせる」を押してください。
`, spell(r.Ticket), describe(r.Scope), clockTime(r.EndsAt), lasting(r.Minutes), spell(r.AskerName), spell(decider)))
}
