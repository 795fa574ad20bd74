package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// qProvisionState forgets that the personnel system has disabled an account: whoever enables or disables it next
// decides anew. The personnel system notes its own disabling afterwards; only that may it take back.
var qProvisionState = db.Q("identity.provision_state", `update scim_users set disabled = 0 where tenant_id = $1 and account_id = $2`)

var qRename = db.Q("identity.rename", `update identity_accounts set name = $3 where tenant_id = $1 and account_id = $2`)

var qBindPerson = db.Q("identity.bind_person", `update identity_accounts set person_id = $3, mac = $4 where tenant_id = $1 and account_id = $2 and mac = $5`)

// BindPerson says which employee an account that belongs to none is of. One that has a person keeps it: whose health
// data an account shows never changes.
func (s *Service) BindPerson(ctx context.Context, a actor.Actor, id ids.Account, person ids.Person, reason string) error {
	if creature, err := s.creature(ctx, a, id, "roles.add"); creature != nil || err != nil {
		return errors.Join(creature, err)
	}
	return s.manage(ctx, a, id, permManage, "account.person_bound", reason, nil, func(tx *db.Tx, k *vault.Key) error {
		if a.Account == id { // whose record somebody reads as the own one is a right like others
			return fault.New(fault.Conflict, "identity.own_roles")
		}
		if err := s.notSealed(tx, k, a.Tenant, id); err != nil {
			return err
		}
		acc, err := s.genuineAccount(tx, k, a.Tenant, id)
		if err != nil {
			return err
		}
		if acc.Person != "" {
			return fault.New(fault.Conflict, "identity.person_taken")
		}
		before := acc.mac
		acc.Person = person
		n, err := tx.Exec(qBindPerson, a.Tenant, id, person, accountMAC(k, &acc), before)
		if f := fault.Of(err); err != nil && f.Code == "db.duplicate" {
			return fault.New(fault.Conflict, "identity.person_taken").Because(err)
		}
		if err == nil && n == 0 {
			err = fault.New(fault.Busy, "db.busy")
		}
		if err != nil {
			return err
		}
		return s.endSessions(tx, a.Tenant, id, "", "person-bound")
	})
}

// CancelEmail takes back an address that waits, for an administrator; there may be none.
func (s *Service) CancelEmail(ctx context.Context, a actor.Actor, id ids.Account, reason string) error {
	return s.manage(ctx, a, id, permManage, "auth.email_dropped", reason, nil, func(tx *db.Tx, _ *vault.Key) error {
		_, err := tx.Exec(qEmailDrop, a.Tenant, id)
		return err
	})
}

// Rename changes the name that is shown of an account. The login ID never changes.
func (s *Service) Rename(ctx context.Context, a actor.Actor, id ids.Account, name, reason string) error {
	name, err := nameOf(name)
	if err != nil {
		return err
	}
	return s.manage(ctx, a, id, permManage, "account.renamed", reason, nil, func(tx *db.Tx, k *vault.Key) error {
		if err := s.notSealed(tx, k, a.Tenant, id); err != nil {
			return err
		}
		_, err := tx.Exec(qRename, a.Tenant, id, k.Seal(at(accountsTable, string(id), "name"), []byte(name)))
		return err
	})
}

// ProposeEmail is another address for the codes that an administrator or the personnel system gives. It
// holds for a day like one that the owner asks for, and both addresses are told (clause 3-5):
// whoever can write addresses must not be able to take an account over by it. The same address asked for
// again changes nothing.
func (s *Service) ProposeEmail(ctx context.Context, a actor.Actor, id ids.Account, email, reason string) error {
	if err := address(email); err != nil {
		return err
	}
	info, err := s.tenants.TenantByID(ctx, a.Tenant)
	if err != nil {
		return err
	}
	now := time.Now()
	same, asked, err := s.waitsFor(ctx, a.Tenant, id, email)
	if err != nil || same {
		return err
	}
	if wait := asked.Add(proposeEvery).Sub(now); wait > 0 && strings.HasPrefix(string(a.Account), "scim:") {
		return fault.New(fault.Busy, "identity.email_often").After(wait)
	}
	due := now.Add(EmailHold)
	of := &attempt{info: info}
	err = s.manage(ctx, a, id, permManage, "auth.email_asked", reason, nil, func(tx *db.Tx, k *vault.Key) error {
		if err := s.notSealed(tx, k, a.Tenant, id); err != nil {
			return err
		}
		acc, err := s.genuineAccount(tx, k, a.Tenant, id)
		if err != nil {
			return err
		}
		of.key, of.account = k, &acc
		if err := of.another(email); err != nil {
			return err
		}
		sealed := k.Seal(at(emailTable, string(id), "email"), []byte(email))
		_, err = tx.Exec(qEmailAsk, a.Tenant, id, sealed, db.Micros(now), db.Micros(due), emailMAC(k, id, db.Micros(now), db.Micros(due)))
		return err
	})
	if err != nil {
		return err
	}
	s.tell(of, "auth.email_notice", "メールアドレスの変更の予定", fmt.Sprintf(`%s の利用者IDで、確認コードを送るメールアドレスの変更が、会社の人事システムまたは管理者から届きました。

・今のアドレス：%s
・新しいアドレス：%s
・切り替わる時刻：%s

それまでは、今のアドレスへコードを送ります。
お心当たりがない場合は、サインインして「サインインと安全」の画面で取り消し、自社の管理者へ知らせてください。
`, oneLine(info.Name), s.maskedOwn(of), maskEmail(email), moment(due)))
	s.tellNew(of, email, due)
	return nil
}

// proposeEvery is how often a personnel system may propose another address for an account: the owner is told of each,
// and must not be flooded.
const proposeEvery = time.Hour

// waitsFor tells whether that very address is already on its way, and when the one that waits was asked for.
func (s *Service) waitsFor(ctx context.Context, t ids.Tenant, id ids.Account, email string) (same bool, asked time.Time, err error) {
	k, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return false, asked, err
	}
	var r emailRow
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		r, err = db.One(tx, qEmailAsked, scanEmail, t, id)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return false, asked, nil
	}
	if err != nil {
		return false, asked, err
	}
	plain, err := k.Open(at(emailTable, string(id), "email"), r.sealed)
	return err == nil && string(plain) == email, db.Time(r.asked), nil
}

// Proposed are the addresses that wait to become those of accounts of the actor's tenant. One whose row does not
// open is left out: it will never be written to.
func (s *Service) Proposed(ctx context.Context, a actor.Actor) (map[ids.Account]string, error) {
	if err := s.guard(a, permManage); err != nil {
		return nil, err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []emailRow
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qEmailsAsked, scanEmail, a.Tenant)
		return err
	})
	out := map[ids.Account]string{}
	for _, r := range rows {
		if plain, err := k.Open(at(emailTable, string(r.account), "email"), r.sealed); err == nil {
			out[r.account] = string(plain)
		}
	}
	return out, err
}
