package web

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/identity/sso"
)

// connectionView makes or changes one provider.
type connectionView struct {
	Page
	ID      string
	Kind    sso.Kind
	Enabled bool
	S       sso.Settings
	MFA     string
	Own     string // our addresses at the provider begin with this
}

// Template names the file.
func (*connectionView) Template() string { return "connection" }

func newConnectionView(kind sso.Kind, base string) *connectionView {
	return &connectionView{Page: Page{Title: "会社の認証との連携", Here: "/federation", Crumbs: []Crumb{{"/federation", "認証・人事との連携"}}}, Kind: kind, S: sso.Settings{LinkBy: sso.ByEmail}, Own: base}
}

func (s *server) connectionForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	kind := sso.OIDC
	if r.URL.Query().Get("kind") == string(sso.SAML) {
		kind = sso.SAML
	}
	view := newConnectionView(kind, base(r))
	if id := r.URL.Query().Get("id"); id != "" {
		all, err := s.SSO.Connections(r.Context(), v.Actor)
		if err != nil {
			return err
		}
		for _, c := range all {
			if c.ID == id {
				view.ID, view.Kind, view.Enabled, view.S, view.MFA = c.ID, c.Kind, c.Enabled, c.Settings, strings.Join(c.MFA, "\n")
				return s.page(w, r, v, view)
			}
		}
		return fault.New(fault.Missing, "sso.missing")
	}
	return s.page(w, r, v, view)
}

// saveOIDC and saveSAML differ in how the form comes: metadata is a file.
func (s *server) saveOIDC(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	return s.saveConnection(w, r, v, sso.OIDC, "")
}

func (s *server) saveSAML(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	r.Body = http.MaxBytesReader(w, r.Body, 2*sso.MaxMetadata)
	if err := r.ParseMultipartForm(2 * sso.MaxMetadata); err != nil {
		return formFault(err)
	}
	metadata := ""
	if f, _, err := r.FormFile("metadata"); err == nil {
		b, err := io.ReadAll(io.LimitReader(f, sso.MaxMetadata+1))
		_ = f.Close()
		if err != nil {
			return formFault(err)
		}
		metadata = string(b)
	}
	return s.saveConnection(w, r, v, sso.SAML, metadata)
}

func (s *server) saveConnection(w http.ResponseWriter, r *http.Request, v *Visitor, kind sso.Kind, metadata string) error {
	view := newConnectionView(kind, base(r))
	view.ID, view.Enabled, view.MFA = r.PostFormValue("id"), r.PostFormValue("enabled") != "", r.PostFormValue("mfa")
	view.S = sso.Settings{
		Name: r.PostFormValue("name"), Issuer: r.PostFormValue("issuer"), ClientID: r.PostFormValue("client_id"), LinkBy: sso.LinkBy(r.PostFormValue("link_by")),
		Claim: r.PostFormValue("claim"), Domain: r.PostFormValue("domain"), MFA: strings.Fields(view.MFA),
	}
	in := view.S
	in.Secret, in.Metadata = r.PostFormValue("secret"), metadata
	c, err := s.SSO.Save(r.Context(), v.Actor, view.ID, kind, in, view.Enabled)
	if err == nil {
		return goTo(w, r, "/federation/connection?done=saved&id="+c.ID)
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict {
		return err
	}
	view.Errors = []FieldError{{f.Args["field"], message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

// testConnection asks the provider and says on its page how it went.
func (s *server) testConnection(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	id := r.PostFormValue("id")
	err := s.SSO.Test(r.Context(), v.Actor, id)
	if err == nil {
		return goTo(w, r, "/federation/connection?done=tested&id="+id)
	}
	if f := faultOf(err); wantsJSON(r) || f.Kind != fault.Invalid {
		return err
	}
	all, lerr := s.SSO.Connections(r.Context(), v.Actor)
	if lerr != nil {
		return lerr
	}
	view := newConnectionView(sso.OIDC, base(r))
	for _, c := range all {
		if c.ID == id {
			view.ID, view.Kind, view.Enabled, view.S, view.MFA = c.ID, c.Kind, c.Enabled, c.Settings, strings.Join(c.MFA, "\n")
		}
	}
	view.Errors = []FieldError{{Message: message(err)}}
	return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
}

// seenAt is when what the page showed was last changed.
func seenAt(r *http.Request) time.Time {
	n, _ := strconv.ParseInt(r.PostFormValue("seen"), 10, 64) // what is no number fits nothing
	return time.UnixMicro(n)
}

func (s *server) confirmConnection(r *http.Request, v *Visitor) error {
	return s.SSO.Confirm(r.Context(), v.Actor, r.PostFormValue("id"), seenAt(r))
}

func (s *server) confirmForTenant(r *http.Request, v *Visitor) error {
	return s.SSO.ConfirmFor(r.Context(), v.Actor, ids.Tenant(r.PostFormValue("of")), r.PostFormValue("id"), seenAt(r))
}

func (s *server) removeConnection(r *http.Request, v *Visitor) error {
	return s.SSO.Remove(r.Context(), v.Actor, r.PostFormValue("id"))
}

func (s *server) unlink(r *http.Request, v *Visitor) error {
	return s.SSO.Unlink(r.Context(), v.Actor, r.PostFormValue("id"))
}

func (s *server) onlyRoles(r *http.Request, v *Visitor) error {
	var roles []actor.Role
	for _, role := range r.PostForm["role"] {
		roles = append(roles, actor.Role(role))
	}
	return s.SSO.SetOnlyRoles(r.Context(), v.Actor, roles)
}

func (s *server) revokeToken(r *http.Request, v *Visitor) error {
	return s.SCIM.RevokeToken(r.Context(), v.Actor, r.PostFormValue("id"))
}

func (s *server) mapGroup(r *http.Request, v *Visitor) error {
	return s.SCIM.MapGroup(r.Context(), v.Actor, r.PostFormValue("id"), actor.Role(r.PostFormValue("role")), r.PostFormValue("confirm") != "")
}

// makeToken shows the secret of a new token once, in this answer.
func (s *server) makeToken(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	days, _ := strconv.Atoi(r.PostFormValue("days")) // what is no number is out of bounds
	_, secret, err := s.SCIM.CreateToken(r.Context(), v.Actor, r.PostFormValue("label"), days)
	if err != nil {
		return s.federationAct("", func(*http.Request, *Visitor) error { return err })(w, r, v)
	}
	if wantsJSON(r) {
		return sendJSON(w, http.StatusOK, map[string]string{"token": secret})
	}
	view, err := s.federationView(r, v)
	if err != nil {
		return err
	}
	view.Secret = secret
	return s.page(w, r, v, view)
}
