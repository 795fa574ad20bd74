package accessreview

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// picture is a tenant's grants with what is known of each, at one instant.
type picture struct {
	tenant   tenant.Tenant
	accounts []identity.Account
	lines    []Line
	held     map[Grant]bool // every grant, wanted or not
	bench    bench
}

// mostEvents bounds how much of the log is read for one campaign; the newest count.
const mostEvents = 200_000

// look makes the picture of a tenant as far as its grants are wanted. before are the grants of its last
// campaign; nil when there was none.
func (s *Service) look(ctx context.Context, t tenant.Tenant, association ids.Tenant, before map[Grant]bool, wanted func(Grant) bool, now time.Time) (*picture, error) {
	p := &picture{tenant: t, held: map[Grant]bool{}}
	var err error
	if p.accounts, err = s.Accounts.Accounts(ctx, machine(t.ID)); err != nil {
		return nil, err
	}
	if p.bench, err = s.benchFor(ctx, t.ID, association, p.accounts); err != nil {
		return nil, err
	}
	principals, err := s.Principals.Principals(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	k, err := s.known(ctx, t, p.accounts, wanted, now)
	if err != nil {
		return nil, err
	}
	for _, a := range p.accounts {
		for _, g := range a.Grants {
			l := Line{Grant: grantOf(a.ID, g), Login: a.LoginID, Name: a.Name}
			if !wanted(l.Grant) {
				continue
			}
			f := Facts{Created: a.CreatedAt, SignedIn: a.SignedInAt, Human: true, Left: k.left[a.Person], Devices: k.shared[a.ID],
				Before: before != nil, HadBefore: before[l.Grant], Use: UseOf(g.Role, k.used[a.ID]), Seen: k.since}
			if (actor.Actor{Roles: privileged}).Has(g.Role) {
				f.Privileged = access.RoleName(g.Role) + "の権限です"
			}
			f.Personnel = personnelSays(g.Role, a.Personnel, rolesOf(a.Grants))
			l.Notes = MarkAll(f, now)
			p.lines = append(p.lines, l)
		}
	}
	for _, r := range principals {
		l := Line{Grant: r.grant(), Login: r.ID, Name: r.Name}
		if !wanted(l.Grant) {
			continue
		}
		l.Notes = MarkAll(Facts{SignedIn: r.LastUsed, Human: !r.LastUsed.IsZero(), Before: before != nil, HadBefore: before[l.Grant], Privileged: r.Privileged}, now)
		p.lines = append(p.lines, l)
	}
	for _, a := range p.accounts {
		for _, g := range a.Grants {
			p.held[grantOf(a.ID, g)] = true
		}
	}
	for _, r := range principals {
		p.held[r.grant()] = true
	}
	return p, nil
}

func rolesOf(grants []identity.Grant) (out []actor.Role) {
	for _, g := range grants {
		out = append(out, g.Role)
	}
	return out
}

func grantOf(id ids.Account, g identity.Grant) Grant {
	return Grant{Account, string(id), string(g.Role), g.Site, g.Dept}
}

func (r Principal) grant() Grant { return Grant{Kind: r.Kind, Subject: r.ID, Role: r.Holds} }

// knowledge is what the flags are made from; reading it costs a walk through the log.
type knowledge struct {
	shared map[ids.Account]int
	left   map[ids.Person]jst.Date
	used   map[ids.Account]map[string]int
	since  time.Time
}

func (s *Service) known(ctx context.Context, t tenant.Tenant, accounts []identity.Account, wanted func(Grant) bool, now time.Time) (k knowledge, err error) {
	any := false
	var people []ids.Person
	for _, a := range accounts {
		for _, g := range a.Grants {
			any = any || wanted(grantOf(a.ID, g))
		}
		if a.Person != "" {
			people = append(people, a.Person)
		}
	}
	if !any {
		return k, nil
	}
	if k.shared, err = s.Signs.SharedAccounts(ctx, t.ID); err != nil {
		return k, err
	}
	if k.left, err = s.Signs.LeftOn(ctx, t.ID, people); err != nil {
		return k, err
	}
	k.used, k.since, err = s.usage(ctx, t, now)
	return k, err
}

// benchFor finds who may be asked about a tenant's lines.
func (s *Service) benchFor(ctx context.Context, t, association ids.Tenant, own []identity.Account) (bench, error) {
	var theirs []identity.Account
	if association != "" && association != t {
		var err error
		if theirs, err = s.Accounts.Accounts(ctx, machine(association)); err != nil {
			return bench{}, err
		}
	}
	b := benchOf(t, own, association, theirs)
	var all []ids.Account
	for _, r := range append(slices.Clone(b.administrators), b.seconds...) {
		all = append(all, r.Account)
	}
	var err error
	b.above, err = s.Second.Above(ctx, ruleDecide, all)
	return b, err
}

// usage counts the events of each account in the last DormantDays, and tells since when it could count.
func (s *Service) usage(ctx context.Context, t tenant.Tenant, now time.Time) (map[ids.Account]map[string]int, time.Time, error) {
	since := now.Add(-dormant)
	if t.CreatedAt.After(since) {
		since = t.CreatedAt
	}
	out := map[ids.Account]map[string]int{}
	oldest := since
	f := audit.Filter{From: since, Limit: 1000}
	for n := 0; n < mostEvents; n += f.Limit {
		entries, err := s.Log.Find(ctx, machine(t.ID), f)
		if err != nil {
			return nil, since, err
		}
		for _, e := range entries {
			if e.Actor.Account == "" || e.Result == "denied" {
				continue
			}
			if out[e.Actor.Account] == nil {
				out[e.Actor.Account] = map[string]int{}
			}
			out[e.Actor.Account][e.Verb]++
		}
		if len(entries) < f.Limit {
			return out, since, nil
		}
		f.Before, oldest = entries[len(entries)-1].Seq, entries[len(entries)-1].At
	}
	return out, oldest, nil
}
