package web

import (
	"net/http"
	"strconv"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/tenant"
)

// usersView lists the accounts of the tenant; it holds no health data.
type usersView struct {
	Page
	Users  []userLine
	Locked int
	Screen int      // minutes until the screens lock
	Roles  []choice // those for which two factors are required are chosen
	// Unvouched are customers' administrators, at the association's desk alone.
	Unvouched []identity.Unvouched
}

// userLine is one account in words.
type userLine struct {
	identity.Account
	Roles []string
}

// Template names the file.
func (*usersView) Template() string { return "users" }

func newUserLine(a identity.Account) userLine {
	u := userLine{Account: a}
	seen := map[actor.Role]bool{}
	for _, g := range a.Grants {
		if !seen[g.Role] {
			u.Roles = append(u.Roles, access.RoleName(g.Role))
		}
		seen[g.Role] = true
	}
	return u
}

func (s *server) usersView(r *http.Request, v *Visitor) (*usersView, error) {
	view := &usersView{Page: Page{Title: "利用者と役割", Here: "/users"}}
	all, err := s.Identity.Accounts(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if a.Locked {
			view.Locked++
		}
		view.Users = append(view.Users, newUserLine(a))
	}
	if view.Screen, err = s.Identity.ScreenMinutes(r.Context(), v.Tenant); err != nil {
		return nil, err
	}
	if access.Allows(v.Actor, access.AccountVouchFor) && v.TenantKind != tenant.Customer {
		if view.Unvouched, err = s.Identity.Unvouched(r.Context(), v.Actor); err != nil {
			return nil, err
		}
	}
	view.Roles, err = s.factorChoices(r, v)
	return view, err
}

func (s *server) usersPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.usersView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// usersAgain shows the list again with what was wrong at a field.
func (s *server) usersAgain(w http.ResponseWriter, r *http.Request, v *Visitor, field string, err error) error {
	f := faultOf(err)
	if f.Kind != fault.Invalid || wantsJSON(r) {
		return err
	}
	view, verr := s.usersView(r, v)
	if verr != nil {
		return verr
	}
	view.Errors = []FieldError{{field, message(f)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

// usersUnlock clears every lock of the tenant with one reason.
func (s *server) usersUnlock(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if _, err := s.Identity.UnlockAll(r.Context(), v.Actor, r.PostFormValue("reason")); err != nil {
		return s.usersAgain(w, r, v, "reason", err)
	}
	return goTo(w, r, "/users?done=unlocked")
}

// usersSessions ends every session of the tenant but the present one.
func (s *server) usersSessions(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	if err := s.Identity.EndAllSessions(r.Context(), v.Actor, r.PostFormValue("reason")); err != nil {
		return s.usersAgain(w, r, v, "end-reason", err)
	}
	return goTo(w, r, "/users?done=sessions")
}

// usersScreen sets after how many minutes the screens of the tenant lock.
func (s *server) usersScreen(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	n, _ := strconv.Atoi(r.PostFormValue("minutes")) // what is no number is out of bounds
	if err := s.Identity.SetScreenMinutes(r.Context(), v.Actor, n); err != nil {
		return s.usersAgain(w, r, v, "minutes", err)
	}
	return goTo(w, r, "/users?done=screen")
}

// rolesFor are the roles that may be given in a tenant: those of the association only in its own.
func rolesFor(k tenant.Kind) []actor.Role {
	if k != tenant.Customer {
		return actor.Roles
	}
	var out []actor.Role
	for _, r := range actor.Roles {
		if r != actor.Operator && r != actor.ITSM {
			out = append(out, r)
		}
	}
	return out
}
