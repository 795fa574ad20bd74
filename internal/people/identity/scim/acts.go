package scim

import (
	"context"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

const actsTable = "scim_acts"

// What a token does to an account.
const (
	made     = "created"
	stopped  = "disabled"
	resumed  = "enabled"
	renamed  = "renamed"
	readdr   = "email"
	given    = "role-given"
	taken    = "role-taken"
	actsMost = 2000 // of one token on one page, the newest
)

// Act is one thing that a token has done. Before is the name, the address or the role that it was about.
type Act struct {
	ID       string
	Account  ids.Account
	What     string
	Before   string
	DoneAt   time.Time
	UndoneAt time.Time
}

var (
	qActs      = db.Q("scim.acts", `select act_id, account_id, what, sealed, done_at, undone_at from scim_acts where tenant_id = $1 and token_id = $2 and done_at >= $3 order by done_at desc, act_id desc limit $4`)
	qActInsert = db.Q("scim.act_insert", `insert into scim_acts (tenant_id, act_id, token_id, account_id, what, sealed, done_at) values ($1, $2, $3, $4, $5, $6, $7)`)
	qActsOpen  = db.Q("scim.acts_open", `select act_id, account_id, what, sealed, done_at from scim_acts where tenant_id = $1 and token_id = $2 and undone_at = 0
		and (done_at > $3 or done_at = $3 and act_id > $4) order by done_at, act_id limit 1000`)
	qActUndone = db.Q("scim.act_undone", `update scim_acts set undone_at = $3 where tenant_id = $1 and act_id = $2`)
	qActsCount = db.Q("scim.acts_count", `select count(*) from scim_acts where tenant_id = $1 and token_id = $2 and what = $3 and done_at >= $4`)
)

// ofToken is the token by which a machine acts; empty for everybody else.
func ofToken(who actor.Actor) string {
	id, ok := strings.CutPrefix(string(who.Account), "scim:")
	if !ok || who.Kind != actor.Machine {
		return ""
	}
	return id
}

// note writes down what a token is about to do, before it does: what happened is never missing from the page.
func (s *Service) note(ctx context.Context, who actor.Actor, id ids.Account, what, before string) error {
	token := ofToken(who)
	if token == "" {
		return nil
	}
	k, err := s.Keys.Tenant(ctx, who.Tenant)
	if err != nil {
		return err
	}
	now := time.Now()
	if err := s.DB.Tx(ctx, who.Tenant, func(tx *db.Tx) error { return noteIn(tx, k, who, id, what, before, now) }); err != nil || what != stopped {
		return err
	}
	return s.alarm(ctx, who, token, now)
}

func noteIn(tx *db.Tx, k *vault.Key, who actor.Actor, id ids.Account, what, before string, now time.Time) error {
	act := ids.New[string]()
	sealed := k.Seal(actAt(act), []byte(before))
	_, err := tx.Exec(qActInsert, who.Tenant, act, ofToken(who), id, what, sealed, db.Micros(now))
	return err
}

// alarm tells the administrators when one token stops more people in a day than usually leave: more than twenty and
// more than a tenth. It is not refused, because a leaver who stays would be worse; what was done can be taken back.
func (s *Service) alarm(ctx context.Context, who actor.Actor, token string, now time.Time) error {
	n := 0
	if err := s.DB.View(ctx, who.Tenant, func(tx *db.Tx) (err error) {
		n, err = db.Value[int](tx, qActsCount, who.Tenant, token, stopped, db.Micros(now.Add(-24*time.Hour)))
		return err
	}); err != nil || n <= LeaversUsual {
		return err
	}
	all, err := s.Identity.Accounts(ctx, who)
	if err != nil || n <= len(all)/10 {
		return err
	}
	s.tell(who.Tenant, "many", "scim.many_notice", "人事システムが多くの利用者を停止しました", `人事システムとの連携が、24時間のうちに、いつもより多くの利用者を停止しました。

退職の処理として心当たりがあれば、することはありません。
心当たりがない場合は、「認証・人事との連携」でそのトークンの「行ったこと」を開き、「取り消して元に戻す」を押してください。停止された利用者を再開できます。
`)
	return nil
}

// LeaversUsual is how many people a token may stop in a day before the administrators are told.
const LeaversUsual = 20

// tell mails the administrators of a tenant, of one kind of news once an hour.
func (s *Service) tell(t ids.Tenant, kind, verb, subject, text string) {
	if s.allow("tell "+kind+" "+string(t), 1.0/3600, 1) {
		s.Identity.Announce(t, []actor.Role{actor.TenantAdmin}, verb, subject, text)
	}
}

// Acts lists what a token of the actor's tenant has done since, newest first.
func (s *Service) Acts(ctx context.Context, a actor.Actor, token string, since time.Time) ([]Act, error) {
	all, err := s.Tokens(ctx, a)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(t Token) bool { return t.ID == token }) {
		return nil, fault.New(fault.Missing, "scim.no_token")
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var out []Act
	return out, s.DB.View(ctx, a.Tenant, func(tx *db.Tx) error {
		return db.Each(tx, qActs, func(r db.Scanner) error {
			var one Act
			var sealed []byte
			var done, undone int64
			if err := r.Scan(&one.ID, &one.Account, &one.What, &sealed, &done, &undone); err != nil {
				return err
			}
			plain, err := k.Open(actAt(one.ID), sealed)
			one.Before, one.DoneAt, one.UndoneAt = string(plain), db.Time(done), db.Time(undone)
			out = append(out, one)
			return err
		}, a.Tenant, token, db.Micros(since), actsMost)
	})
}

// undoReason stands in the log beside what is taken back.
const undoReason = "SCIM：取り消して元に戻す"

func (s *Service) takeBack(ctx context.Context, a actor.Actor, one Act) error {
	now, err := s.Identity.Account(ctx, a, one.Account)
	if err != nil {
		return err
	}
	switch one.What {
	case made, resumed:
		if now.Disabled {
			return nil
		}
		return s.Identity.Disable(ctx, a, one.Account, undoReason)
	case stopped:
		return s.bringBack(ctx, a, now)
	case renamed:
		return s.Identity.Rename(ctx, a, one.Account, one.Before, undoReason)
	case readdr:
		if err := s.Identity.CancelEmail(ctx, a, one.Account, undoReason); err != nil || now.Email == one.Before {
			return err
		}
		return s.Identity.ProposeEmail(ctx, a, one.Account, one.Before, undoReason)
	case given:
		return s.takeRole(ctx, a, now, actor.Role(one.Before))
	case taken:
		role := identity.Grant{Role: actor.Role(one.Before)}
		if slices.Contains(now.Grants, role) {
			return nil
		}
		return s.Identity.SetGrants(ctx, a, one.Account, append(slices.Clone(now.Grants), role), undoReason)
	}
	return fault.New(fault.Invalid, "scim.not_waiting")
}

// bringBack enables whom the token has stopped; one that it had deleted is a user of the personnel system again.
func (s *Service) bringBack(ctx context.Context, a actor.Actor, now identity.Account) error {
	if now.Disabled {
		if err := s.Identity.Enable(ctx, a, now.ID, undoReason); err != nil {
			return err
		}
	}
	return s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(qUserBack, a.Tenant, now.ID, db.Micros(time.Now()))
		return err
	})
}

var qUserBack = db.Q("scim.user_back", `update scim_users set disabled = 0, deleted_at = 0, changed_at = $3 where tenant_id = $1 and account_id = $2`)

// takeRole takes a role of a group away, and the account out of the groups that would give it again.
func (s *Service) takeRole(ctx context.Context, a actor.Actor, now identity.Account, role actor.Role) error {
	all, err := s.groups(ctx, a.Tenant)
	if err != nil {
		return err
	}
	for _, g := range all {
		if g.Role != role || !slices.Contains(g.Members, now.ID) {
			continue
		}
		g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(m ids.Account) bool { return m == now.ID })
		if err := s.save(ctx, a, &g, "scim.group_changed"); err != nil {
			return err
		}
	}
	return s.settle(ctx, a, []ids.Account{now.ID})
}
