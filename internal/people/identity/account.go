package identity

import (
	"context"
	"regexp"
	"slices"
	"time"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

var loginForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{1,63}$`)

// maxName bounds the name of an account, maxReason a reason, in code points.
const (
	maxName   = 100
	maxReason = 500
)

// reasonOf is why somebody acts, as it is written down, or why it is none.
func reasonOf(reason string) (string, error) {
	return glyph.Reason(reason, maxReason, "identity.reason_missing", "理由")
}

// nameOf is what an account is called, as it is shown; every way of naming one comes here.
func nameOf(name string) (string, error) {
	return glyph.Name(norm.NFC.String(name), maxName, "identity.name_form", "名前")
}

func (n NewAccount) check() (NewAccount, error) {
	n.LoginID = NormalLogin(n.LoginID)
	if !loginForm.MatchString(n.LoginID) {
		return n, fault.New(fault.Invalid, "identity.login_form")
	}
	name, err := nameOf(n.Name)
	if err != nil {
		return n, err
	}
	n.Name = name
	if err := address(n.Email); err != nil {
		return n, err
	}
	if !slices.Contains(actor.Personnels, n.Personnel) {
		return n, fault.New(fault.Invalid, "identity.personnel_form")
	}
	return n, checkGrants(n.Grants)
}

func checkGrants(grants []Grant) error {
	for _, g := range grants {
		if !slices.Contains(actor.Roles, g.Role) {
			return fault.New(fault.Invalid, "identity.role_unknown", "role", string(g.Role))
		}
	}
	return nil
}

// ours are the roles of the association, which no customer's administrator may give.
var ours = []actor.Role{actor.Operator, actor.ITSM}

func (i TenantInfo) mayGive(grants []Grant) error {
	for _, g := range grants {
		if slices.Contains(ours, g.Role) && !i.Association && !i.Probe {
			return fault.New(fault.Denied, "identity.role_association", "role", string(g.Role))
		}
	}
	return nil
}

// CreateAccount makes an account in the actor's tenant. A login ID is never given a second time, and a
// person has one account: fault.Conflict "identity.login_taken", "identity.person_taken".
func (s *Service) CreateAccount(ctx context.Context, a actor.Actor, n NewAccount) (Account, error) {
	if err := s.guard(a, permManage); err != nil {
		return Account{}, err
	}
	n, err := n.check()
	if err != nil {
		return Account{}, err
	}
	info, err := s.tenants.TenantByID(ctx, a.Tenant)
	if err != nil {
		return Account{}, err
	}
	if err := info.mayGive(n.Grants); err != nil {
		return Account{}, err
	}
	key, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return Account{}, err
	}
	out := Account{ID: ids.New[ids.Account](), Tenant: a.Tenant, LoginID: n.LoginID, Name: n.Name, Email: n.Email, Person: n.Person, Grants: n.Grants, Personnel: n.Personnel, MustChange: n.MustChange}
	if n.Password == "" {
		n.Password, out.MustChange = GeneratePassword(), true
		out.FirstPassword = n.Password
	}
	if err := s.acceptable(&attempt{info: info}, n.LoginID, n.Password); err != nil {
		return Account{}, err
	}
	hash, err := s.hash(ctx, n.Password)
	if err != nil {
		return Account{}, err
	}
	err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		if err := s.insertAccount(tx, key, a, &out, hash); err != nil {
			return err
		}
		if n.With != nil {
			if err := n.With(tx, out.ID); err != nil {
				return err
			}
		}
		return s.record(tx, "account.created", a, "ok", map[string]any{"account": string(out.ID), "roles": roleNames(n.Grants), "linked": n.Person != "", "personnel": string(n.Personnel)})
	})
	if err != nil {
		return Account{}, err
	}
	s.tellPrivileged(a, info, out.ID, gains(nil, out.Grants))
	return out, nil
}

func (s *Service) insertAccount(tx *db.Tx, key *vault.Key, by actor.Actor, a *Account, hash string) error {
	now := time.Now()
	a.CreatedAt = db.Time(db.Micros(now))
	must, until := 0, int64(0)
	if a.MustChange {
		must, until = 1, db.Micros(now.Add(s.policy.FirstPasswordFor))
	}
	index := s.loginIndex(key, a.LoginID)
	if _, err := db.One(tx, qAccountByLogin, scanAccount, a.Tenant, index); err == nil && s.policy.weak == SabotageReuse {
		index = s.loginIndex(key, randomToken())
	} else if err == nil {
		return fault.New(fault.Conflict, "identity.login_taken")
	} else if !fault.Is(err, fault.Missing) {
		return err
	}
	if n, err := db.Value[int64](tx, qRetired, a.Tenant, index); err != nil {
		return err
	} else if n > 0 { // of somebody who was erased
		return fault.New(fault.Conflict, "identity.login_taken")
	}
	seal := func(column, plain string) []byte {
		return key.Seal(at(accountsTable, string(a.ID), column), []byte(plain))
	}
	row := account{ID: a.ID, loginIndex: index, Person: a.Person, State: "active", Hash: hash, Rules: s.policy.Rules, SetAt: db.Micros(now), MustChange: must, FirstUntil: until, CreatedAt: db.Micros(now), Personnel: a.Personnel}
	_, err := tx.Exec(qAccountInsert, a.Tenant, a.ID, index, seal("login", a.LoginID), seal("name", a.Name), seal("email", a.Email),
		a.Person, hash, s.policy.Rules, db.Micros(now), must, until, db.Micros(now), accountMAC(key, &row), string(a.Personnel))
	if f := fault.Of(err); f != nil && f.Code == "db.duplicate" {
		return fault.New(fault.Conflict, "identity.person_taken").Because(err)
	}
	if err != nil {
		return err
	}
	return s.putGrants(tx, key, by, a.Tenant, a.ID, a.Grants, nil, a.Personnel, now)
}

// MayHold refuses what one person must not hold together: roles, and what is stated about personnel authority.
func (s *Service) MayHold(grants []Grant, say actor.Personnel) error {
	if s.apart == nil {
		return nil
	}
	var roles []actor.Role
	for _, g := range grants {
		roles = append(roles, g.Role)
	}
	return s.apart(roles, say)
}

// putGrants gives an account its whole set of grants, where none stands. Every way of giving a role ends here.
func (s *Service) putGrants(tx *db.Tx, key *vault.Key, by actor.Actor, t ids.Tenant, id ids.Account, grants []Grant, held []grantRow, say actor.Personnel, now time.Time) error {
	if err := s.MayHold(grants, say); err != nil {
		return err
	}
	return s.writeGrants(tx, key, by, t, id, grants, held, now)
}

// writeGrants writes a set down and binds it. Only what takes away comes here directly: it is never refused. What was
// held before keeps who gave it and when: nobody becomes the giver of a role by saving it again.
func (s *Service) writeGrants(tx *db.Tx, key *vault.Key, by actor.Actor, t ids.Tenant, id ids.Account, grants []Grant, held []grantRow, now time.Time) error {
	grantedBy := string(by.Account)
	if grantedBy == "" {
		grantedBy = string(by.Kind)
	}
	var set []grantRow
	for i, g := range grants {
		if slices.Contains(grants[:i], g) {
			continue
		}
		row := grantRow{account: id, Grant: g, at: db.Micros(now), by: grantedBy}
		if k := slices.IndexFunc(held, func(h grantRow) bool { return h.Grant == g }); k >= 0 {
			row = held[k]
		}
		set = append(set, row)
		if _, err := tx.Exec(qGrantInsert, t, id, string(g.Role), string(g.Site), string(g.Dept), row.at, row.by, row.vouchedAt, row.vouchedBy); err != nil {
			return err
		}
	}
	_, err := tx.Exec(qGrantsBind, t, id, grantsMAC(key, id, set))
	return err
}

func roleNames(grants []Grant) []string {
	var out []string
	for _, g := range grants {
		if !slices.Contains(out, string(g.Role)) {
			out = append(out, string(g.Role))
		}
	}
	return out
}

// Accounts lists the accounts of the actor's tenant, oldest first.
func (s *Service) Accounts(ctx context.Context, a actor.Actor) ([]Account, error) {
	if err := s.guard(a, permManage); err != nil {
		return nil, err
	}
	key, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []account
	var grants map[ids.Account][]Grant
	var bad []finding
	asked := map[ids.Account]time.Time{}
	var factors map[ids.Account]int
	failing, shared, sealed := map[ids.Account]*Failing{}, map[ids.Account]*Shared{}, map[ids.Account]bool{}
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		if rows, err = db.All(tx, qAccounts, scanAccount, a.Tenant); err != nil {
			return err
		}
		if grants, bad, err = s.grantsOf(tx, key, a.Tenant, rows); err != nil {
			return err
		}
		if factors, err = factorCounts(tx, a.Tenant); err != nil {
			return err
		}
		if err := db.Each(tx, qSealedAll, func(r db.Scanner) error {
			one, err := scanSealed(r)
			sealed[one.account] = true // whether it is genuine is seen when it is used
			return err
		}, a.Tenant); err != nil {
			return err
		}
		if err := s.sharedIn(tx, key, a.Tenant, time.Now(), shared); err != nil {
			return err
		}
		if err := s.allFailing(tx, key, a.Tenant, failing); err != nil {
			return err
		}
		return db.Each(tx, qResets, func(r db.Scanner) error {
			var id ids.Account
			var at int64
			err := r.Scan(&id, &at)
			asked[id] = db.Time(at)
			return err
		}, a.Tenant)
	})
	if err != nil {
		return nil, err
	}
	out := make([]Account, 0, len(rows))
	for _, r := range rows {
		v, err := s.show(key, r)
		if err != nil {
			return nil, err
		}
		v.Grants, v.ResetAskedAt, v.Factors, v.Failing, v.Shared, v.Sealed = grants[r.ID], asked[r.ID], factors[r.ID], failing[r.ID], shared[r.ID], sealed[r.ID]
		if v.Tampered = !s.genuine(key, &r); v.Tampered {
			bad = append(bad, finding{a.Tenant, accountsTable, string(r.ID)})
		}
		out = append(out, v)
	}
	for _, f := range bad {
		s.found(ctx, f)
	}
	return out, nil
}

// Account is one account of the actor's tenant; fault.Missing "identity.no_account".
func (s *Service) Account(ctx context.Context, a actor.Actor, id ids.Account) (Account, error) {
	all, err := s.Accounts(ctx, a)
	if err != nil {
		return Account{}, err
	}
	for _, v := range all {
		if v.ID == id {
			return v, nil
		}
	}
	return Account{}, fault.New(fault.Missing, "identity.no_account")
}

func (s *Service) show(key *vault.Key, r account) (Account, error) {
	v := Account{
		ID: r.ID, Tenant: r.Tenant, Person: r.Person, Disabled: r.State != "active", Locked: r.LockedAt != 0 || r.Failures >= s.policy.LockAt,
		LockedAt: db.Time(r.LockedAt), MustChange: r.MustChange != 0, CreatedAt: db.Time(r.CreatedAt), SignedInAt: db.Time(r.SignedInAt), Personnel: r.Personnel,
	}
	for _, f := range []struct {
		column string
		sealed []byte
		to     *string
	}{{"login", r.login, &v.LoginID}, {"name", r.name, &v.Name}, {"email", r.email, &v.Email}} {
		plain, err := key.Open(at(accountsTable, string(r.ID), f.column), f.sealed)
		if err != nil {
			return v, err
		}
		*f.to = string(plain)
	}
	return v, nil
}
