package identity

import (
	"context"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
)

// NameOf is the name of an account as its tenant knows it.
func (s *Service) NameOf(ctx context.Context, t ids.Tenant, id ids.Account) (string, error) {
	key, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return "", err
	}
	var a account
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		a, err = db.One(tx, qAccountByID, scanAccount, t, id)
		return err
	})
	if fault.Is(err, fault.Missing) {
		return "", fault.New(fault.Missing, "identity.no_account")
	}
	if err != nil {
		return "", err
	}
	name, err := key.Open(at(accountsTable, string(id), "name"), a.name)
	return string(name), err
}

// SendTo mails the owner of an account and tells whether it went out. Every mail of the service to a person goes
// through here or through a notice of this package, so that one that comes back is known (ADR 31). An account that is
// gone, disabled or an envelope has no mailbox to write to: fault.Missing "identity.no_account".
func (s *Service) SendTo(ctx context.Context, t ids.Tenant, id ids.Account, subject, text string) error {
	a, err := s.known(ctx, t, id, Visit{})
	if err != nil {
		return err
	}
	email, err := a.key.Open(at(accountsTable, string(id), "email"), a.account.email)
	if err != nil {
		return err
	}
	if a.account.State != "active" || strings.HasSuffix(string(email), sealedDomain) {
		return fault.New(fault.Missing, "identity.no_account")
	}
	return s.deliver(ctx, a.account, a.key, mail.Message{To: string(email), Subject: subject, Text: text})
}

// Announce mails every active account of a tenant that holds one of the roles, without making the caller
// wait. Whether the mails went out is one event.
func (s *Service) Announce(t ids.Tenant, roles []actor.Role, verb, subject, text string) {
	s.later(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ending), 30*time.Second)
		defer cancel()
		holders, err := s.addresses(ctx, t, roles)
		sent := 0
		for _, to := range holders {
			if e := s.deliver(ctx, &to.account, to.key, mail.Message{To: to.email, Subject: subject, Text: text}); e != nil {
				err = e
				continue
			}
			sent++
		}
		result := "ok"
		if err != nil || sent == 0 {
			result = "failed"
		}
		_ = s.transact(ctx, func(tx *db.Tx) error {
			return s.record(tx, verb, actor.System(t, "notice"), result, map[string]any{"addressees": len(holders), "sent": sent})
		})
	})
}

// watched announces to those who watch over the emergency accounts of a tenant, and of a customer's to those of the
// association too: an administrator who is alone would tell nobody else.
func (s *Service) watched(t ids.Tenant, verb, subject, text string) {
	s.Announce(t, watchers, verb, subject, text)
	s.later(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ending), 30*time.Second)
		defer cancel()
		info, err := s.tenants.TenantByID(ctx, t)
		if err != nil || info.Association || info.Probe {
			return
		}
		above, err := s.tenants.Associations(ctx)
		if err != nil {
			return
		}
		for _, home := range above {
			s.Announce(home, []actor.Role{actor.ITSM, actor.Auditor}, verb, subject+"（"+oneLine(info.Name)+"）", text)
		}
	})
}

// addressee is somebody to whom a notice goes.
type addressee struct {
	account account
	key     *vault.Key
	email   string
}

// addresses are those of the active accounts with one of the roles, each once.
func (s *Service) addresses(ctx context.Context, t ids.Tenant, roles []actor.Role) ([]addressee, error) {
	key, err := s.keys.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	found := map[ids.Account]account{}
	err = s.db.View(ctx, t, func(tx *db.Tx) error {
		for _, r := range roles {
			some, err := s.holders(tx, key, t, r)
			if err != nil {
				return err
			}
			for _, a := range some {
				found[a.ID] = a
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []addressee
	for id, a := range found {
		email, err := key.Open(at(accountsTable, string(id), "email"), a.email)
		if err != nil {
			return nil, err
		}
		out = append(out, addressee{a, key, string(email)})
	}
	return out, nil
}

// later does what nobody waits for. A panic in it, over somebody's name for example, ends nothing else.
func (s *Service) later(f func()) {
	s.notices.Go(func() {
		var err error
		defer fault.Caught(&err)
		f()
	})
}
