package identity

import (
	"context"
	"errors"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
)

// permMatrix is what those need who see how the duties are kept apart.
const permMatrix = "matrix.read"

// standing reads an account that is about to change, and makes whoever else changes its roles or what is stated about
// it wait until this transaction has ended: of two changes at once the later one sees what the earlier one has left.
func (s *Service) standing(tx *db.Tx, k *vault.Key, t ids.Tenant, id ids.Account) (account, error) {
	if _, err := tx.Exec(qAccountWait, t, id); err != nil {
		return account{}, err
	}
	return s.genuineAccount(tx, k, t, id)
}

// SetPersonnel states whether somebody has a direct say in dismissal, promotion and transfer. It is refused to whoever
// holds a role that the law keeps apart from it (fault.Conflict "access.personnel"), and nobody states it about
// himself (fault.Conflict "identity.personnel_own").
func (s *Service) SetPersonnel(ctx context.Context, a actor.Actor, id ids.Account, say actor.Personnel, reason string) error {
	if !slices.Contains(actor.Personnels, say) {
		return fault.New(fault.Invalid, "identity.personnel_form")
	}
	if a.Kind == actor.Human && a.Account == id {
		return fault.New(fault.Conflict, "identity.personnel_own")
	}
	if creature, err := s.creature(ctx, a, id, "account.judge"); creature != nil || err != nil {
		return errors.Join(creature, err)
	}
	detail := map[string]any{"to": string(say)}
	return s.manage(ctx, a, id, permManage, "account.personnel_set", reason, detail, func(tx *db.Tx, k *vault.Key) error {
		if err := s.notSealed(tx, k, a.Tenant, id); err != nil {
			return err
		}
		acc, err := s.standing(tx, k, a.Tenant, id)
		if err != nil {
			return err
		}
		held, err := s.heldBy(tx, k, a.Tenant, id)
		if err != nil {
			return err
		}
		detail["from"] = string(acc.Personnel)
		if say != actor.PersonnelNone { // which stands against nothing
			if err := s.MayHold(held, say); err != nil {
				return err
			}
		}
		return s.amend(tx, k, a.Tenant, id, func(acc *account) { acc.Personnel = say })
	})
}

// PersonnelCounts is what has been stated about the active accounts whose roles suggest personnel authority, and how
// many carry stress checks out.
type PersonnelCounts struct {
	Held, None, Unknown int
	Stress              int
}

// PersonnelCounts counts them for whoever reads the matrix.
func (s *Service) PersonnelCounts(ctx context.Context, a actor.Actor) (PersonnelCounts, error) {
	var out PersonnelCounts
	if err := s.guard(a, permMatrix); err != nil {
		return out, err
	}
	k, err := s.keys.Tenant(ctx, a.Tenant)
	if err != nil {
		return out, err
	}
	return out, s.db.View(ctx, a.Tenant, func(tx *db.Tx) error {
		out = PersonnelCounts{}
		all, err := db.All(tx, qAccounts, scanAccount, a.Tenant)
		if err != nil {
			return err
		}
		grants, _, err := s.grantsOf(tx, k, a.Tenant, all)
		if err != nil {
			return err
		}
		for i := range all {
			if acc := &all[i]; acc.State == "active" && s.genuine(k, acc) {
				out.count(acc.Personnel, grants[acc.ID])
			}
		}
		return nil
	})
}

func (n *PersonnelCounts) count(say actor.Personnel, grants []Grant) {
	has := func(is func(actor.Role) bool) bool {
		return slices.ContainsFunc(grants, func(g Grant) bool { return is(g.Role) })
	}
	if has(func(r actor.Role) bool { return r == actor.StressImplementer || r == actor.StressStaff }) {
		n.Stress++
	}
	switch {
	case !has(actor.Presumed):
	case say == actor.PersonnelHeld:
		n.Held++
	case say == actor.PersonnelNone:
		n.None++
	default:
		n.Unknown++
	}
}
