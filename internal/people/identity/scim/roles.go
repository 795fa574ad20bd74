package scim

import (
	"context"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
)

// Privileged roles see health data or give roles: an administrator confirms them apart.
var Privileged = identity.Privileged

// never are the association's: no personnel system gives them.
var never = []actor.Role{actor.Operator, actor.ITSM}

// MapGroup says which role a group stands for; the empty role is none. A privileged one has to be confirmed.
func (s *Service) MapGroup(ctx context.Context, a actor.Actor, id string, role actor.Role, confirmed bool) error {
	all, err := s.Groups(ctx, a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(g Group) bool { return g.ID == id })
	if i < 0 {
		return fault.New(fault.Missing, "scim.no_group")
	}
	if role != "" && (!slices.Contains(actor.Roles, role) || slices.Contains(never, role)) {
		return fault.New(fault.Invalid, "scim.role")
	}
	if slices.Contains(Privileged, role) && !confirmed {
		return fault.New(fault.Invalid, "scim.confirm")
	}
	g := all[i]
	g.Role, g.ApprovedBy, g.ApprovedAt = role, a.Account, db.Micros(time.Now())
	if role == "" {
		g.ApprovedBy, g.ApprovedAt = "", 0
	}
	if err := s.save(ctx, a, &g, "scim.group_mapped"); err != nil {
		return err
	}
	return s.settle(ctx, actor.Actor{Kind: actor.Machine, Tenant: a.Tenant, Account: a.Account, Purpose: "scim", Addr: a.Addr, Request: a.Request}, g.Members, role)
}

// settle gives accounts the roles of their groups and takes away those that they had by groups only. What an
// administrator has given by hand stays. The last tenant administrator keeps the role. What has to be confirmed
// waits, unless an administrator has said now that it is to be given (allowed).
func (s *Service) settle(ctx context.Context, who actor.Actor, affected []ids.Account, allowed ...actor.Role) error {
	if len(affected) == 0 {
		return nil
	}
	groups, err := s.groups(ctx, who.Tenant)
	if err != nil {
		return err
	}
	had := map[ids.Account][]actor.Role{}
	if err := s.DB.View(ctx, who.Tenant, func(tx *db.Tx) error {
		return db.Each(tx, qGiven, func(r db.Scanner) error {
			var id ids.Account
			var role actor.Role
			err := r.Scan(&id, &role)
			had[id] = append(had[id], role)
			return err
		}, who.Tenant)
	}); err != nil {
		return err
	}
	accounts, err := s.Identity.Accounts(ctx, who)
	if err != nil {
		return err
	}
	joined, err := s.joins(ctx, who.Tenant)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if !slices.Contains(affected, a.ID) || a.Sealed {
			continue
		}
		j, newcomer := joined[a.ID]
		var due []actor.Role
		for _, g := range groups {
			switch {
			case g.Role == "" || !slices.Contains(g.Members, a.ID) || slices.Contains(due, g.Role):
			case a.ID == who.Account && waits(a, joined, g.Role): // nobody gives themselves more, by a group either
				s.tellWaiting(who.Tenant)
			case waits(a, joined, g.Role) && (newcomer && !j.Known || !slices.Contains(allowed, g.Role)):
				s.tellWaiting(who.Tenant)
			default:
				due = append(due, g.Role)
			}
		}
		if err := s.settleOne(ctx, who, a, had[a.ID], due); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) settleOne(ctx context.Context, who actor.Actor, a identity.Account, had, due []actor.Role) error {
	byHand := slices.DeleteFunc(slices.Clone(a.Grants), func(g identity.Grant) bool {
		return slices.Contains(had, g.Role) && g.Site == "" && g.Dept == "" // one that an administrator has narrowed is by hand
	})
	holds := func(in []identity.Grant, r actor.Role) bool {
		return slices.ContainsFunc(in, func(g identity.Grant) bool { return g.Role == r })
	}
	grants := slices.Clone(byHand)
	var ours []actor.Role
	for _, r := range due {
		if holds(byHand, r) {
			continue
		}
		if next := append(slices.Clone(grants), identity.Grant{Role: r}); s.Identity.MayHold(next, a.Personnel) == nil {
			grants, ours = next, append(ours, r)
		} else if err := s.refuseRole(ctx, who, a.ID, r); err != nil {
			return err
		}
	}
	// What is about to be given is written down first: a crash in between leaves a role that the next call
	// takes away, never one that looks given by hand.
	if err := s.remember(ctx, who.Tenant, a.ID, ours, nil); err != nil {
		return err
	}
	if !slices.Equal(sorted(grants), sorted(a.Grants)) {
		if err := s.noteRoles(ctx, who, a, grants); err != nil {
			return err
		}
		err := s.Identity.SetGrants(ctx, who, a.ID, grants, reason)
		if f := fault.Of(err); f != nil && f.Code == "identity.last_admin" {
			return nil // stays as it is until there is another one
		}
		if err != nil {
			return err
		}
	}
	gone := slices.DeleteFunc(slices.Clone(had), func(r actor.Role) bool { return slices.Contains(ours, r) })
	return s.remember(ctx, who.Tenant, a.ID, nil, gone)
}

// noteRoles writes down which roles an account is about to get and to lose.
func (s *Service) noteRoles(ctx context.Context, who actor.Actor, a identity.Account, next []identity.Grant) error {
	only := func(some, others []identity.Grant, what string) error {
		for _, g := range some {
			if slices.Contains(others, g) {
				continue
			}
			if err := s.note(ctx, who, a.ID, what, string(g.Role)); err != nil {
				return err
			}
		}
		return nil
	}
	if err := only(next, a.Grants, given); err != nil {
		return err
	}
	return only(a.Grants, next, taken)
}

// refuseRole writes down that a group would have given a role which the account must not hold beside another.
func (s *Service) refuseRole(ctx context.Context, who actor.Actor, id ids.Account, r actor.Role) error {
	return s.DB.Tx(ctx, who.Tenant, func(tx *db.Tx) error {
		return s.record(tx, "scim.role_refused", who, "denied", map[string]any{"account": string(id), "role": string(r)})
	})
}

func sorted(in []identity.Grant) []string {
	var out []string
	for _, g := range in {
		out = append(out, string(g.Role)+"|"+string(g.Site)+"|"+string(g.Dept))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (s *Service) remember(ctx context.Context, t ids.Tenant, id ids.Account, more, gone []actor.Role) error {
	if len(more)+len(gone) == 0 {
		return nil
	}
	return s.DB.Tx(ctx, t, func(tx *db.Tx) error {
		for _, r := range more {
			if _, err := tx.Exec(qGivenInsert, t, id, string(r)); err != nil {
				return err
			}
		}
		for _, r := range gone {
			if _, err := tx.Exec(qGivenDelete, t, id, string(r)); err != nil {
				return err
			}
		}
		return nil
	})
}
