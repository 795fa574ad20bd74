package web

import (
	"net/http"
	"slices"
	"strings"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// userView makes an account, or shows one with what may be done to it.
type userView struct {
	Page
	User    userLine // zero: a new one
	New     bool
	LoginID string
	Name    string
	Email   string
	Roles   []roleChoice
	Depts   []choice
	First   string // a first password, shown once
	Reason  string
	// Doubtful: nobody but the givers of its roles says that its holder is a person of his own.
	Doubtful bool
	Says     []choice // what can be stated about personnel authority
}

// roleChoice is a role with the sites that limit it: each role has its own.
type roleChoice struct {
	choice
	Sites []choice // none: the role is not limited by sites
}

// Limited tells whether the role is limited to sites now.
func (c roleChoice) Limited() bool {
	return slices.ContainsFunc(c.Sites, func(s choice) bool { return s.Chosen })
}

// siteRoles are the roles whose reach sites limit.
var siteRoles = []actor.Role{actor.Manager, actor.HR, actor.Nurse, actor.Physician, actor.StressImplementer, actor.StressStaff}

// Template names the file.
func (*userView) Template() string { return "user" }

func (s *server) userView(r *http.Request, v *Visitor, grants []identity.Grant) (*userView, error) {
	view := &userView{Page: Page{Here: "/users", Crumbs: []Crumb{{"/users", "利用者と役割"}}}}
	// Names of sites and departments are about nobody: an administrator needs them to give roles.
	d, err := s.Org.Directory(r.Context(), v.Tenant)
	if err != nil {
		return nil, err
	}
	has := func(is func(identity.Grant) bool) bool { return slices.ContainsFunc(grants, is) }
	view.Says = personnelChoices(actor.PersonnelUnknown)
	for _, role := range rolesFor(v.TenantKind) {
		one := roleChoice{choice: choice{string(role), access.RoleName(role), has(func(g identity.Grant) bool { return g.Role == role })}}
		if slices.Contains(siteRoles, role) {
			for _, x := range d.Sites() {
				one.Sites = append(one.Sites, choice{string(x.ID), x.Name, has(func(g identity.Grant) bool { return g == identity.Grant{Role: role, Site: x.ID, Dept: g.Dept} })})
			}
		}
		view.Roles = append(view.Roles, one)
	}
	for _, x := range d.Depts() {
		view.Depts = append(view.Depts, choice{string(x.ID), x.Name, has(func(g identity.Grant) bool { return g.Dept == x.ID })})
	}
	return view, nil
}

// readGrants crosses each role with its own sites, and with those named for all; a manager's also with the
// departments. What is chosen must be the tenant's own.
func readGrants(r *http.Request, view *userView) ([]identity.Grant, error) {
	pick := func(name string, from []choice) ([]string, error) {
		var out []string
		for _, value := range r.PostForm[name] {
			if !slices.ContainsFunc(from, func(c choice) bool { return c.Value == value }) {
				return nil, fault.New(fault.Invalid, "web.field", "field", name)
			}
			out = append(out, value)
		}
		return out, nil
	}
	depts, err := pick("dept", view.Depts)
	if err != nil {
		return nil, err
	}
	var out []identity.Grant
	for _, role := range r.PostForm["role"] {
		var of []choice // none for a role that is not offered: the service says what is wrong with it
		if i := slices.IndexFunc(view.Roles, func(c roleChoice) bool { return c.Value == role }); i >= 0 {
			of = view.Roles[i].Sites
		}
		sites, err := pick("site-"+role, of)
		if err != nil {
			return nil, err
		}
		if len(of) > 0 {
			all, err := pick("site", of)
			if err != nil {
				return nil, err
			}
			sites = append(sites, all...)
		}
		if len(sites) == 0 {
			sites = []string{""}
		}
		for _, site := range sites {
			if role == string(actor.Manager) && len(depts) > 0 {
				for _, dept := range depts {
					out = append(out, identity.Grant{Role: actor.Manager, Site: ids.Site(site), Dept: ids.Dept(dept)})
				}
				continue
			}
			out = append(out, identity.Grant{Role: actor.Role(role), Site: ids.Site(site)})
		}
	}
	if len(out) == 0 {
		return nil, fault.New(fault.Invalid, "web.role_missing")
	}
	return out, nil
}

func (s *server) userNew(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.userView(r, v, nil)
	if err != nil {
		return err
	}
	view.Title, view.New = "利用者の登録", true
	return s.page(w, r, v, view)
}

// userCreate makes an account and shows its first password once.
func (s *server) userCreate(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view, err := s.userView(r, v, nil)
	if err != nil {
		return err
	}
	n := identity.NewAccount{LoginID: r.PostFormValue("login_id"), Name: r.PostFormValue("name"), Email: strings.TrimSpace(r.PostFormValue("email")), Personnel: actor.Personnel(r.PostFormValue("personnel"))}
	var a identity.Account
	if n.Grants, err = readGrants(r, view); err == nil {
		a, err = s.Identity.CreateAccount(r.Context(), v.Actor, n)
	}
	if err == nil {
		return s.userFirst(w, r, v, a.ID, a.FirstPassword)
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	view.Title, view.New, view.LoginID, view.Name, view.Email = "利用者の登録", true, n.LoginID, n.Name, n.Email
	view.Says = personnelChoices(n.Personnel)
	for i := range view.Roles {
		one := &view.Roles[i]
		one.Chosen = slices.Contains(r.PostForm["role"], one.Value)
		for k := range one.Sites {
			one.Sites[k].Chosen = slices.Contains(r.PostForm["site-"+one.Value], one.Sites[k].Value)
		}
	}
	view.Errors = []FieldError{{userFields[f.Code], message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

var userFields = map[string]string{"identity.login_form": "login_id", "identity.login_taken": "login_id", "identity.name_form": "name", "identity.email_form": "email", "identity.email_wide": "email", "identity.email_domain": "email", "web.role_missing": "roles", "identity.role_unknown": "roles", "access.duties": "roles", "access.personnel": "roles", "identity.personnel_form": "personnel"}

func (s *server) userPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.showUser(w, r, v, ids.Account(r.PathValue("id")), "", nil)
}

// userFirst shows an account with its first password, once.
func (s *server) userFirst(w http.ResponseWriter, r *http.Request, v *Visitor, id ids.Account, first string) error {
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, map[string]string{"id": string(id), "first_password": first})
	}
	return s.showUser(w, r, v, id, first, nil)
}

func (s *server) showUser(w http.ResponseWriter, r *http.Request, v *Visitor, id ids.Account, first string, wrong []FieldError) error {
	a, err := s.Identity.Account(r.Context(), v.Actor, id)
	if err != nil {
		return err
	}
	view, err := s.userView(r, v, a.Grants)
	if err != nil {
		return err
	}
	view.Title, view.User, view.First, view.Errors, view.Says = a.Name, newUserLine(a), first, wrong, personnelChoices(a.Personnel)
	if view.Doubtful, err = s.Identity.Doubtful(r.Context(), v.Actor, id); err != nil {
		return err
	}
	status := http.StatusOK
	if len(wrong) > 0 {
		status, view.Reason = http.StatusUnprocessableEntity, r.PostFormValue("reason")
	}
	return s.pageStatus(w, r, v, status, view)
}

// userAct does one thing to an account, with a reason.
func (s *server) userAct(act func(*http.Request, *Visitor, ids.Account, string) error) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		if err := r.ParseForm(); err != nil {
			return formFault(err)
		}
		id := ids.Account(r.PathValue("id"))
		if _, err := s.Identity.Account(r.Context(), v.Actor, id); err != nil {
			return err
		}
		err := act(r, v, id, r.PostFormValue("reason"))
		if err == nil {
			return goTo(w, r, "/users/"+string(id)+"?done=saved")
		}
		f := faultOf(err)
		if wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
			return err
		}
		field := userActFields[f.Code]
		if field == "" {
			field = "roles"
		}
		return s.showUser(w, r, v, id, "", []FieldError{{field, message(f)}})
	}
}

