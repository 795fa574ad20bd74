package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/scim"
	"rakudos/internal/people/identity/sso"
)

// federationView is what ties a company's own provider and personnel system to the service.
type federationView struct {
	Page
	Connections []connectionLine
	Alone       []sso.Alone // other tenants' that wait for the association
	Links       []linkLine
	Roles       []choice // that may not use a password
	Keeper      string   // who always may
	Tokens      []tokenLine
	Groups      []groupLine
	Waiting     []waitingLine
	Secret      string // of a token just made, shown once
	Base        string
	Label       string
}

// connectionLine is a provider with who has set it up and who has looked at it.
type connectionLine struct {
	sso.Connection
	By, Second string // login IDs
	Mine       bool   // the visitor has set it up, and so can't be the second
}

type linkLine struct {
	sso.Link
	Login, Name, Provider string
}

type tokenLine struct {
	scim.Token
	Owner string
	Live  bool
}

// waitingLine is a newcomer or a role that an administrator has to confirm.
type waitingLine struct {
	scim.Waiting
	Login, Name, Email, RoleName string
}

type groupLine struct {
	scim.Group
	Roles []choice
	Wide  bool   // stands for a privileged role
	Who   string // the members by login ID, the first of many
}

// Template names the file.
func (*federationView) Template() string { return "federation" }

func (s *server) federationView(r *http.Request, v *Visitor) (*federationView, error) {
	view := &federationView{Page: Page{Title: "会社の認証・人事システムとの連携", Here: "/federation"}, Base: base(r) + scim.Path}
	ctx := r.Context()
	accounts, err := s.Identity.Accounts(ctx, v.Actor)
	if err != nil {
		return nil, err
	}
	login, name := map[ids.Account]string{}, map[ids.Account]string{}
	for _, a := range accounts {
		login[a.ID], name[a.ID] = a.LoginID, a.Name
	}
	connections, err := s.SSO.Connections(ctx, v.Actor)
	if err != nil {
		return nil, err
	}
	for _, c := range connections {
		second := login[c.ConfirmedBy]
		if c.Confirmed && second == "" {
			second = "保健会"
		}
		view.Connections = append(view.Connections, connectionLine{c, login[c.By], second, c.By == v.Account})
	}
	if access.Allows(v.Actor, access.FederationSecond) {
		if view.Alone, err = s.SSO.WaitingAlone(ctx, v.Actor); err != nil {
			return nil, err
		}
	}
	links, err := s.SSO.Links(ctx, v.Actor)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		line := linkLine{Link: l, Login: login[l.Account], Name: name[l.Account]}
		if i := slices.IndexFunc(view.Connections, func(c connectionLine) bool { return c.ID == l.Connection }); i >= 0 {
			line.Provider = view.Connections[i].Name
		}
		view.Links = append(view.Links, line)
	}
	only, err := s.SSO.OnlyRoles(ctx, v.Actor)
	if err != nil {
		return nil, err
	}
	for _, role := range rolesFor(v.TenantKind) {
		view.Roles = append(view.Roles, choice{string(role), access.RoleName(role), slices.Contains(only, role)})
	}
	keeper, err := s.Identity.BreakGlass(ctx, v.Tenant)
	if err != nil {
		return nil, err
	}
	view.Keeper = login[keeper]
	waiting, err := s.SCIM.Waiting(ctx, v.Actor)
	if err != nil {
		return nil, err
	}
	for _, one := range waiting {
		line := waitingLine{one, login[one.Account], name[one.Account], "", access.RoleName(one.Role)}
		if i := slices.IndexFunc(accounts, func(a identity.Account) bool { return a.ID == one.Account }); i >= 0 {
			line.Email = accounts[i].Email
		}
		view.Waiting = append(view.Waiting, line)
	}
	return view, s.federationMachines(r, v, view, login)
}

// federationMachines adds the tokens and the groups.
func (s *server) federationMachines(r *http.Request, v *Visitor, view *federationView, login map[ids.Account]string) error {
	tokens, err := s.SCIM.Tokens(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		view.Tokens = append(view.Tokens, tokenLine{t, login[t.Owner], t.Live(time.Now())})
	}
	groups, err := s.SCIM.Groups(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	for _, g := range groups {
		line := groupLine{Group: g, Wide: slices.Contains(scim.Privileged, g.Role), Roles: []choice{{"", "役割なし", g.Role == ""}}}
		for _, role := range rolesFor(v.TenantKind) {
			if role != actor.Operator && role != actor.ITSM {
				line.Roles = append(line.Roles, choice{string(role), access.RoleName(role), g.Role == role})
			}
		}
		line.Who = members(g.Members, login)
		view.Groups = append(view.Groups, line)
	}
	return nil
}

func (s *server) federationPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.federationView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// federationAct does one thing of the page and comes back to it; what was wrong is said there.
func (s *server) federationAct(done string, act func(*http.Request, *Visitor) error) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		if err := r.ParseForm(); err != nil {
			return formFault(err)
		}
		err := act(r, v)
		if err == nil {
			return goTo(w, r, "/federation?done="+done)
		}
		f := faultOf(err)
		if wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
			return err
		}
		view, verr := s.federationView(r, v)
		if verr != nil {
			return verr
		}
		view.Label, view.Errors = r.PostFormValue("label"), []FieldError{{federationFields[f.Code], message(f)}}
		return s.pageStatus(w, r, v, statusOf(f), view)
	}
}

var federationFields = map[string]string{"scim.label": "label", "scim.days": "days", "sso.none_enabled": "roles"}

// members names who is in a group, so that a role is not given to a number.
func members(all []ids.Account, login map[ids.Account]string) string {
	const most = 20
	var out []string
	for _, id := range all {
		if login[id] != "" {
			out = append(out, login[id])
		}
	}
	slices.Sort(out)
	if n := len(out); n > most {
		return strings.Join(out[:most], "、") + fmt.Sprintf(" ほか%d人", n-most)
	}
	return strings.Join(out, "、")
}
