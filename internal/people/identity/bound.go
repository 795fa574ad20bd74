package identity

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Rows that open a door carry a MAC of the tenant's key over what they say. Whoever can write into the
// database but has no key can neither make such a row nor change or move one: it counts as absent, and is
// an event. Not bound are the counters (they must be counted in one statement, and whoever writes into the
// database gains tries, never an entry) and what only ends a session sooner.

func num(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

// accountMAC binds who the account is, its state and its password. Login ID, name and address are sealed
// for this row and can't come from another.
func accountMAC(k *vault.Key, a *account) []byte {
	parts := [][]byte{
		[]byte(a.ID), a.loginIndex, []byte(a.Person), []byte(a.State), []byte(a.Hash),
		num(int64(a.Rules)), num(a.SetAt), num(int64(a.MustChange)), num(a.FirstUntil), num(a.CreatedAt),
	}
	if a.Personnel != actor.PersonnelUnknown { // rows from before have none
		parts = append(parts, []byte(a.Personnel))
	}
	if a.Factors != 0 { // likewise
		parts = append(parts, []byte("factors"), num(int64(a.Factors)))
	}
	return k.MAC("identity.account", parts...)
}

// grantsMAC binds the whole set of an account's grants: were each bound alone, taking a narrow one away
// would widen what is left.
func grantsMAC(k *vault.Key, id ids.Account, grants []grantRow) []byte {
	sorted := slices.SortedFunc(slices.Values(grants), func(a, b grantRow) int {
		return slices.Compare(a.key(), b.key())
	})
	parts := [][]byte{[]byte(id)}
	for _, g := range sorted {
		parts = append(parts, []byte(g.Role), []byte(g.Site), []byte(g.Dept), num(g.at), []byte(g.by))
		if g.vouchedAt != 0 { // no role is called so: rows from before have the MAC they had
			parts = append(parts, []byte("vouched"), num(g.vouchedAt), []byte(g.vouchedBy))
		}
	}
	return k.MAC("identity.grants", parts...)
}

func (g grantRow) key() []string { return []string{string(g.Role), string(g.Site), string(g.Dept)} }

// boundSession is what a session's MAC covers.
type boundSession struct {
	id      ids.Session
	account ids.Account
	token   []byte
	device  string
	created int64
	factor  string // how the second step was answered
	proven  int64  // when its holder last showed again who it is
	mac     []byte
}

func (b boundSession) sum(k *vault.Key) []byte {
	parts := [][]byte{[]byte(b.id), []byte(b.account), b.token, []byte(b.device), num(b.created)}
	if b.factor != FactorMail || b.proven != 0 {
		parts = append(parts, []byte(b.factor), num(b.proven))
	}
	return k.MAC("identity.session", parts...)
}

func deviceMAC(k *vault.Key, id string, a ids.Account, token []byte, created int64) []byte {
	return k.MAC("identity.device", []byte(id), []byte(a), token, num(created))
}

func emailMAC(k *vault.Key, a ids.Account, asked, due int64) []byte {
	return k.MAC("identity.email", []byte(a), num(asked), num(due))
}

// genuine tells whether the service itself wrote what the row says.
func (s *Service) genuine(k *vault.Key, a *account) bool {
	return s.policy.weak == SabotageRows || same(a.mac, accountMAC(k, a))
}

func (s *Service) genuineGrants(k *vault.Key, a *account, grants []grantRow) bool {
	return s.policy.weak == SabotageRows || len(grants) == 0 || same(a.grantsMAC, grantsMAC(k, a.ID, grants))
}

// finding is a row that does not verify.
type finding struct {
	tenant     ids.Tenant
	table, row string
}

func clipID(id string) string { return clip(strings.ToValidUTF8(id, "?"), 64) }

// found records a row that does not verify, once in the life of the process, and tells the administrators.
// An error while doing so changes nothing for whoever is refused.
func (s *Service) found(ctx context.Context, f finding) {
	if f.table == "" || !s.first.Time(string(f.tenant)+"|"+f.table+"|"+f.row) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	told := 0
	_ = s.transact(ctx, func(tx *db.Tx) (err error) {
		if told, err = db.Value[int](tx, qTally, ids.System, "rows-told."+string(f.tenant), db.Micros(time.Now()), db.Micros(time.Now().Add(time.Hour))); err != nil {
			return err
		}
		return s.noteFinding(tx, f)
	})
	if told == 1 {
		s.tellRows(ctx, f.tenant)
	}
}

// RowRefused is for packages whose rows a sign-in depends on.
func (s *Service) RowRefused(ctx context.Context, t ids.Tenant, table, row string) {
	s.found(ctx, finding{t, table, row})
}

func (s *Service) noteFinding(tx *db.Tx, f finding) error {
	_, err := s.log.Append(tx, audit.Event{Verb: "integrity.row_refused", Actor: actor.System(f.tenant, "sign-in"), Kind: "row", Result: "denied", Detail: map[string]any{"table": f.table, "row": clipID(f.row)}})
	return err
}

// tampered is what an administrator gets who works on an account whose row does not verify.
func tampered() error { return fault.New(fault.Conflict, "identity.row_tampered") }

// genuineAccount reads an account of a transaction and refuses one that does not verify.
func (s *Service) genuineAccount(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) (account, error) {
	a, err := db.One(tx, qAccountByID, scanAccount, t, id)
	if fault.Is(err, fault.Missing) {
		return a, fault.New(fault.Missing, "identity.no_account").Because(err)
	}
	if err == nil && !s.genuine(k, &a) {
		err = tampered()
	}
	return a, err
}

// amend changes what an account's MAC covers and binds it anew. Of two changes at once the later one runs
// again on what the first has left.
func (s *Service) amend(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account, change func(*account)) error {
	a, err := s.genuineAccount(tx, k, t, id)
	if err != nil {
		return err
	}
	before := a.mac
	change(&a)
	n, err := tx.Exec(qAccountAmend, a.Tenant, a.ID, a.State, a.Hash, a.Rules, a.SetAt, a.MustChange, a.FirstUntil, accountMAC(k, &a), before, string(a.Personnel), a.Factors)
	if err == nil && n == 0 {
		err = fault.New(fault.Busy, "db.busy")
	}
	return err
}

// amendSession does the same with a session.
func (s *Service) amendSession(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Session, change func(*boundSession)) error {
	b, err := db.One(tx, qSessionBound, scanBound, t, id)
	if fault.Is(err, fault.Missing) {
		return fault.New(fault.Denied, "identity.session_ended").Because(err)
	}
	if err != nil {
		return err
	}
	if !same(b.mac, b.sum(k)) {
		return fault.New(fault.Denied, "identity.no_session")
	}
	before := b.mac
	change(&b)
	n, err := tx.Exec(qSessionAmend, t, id, b.token, b.created, b.sum(k), b.factor, b.proven, before)
	if err == nil && n == 0 { // changed meanwhile: an old token must not come back
		err = fault.New(fault.Busy, "db.busy")
	}
	return err
}

// grantsOf reads the grants of every account of a tenant, those that verify.
func (s *Service) grantsOf(tx *db.Tx, k *vault.Key, t ids.Tenant, accounts []account) (map[ids.Account][]Grant, []finding, error) {
	rows, err := db.All(tx, qGrants, scanGrant, t)
	if err != nil {
		return nil, nil, err
	}
	sets := map[ids.Account][]grantRow{}
	for _, g := range rows {
		sets[g.account] = append(sets[g.account], g)
	}
	out := map[ids.Account][]Grant{}
	var bad []finding
	for _, a := range accounts {
		set := sets[a.ID]
		if !s.genuineGrants(k, &a, set) {
			bad = append(bad, finding{t, grantsTable, string(a.ID)})
			continue
		}
		for _, g := range set {
			out[a.ID] = append(out[a.ID], g.Grant)
		}
	}
	return out, bad, nil
}

// holders are the active accounts that hold a role, as far as their rows verify.
func (s *Service) holders(tx *db.Tx, k *vault.Key, t ids.Tenant, role actor.Role) ([]account, error) {
	all, err := db.All(tx, qAccounts, scanAccount, t)
	if err != nil {
		return nil, err
	}
	grants, _, err := s.grantsOf(tx, k, t, all)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a account) bool {
		return a.State != "active" || !s.genuine(k, &a) || !slices.ContainsFunc(grants[a.ID], func(g Grant) bool { return g.Role == role })
	}), nil
}