var userActFields = map[string]string{"identity.reason_missing": "reason", "identity.personnel_own": "personnel", "identity.personnel_form": "personnel"}

func (s *server) userRoles(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	view, err := s.userView(r, v, nil)
	if err != nil {
		return err
	}
	grants, err := readGrants(r, view)
	if err != nil {
		return err
	}
	return s.Identity.SetGrants(r.Context(), v.Actor, id, grants, reason)
}

// userShared writes down that somebody looked into an account that looks shared.
func (s *server) userShared(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.SeenShared(r.Context(), v.Actor, id, reason)
}

func (s *server) userDisable(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.Disable(r.Context(), v.Actor, id, reason)
}

func (s *server) userEnable(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.Enable(r.Context(), v.Actor, id, reason)
}

func (s *server) userUnlock(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.Unlock(r.Context(), v.Actor, id, reason)
}

func (s *server) userSessions(r *http.Request, v *Visitor, id ids.Account, reason string) error {
	return s.Identity.EndSessionsOf(r.Context(), v.Actor, id, reason)
}

// userReset gives a new first password, shown once.
func (s *server) userReset(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	id := ids.Account(r.PathValue("id"))
	if _, err := s.Identity.Account(r.Context(), v.Actor, id); err != nil {
		return err
	}
	first, err := s.Identity.ResetPassword(r.Context(), v.Actor, id, r.PostFormValue("reason"))
	if err == nil {
		return s.userFirst(w, r, v, id, first)
	}
	if f := faultOf(err); wantsJSON(r) || f.Code != "identity.reason_missing" {
		return err
	}
	return s.showUser(w, r, v, id, "", []FieldError{{"reason", message(err)}})
}
