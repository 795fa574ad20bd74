package web

import (
	"net/http"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
)

// factorChoices are the roles for which a tenant may require two factors.
func (s *server) factorChoices(r *http.Request, v *Visitor) ([]choice, error) {
	required, err := s.Identity.TwoFactor(r.Context(), v.Tenant)
	if err != nil {
		return nil, err
	}
	var out []choice
	for _, role := range rolesFor(v.TenantKind) {
		out = append(out, choice{string(role), access.RoleName(role), slices.Contains(required, role)})
	}
	return out, nil
}

// usersFactors sets for which roles the tenant requires two factors.
func (s *server) usersFactors(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	var roles []actor.Role
	for _, name := range r.PostForm["required"] {
		roles = append(roles, actor.Role(name))
	}
	if err := s.Identity.SetTwoFactor(r.Context(), v.Actor, roles); err != nil {
		return s.usersAgain(w, r, v, "required", err)
	}
	return goTo(w, r, "/users?done=two-factor")
}

// userFactors takes away the factors that somebody has lost.
func (s *server) userFactors(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.ResetFactors(r.Context(), v.Actor, id, reason)
}
