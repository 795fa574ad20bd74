package identity

import (
	"context"
	"slices"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// Two accounts are no two people: whoever manages accounts can make a second one with a mailbox of his own. So a rule
// for two people asks where the roles come from by which they act. Behind an account stands whoever gave it its role,
// behind that one the next, up to a root: the host's command line, the installation, or somebody who has vouched. Two
// accounts are independent when there is a way up from each, and the ways share nobody (ADR 34).

// depthMost and waysMost bound the search; whoever needs more needs somebody who vouches.
const (
	depthMost = 16
	waysMost  = 256
)

const (
	byHost  = string(actor.Host)
	bySetup = string(actor.Machine) // only at the making of an account: the installation
)

// Second tells why somebody is not independent beside another, in the words of the way out. It is the one place that
// decides it, for every rule of access.Seconds.
func (s *Service) Second(ctx context.Context, b actor.Beside) error {
	if s.rules == nil {
		return fault.New(fault.Internal, "identity.second_missing")
	}
	decides, asks, oneWay, ok := s.rules(b.Rule)
	if !ok {
		return fault.New(fault.Internal, "identity.second_rule", "rule", b.Rule)
	}
	if b.By.Account == b.Other && b.Other != "" {
		return fault.New(fault.Denied, "identity.second_same")
	}
	if b.By.Kind != actor.Human || b.Other == "" { // the host is a root; what no person asked for has nobody behind it
		return nil
	}
	return s.db.View(ctx, db.Global, func(tx *db.Tx) error {
		g := &giving{s: s, tx: tx, ctx: ctx, tenants: map[ids.Tenant]*roll{}}
		before := int64(0)
		if !b.Since.IsZero() {
			before = db.Micros(b.Since)
		}
		mine := g.ways(b.By.Account, decides, before, nil)
		g.steps = 0
		if oneWay {
			if g.err == nil && behind(mine, b.Other) {
				return fault.New(fault.Denied, "identity.second_behind")
			}
			return g.err
		}
		theirs := g.ways(b.Other, asks, 0, nil)
		switch {
		case g.err != nil:
			return g.err
		case len(mine) == 0 && before > 0 && len(g.ways(b.By.Account, decides, 0, nil)) > 0:
			return fault.New(fault.Denied, "identity.second_young")
		case !apart(mine, theirs):
			return fault.New(fault.Denied, "identity.second_behind")
		}
		return nil
	})
}

// creature refuses an actor who does to an account what nobody does to the own one, and whose own account was made by
// that very one. It is the refusal, or a failure to find out.
func (s *Service) creature(ctx context.Context, a actor.Actor, id ids.Account, rule string) (refused, err error) {
	if a.Account == "" || a.Account == id || strings.HasPrefix(string(a.Account), "scim:") {
		return nil, nil // the own account is the caller's to refuse
	}
	a.Kind = actor.Human // also where a group that somebody has mapped acts for them
	if err = s.Second(ctx, actor.Beside{Rule: rule, By: a, Other: id}); fault.Is(err, fault.Denied) {
		return err, nil
	}
	return nil, err
}

// way is a chain of accounts from one up to a root.
type way []ids.Account

// apart tells whether there are two ways that share nobody.
func apart(mine, theirs []way) bool {
	for _, a := range mine {
		for _, b := range theirs {
			if !slices.ContainsFunc(a, func(x ids.Account) bool { return slices.Contains(b, x) }) {
				return true
			}
		}
	}
	return false
}

// behind tells whether every way leads over somebody.
func behind(ways []way, who ids.Account) bool {
	return len(ways) > 0 && !slices.ContainsFunc(ways, func(w way) bool { return !slices.Contains(w, who) })
}

// roll is a tenant's accounts and grants, as far as they verify.
type roll struct {
	made   map[ids.Account]int64
	grants map[ids.Account][]grantRow
}

// giving walks up from an account to whoever gave it its roles.
type giving struct {
	s       *Service
	tx      *db.Tx
	ctx     context.Context //nolint:containedctx // lives for one question
	tenants map[ids.Tenant]*roll
	steps   int
	err     error
}

func (g *giving) of(t ids.Tenant) *roll {
	if r := g.tenants[t]; r != nil || g.err != nil {
		return r
	}
	r := &roll{map[ids.Account]int64{}, map[ids.Account][]grantRow{}}
	g.tenants[t] = r
	k, err := g.s.keys.Tenant(g.ctx, t)
	if err == nil {
		err = r.read(g.s, g.tx, k, t)
	}
	if err != nil && !fault.Is(err, fault.Missing) { // a tenant whose key is gone vouches for nobody
		g.err = err
	}
	return r
}

// held are the grants of an account wherever it is, and when it was made.
func (g *giving) held(id ids.Account) (made int64, rows []grantRow) {
	var homes []ids.Tenant
	if g.err == nil {
		homes, g.err = db.Column[ids.Tenant](g.tx, qHomes, id)
	}
	for _, t := range homes { // one, unless somebody has written a copy: that does not verify
		if r := g.of(t); r != nil && r.grants[id] != nil {
			return r.made[id], r.grants[id]
		}
	}
	return 0, nil
}

var qHomes = db.GlobalQ("identity.homes", `select tenant_id from identity_accounts where account_id = $1`)

func (r *roll) read(s *Service, tx *db.Tx, k *vault.Key, t ids.Tenant) error {
	all, err := db.All(tx, qAccounts, scanAccount, t)
	if err != nil {
		return err
	}
	rows, err := db.All(tx, qGrants, scanGrant, t)
	if err != nil {
		return err
	}
	sets := map[ids.Account][]grantRow{}
	for _, row := range rows {
		sets[row.account] = append(sets[row.account], row)
	}
	for i := range all {
		if a := &all[i]; s.genuine(k, a) && s.genuineGrants(k, a, sets[a.ID]) {
			r.made[a.ID], r.grants[a.ID] = a.CreatedAt, sets[a.ID]
		}
	}
	return nil
}

// ways are the chains from an account up to a root, over the grants of the roles (nil: any) that are older than before
// (0: however old). Below are those from whom the search has come: a circle is no way.
func (g *giving) ways(id ids.Account, roles []actor.Role, before int64, below way) (out []way) {
	g.steps++
	if g.err != nil || len(below) >= depthMost || g.steps > waysMost || slices.Contains(below, id) {
		return nil
	}
	here := append(slices.Clone(below), id)
	made, rows := g.held(id)
	for _, row := range rows {
		if roles != nil && !slices.Contains(roles, row.Role) || before > 0 && row.at >= before {
			continue
		}
		switch by, rest := ids.Account(row.by), strings.HasPrefix(row.by, "scim:"); {
		case row.by == byHost || row.by == bySetup && row.at == made:
			out = append(out, here)
		case rest || row.by == bySetup: // a machine stands for whoever set it up: nobody knows who
		default:
			out = append(out, g.ways(by, administrators, 0, here)...)
		}
		if row.vouchedAt == 0 {
			continue
		}
		if row.vouchedBy == byHost {
			out = append(out, here)
			continue
		}
		out = append(out, g.ways(ids.Account(row.vouchedBy), administrators, 0, here)...)
	}
	return out
}
