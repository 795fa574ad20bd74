package app

import (
	"context"

	"rakudos/internal/base/actor"
)

// factorsStep is the step of the schema with which tenants could first require two factors.
const factorsStep = "0020_identity_factors.sql"

// keepPolicy leaves tenants from before that step with what they had: nobody agreed to more with them. A
// start cut off in between leaves them with the stricter policy.
func (a *App) keepPolicy(ctx context.Context) error {
	if !a.factorsNew {
		return nil
	}
	all, err := a.Tenants.List(ctx)
	if err != nil {
		return err
	}
	for _, t := range all {
		if t.Closed {
			continue
		}
		if err := a.Identity.SetTwoFactor(ctx, actor.System(t.ID, "setup"), nil); err != nil {
			return err
		}
	}
	return nil
}
