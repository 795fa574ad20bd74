package sso

import (
	"bytes"
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

// Why an answer leads to nobody. Each may stand in the log.
const (
	noAccount  failure = "no-account"    // nobody here fits, or more than one
	taken      failure = "account-taken" // the account belongs to another subject of this provider
	elsewhere  failure = "other-connection"
	unverified failure = "email-unverified"
	foreign    failure = "domain"
	disabled   failure = "disabled"
	altered    failure = "link-altered" // the row is not as the service wrote it
)

// bound is what is sealed of a link: a link opens a door, so connection and account are sealed together with
// the subject, and whoever can write into the database can't point it at another account.
func bound(connection string, account ids.Account, subject string) []byte {
	return []byte(connection + "\x00" + string(account) + "\x00" + subject)
}

func (r linkRow) genuine(k *vault.Key, subject string) bool {
	plain, err := k.Open(at(linksTable, r.id, "subject"), r.subject)
	return err == nil && bytes.Equal(plain, bound(r.connection, r.account, subject))
}

// ofAccount tells whether the service has written the row, for that account.
func (r linkRow) ofAccount(k *vault.Key, id ids.Account) bool {
	plain, err := k.Open(at(linksTable, r.id, "subject"), r.subject)
	return err == nil && r.account == id && bytes.HasPrefix(plain, bound(r.connection, id, ""))
}

// link gives the account of a subject. The first time it is found by the tenant's rule, among accounts that
// exist; then it is written down, and from then on neither address nor number count any more.
func (s *Service) link(ctx context.Context, v identity.Visit, a attempt, who identityOf) (ids.Account, error) {
	if !a.conn.inDomain(who) {
		return "", foreign
	}
	t := a.row.tenant
	index := a.key.Index("sso.subject", who.Issuer+"\x00"+who.Subject)
	var row linkRow
	err := s.DB.View(ctx, t, func(tx *db.Tx) (err error) {
		row, err = db.One(tx, qLinkBySubject, scanLink, t, index)
		return err
	})
	switch {
	case err == nil && row.connection != a.conn.ID:
		return "", elsewhere
	case err == nil && !row.genuine(a.key, who.Subject):
		return "", altered
	case err == nil:
		return row.account, s.DB.Tx(ctx, t, func(tx *db.Tx) error {
			_, err := tx.Exec(qLinkUsed, t, row.id, db.Micros(time.Now()))
			return err
		})
	case !fault.Is(err, fault.Missing):
		return "", err
	}
	account, err := s.match(ctx, t, &a.conn, who)
	if err != nil {
		return "", err
	}
	id := ids.New[string]()
	subject := a.key.Seal(at(linksTable, id, "subject"), bound(a.conn.ID, account, who.Subject))
	err = s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		if _, err := db.One(tx, qLinkByAccount, scanLink, t, a.conn.ID, account); err == nil {
			return taken
		} else if !fault.Is(err, fault.Missing) {
			return err
		}
		if _, err := tx.Exec(qLinkInsert, t, id, a.conn.ID, account, index, subject, db.Micros(time.Now())); err != nil {
			return err
		}
		return s.record(tx, "sso.linked", machine(t, v), "ok", map[string]any{"connection": a.conn.ID, "account": string(account), "by": string(a.conn.LinkBy)})
	})
	if f := fault.Of(err); f != nil && f.Code == "db.duplicate" {
		return "", taken
	}
	if err == nil {
		s.Identity.TellLinked(ctx, v, t, account, a.conn.Name)
	}
	return account, err
}

// match finds the one account that the tenant's rule means. More than one is nobody.
func (s *Service) match(ctx context.Context, t ids.Tenant, c *Connection, who identityOf) (ids.Account, error) {
	var person ids.Person
	switch {
	case c.LinkBy == ByEmail && !who.Verified:
		return "", unverified
	case c.LinkBy == ByNumber:
		if who.Value == "" || !ascii(who.Value) {
			return "", noAccount
		}
		p, err := s.People.PersonByNumber(ctx, t, who.Value)
		if fault.Is(err, fault.Missing) {
			return "", noAccount
		}
		if err != nil {
			return "", err
		}
		person = p
	}
	all, err := s.Identity.Accounts(ctx, actor.System(t, "sso"))
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(x identity.Account) bool {
		switch c.LinkBy {
		case ByEmail:
			return !same(who.Email, x.Email)
		case ByLogin:
			return !same(who.Value, x.LoginID)
		case ByNumber:
			return person == "" || x.Person != person
		}
		return true
	})
	if len(all) != 1 {
		return "", noAccount
	}
	if all[0].Disabled {
		return "", disabled
	}
	return all[0].ID, nil
}

// Links lists who is tied to which provider in the actor's tenant.
func (s *Service) Links(ctx context.Context, a actor.Actor) ([]Link, error) {
	if err := s.Guard(a, permManage); err != nil {
		return nil, err
	}
	k, err := s.Keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []linkRow
	if err := s.DB.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qLinks, scanLink, a.Tenant)
		return err
	}); err != nil {
		return nil, err
	}
	var out []Link
	for _, r := range rows {
		plain, err := k.Open(at(linksTable, r.id, "subject"), r.subject)
		if err != nil {
			return nil, err
		}
		subject, _ := bytes.CutPrefix(plain, bound(r.connection, r.account, ""))
		out = append(out, Link{r.id, r.connection, r.account, string(subject), db.Time(r.created), db.Time(r.used)})
	}
	return out, nil
}

// Unlink forgets a link. The next sign-in of the subject is a first one again.
func (s *Service) Unlink(ctx context.Context, a actor.Actor, id string) error {
	if err := s.Guard(a, permManage); err != nil {
		return err
	}
	return s.DB.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qLinkDelete, a.Tenant, id)
		if err != nil {
			return err
		}
		if n == 0 {
			return missing()
		}
		return s.record(tx, "sso.unlinked", a, "ok", map[string]any{"link": id})
	})
}
