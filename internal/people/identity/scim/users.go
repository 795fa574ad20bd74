package scim

import (
	"context"
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/people/identity"
)

const usersTable = "scim_users"

// reason stands in the log beside what the personnel system does to an account.
const reason = "SCIM"

// user is an account with what the personnel system says of it.
type user struct {
	identity.Account
	external string
	row      userRow
}

// users loads every account of the tenant: those made by hand too, so that a leaver is one whoever made it.
func (s *Service) users(ctx context.Context, who actor.Actor) ([]user, error) {
	all, err := s.Identity.Accounts(ctx, who)
	if err != nil {
		return nil, err
	}
	k, err := s.Keys.Tenant(ctx, who.Tenant)
	if err != nil {
		return nil, err
	}
	rows := map[ids.Account]userRow{}
	if err := s.DB.View(ctx, who.Tenant, func(tx *db.Tx) error {
		return db.Each(tx, qUsers, func(r db.Scanner) error {
			row, err := scanUser(r)
			rows[row.account] = row
			return err
		}, who.Tenant)
	}); err != nil {
		return nil, err
	}
	out := make([]user, 0, len(all))
	for _, a := range all {
		u := user{Account: a, row: rows[a.ID]}
		if len(u.row.external) > 0 {
			plain, err := k.Open(externalAt(a.ID), u.row.external)
			if err != nil {
				return nil, err
			}
			u.external = string(plain)
		}
		if u.row.deleted == 0 && !a.Sealed { // an emergency account is no employee's: no personnel system sees it
			out = append(out, u)
		}
	}
	return out, nil
}

func externalAt(id ids.Account) vault.Loc {
	return vault.Loc{Table: usersTable, ID: string(id), Column: "external"}
}

// show is the resource, without its version.
func (u user) show(base string) object {
	changed := u.CreatedAt
	if u.row.changed != 0 {
		changed = db.Time(u.row.changed)
	}
	out := object{
		"schemas": []any{schemaUser}, "id": string(u.ID), "userName": u.LoginID, "displayName": u.Name, "name": object{"formatted": u.Name},
		"active": !u.Disabled, "emails": []any{object{"value": u.Email, "type": "work", "primary": true}},
		"meta": object{"resourceType": "User", "created": u.CreatedAt.UTC().Format(time.RFC3339), "lastModified": changed.UTC().Format(time.RFC3339), "location": base + Path + "/Users/" + string(u.ID)},
	}
	if u.external != "" {
		out["externalId"] = u.external
	}
	return out
}

func (s *Service) serveUsers(ctx context.Context, t Token, r Request) (Response, error) {
	who := t.actor(r)
	all, err := s.users(ctx, who)
	if err != nil {
		return Response{}, err
	}
	if r.ID == "" {
		switch r.Method {
		case http.MethodGet:
			list := make([]object, 0, len(all))
			for _, u := range all {
				list = append(list, u.show(r.Base))
			}
			if list, err = filtered(r, list, "userName", "externalId", "id"); err != nil {
				return Response{}, err
			}
			return page(r, list)
		case http.MethodPost:
			return s.createUser(ctx, who, r)
		}
		return Response{}, notAllowed()
	}
	for _, u := range all {
		if string(u.ID) == r.ID {
			return s.oneUser(ctx, who, r, u)
		}
	}
	return Response{}, problem(http.StatusNotFound, "", "no such user")
}

func (s *Service) oneUser(ctx context.Context, who actor.Actor, r Request, u user) (Response, error) {
	resource := u.show(r.Base)
	if r.Method == http.MethodGet {
		return versioned(r, http.StatusOK, resource)
	}
	if err := matches(r, resource); err != nil {
		return Response{}, err
	}
	if !u.Disabled && leaves(r) { // before anything else in the request can be found wrong
		if err := s.disable(ctx, who, u, false); err != nil {
			return Response{}, err
		}
		u.Disabled, u.row.disabled = true, 1
		resource = u.show(r.Base)
	}
	switch r.Method {
	case http.MethodDelete:
		if err := s.disable(ctx, who, u, true); err != nil {
			return Response{}, err
		}
		return Response{Status: http.StatusNoContent}, nil
	case http.MethodPatch:
		if err := patched(r, resource); err != nil {
			return Response{}, err
		}
		if err := settled(u.show(r.Base), resource); err != nil {
			return Response{}, err
		}
	case http.MethodPut:
		whole, err := body(r)
		if err != nil {
			return Response{}, err
		}
		resource = whole
	default:
		return Response{}, notAllowed()
	}
	want, err := readUser(resource)
	if err != nil {
		return Response{}, err
	}
	want.again = names(r, "emails")
	if err := s.change(ctx, who, u, want); err != nil {
		return Response{}, err
	}
	return s.again(ctx, who, r, http.StatusOK, u.ID)
}

// again shows an account as it is now.
func (s *Service) again(ctx context.Context, who actor.Actor, r Request, status int, id ids.Account) (Response, error) {
	all, err := s.users(ctx, who)
	if err != nil {
		return Response{}, err
	}
	for _, u := range all {
		if u.ID == id {
			return versioned(r, status, u.show(r.Base))
		}
	}
	return Response{}, problem(http.StatusNotFound, "", "no such user")
}

// wanted is what a resource says, as far as it counts here. A password is not read at all: whoever holds a
// token must not be able to choose one.
type wanted struct {
	login, external, name, email, number string
	active                               *bool
	again                                bool // the address is said anew, although it is the present one
}

func readUser(in object) (wanted, error) {
	get := func(m object, name string) string {
		s, _ := m[key(m, name)].(string)
		return strings.TrimSpace(s)
	}
	w := wanted{login: get(in, "userName"), external: get(in, "externalId"), name: get(in, "displayName")}
	bad := func(name string) (wanted, error) {
		return w, problem(http.StatusBadRequest, "invalidValue", name)
	}
	if w.login == "" {
		return bad("userName is missing")
	}
	if n, ok := in[key(in, "name")].(object); ok && w.name == "" {
		if w.name = get(n, "formatted"); w.name == "" {
			w.name = strings.TrimSpace(get(n, "familyName") + " " + get(n, "givenName"))
		}
	}
	if w.name == "" {
		w.name = w.login
	}
	list, _ := in[key(in, "emails")].([]any)
	for _, one := range list {
		m, _ := one.(object)
		primary, _ := m[key(m, "primary")].(bool)
		if v := get(m, "value"); v != "" && (w.email == "" || primary) {
			w.email = v
		}
	}
	if w.email == "" && strings.Contains(w.login, "@") {
		w.email = w.login
	}
	switch v := in[key(in, "active")].(type) {
	case nil:
		if _, said := in[key(in, "active")]; said { // whoever says nothing with it may mean a leaver
			return bad("active is neither true nor false")
		}
	case bool:
		w.active = &v
	case string: // Entra ID writes "True" and "False"
		on := strings.EqualFold(v, "true")
		if !on && !strings.EqualFold(v, "false") {
			return bad("active is neither true nor false")
		}
		w.active = &on
	default:
		return bad("active is neither true nor false")
	}
	if e, ok := in[schemaEnterprise].(object); ok {
		w.number = get(e, "employeeNumber")
	}
	return w, nil
}

// named refuses a new externalId that nobody could read. One from before is left alone: it must not keep a leaver in.
func named(external string) error {
	if len(external) > 255 || glyph.Flaw(external) != "" {
		return problem(http.StatusBadRequest, "invalidValue", "externalId is too long or has characters nobody sees")
	}
	return nil
}

// createUser makes an account that has no role and no password anybody knows: it comes in through the
// tenant's provider, or an administrator gives it a first password.
func (s *Service) createUser(ctx context.Context, who actor.Actor, r Request) (Response, error) {
	in, err := body(r)
	if err != nil {
		return Response{}, err
	}
	w, err := readUser(in)
	if err == nil {
		err = named(w.external)
	}
	if err != nil {
		return Response{}, err
	}
	n := identity.NewAccount{LoginID: w.login, Name: w.name, Email: w.email, Password: identity.GeneratePassword() + identity.GeneratePassword()}
	j := join{Number: w.number}
	if w.number != "" {
		email := ""
		if j.Person, email, err = s.People.PersonWithEmail(ctx, who.Tenant, w.number); err != nil && !fault.Is(err, fault.Missing) {
			return Response{}, err
		}
		if j.Person != "" && agrees(w, email) {
			j.Known, n.Person = true, j.Person
		}
	}
	if err := s.free(ctx, who, j.Person); err != nil {
		return Response{}, err
	}
	release, err := s.unused(ctx, who, "", w.external)
	if err != nil {
		return Response{}, err
	}
	defer release()
	k, err := s.Keys.Tenant(ctx, who.Tenant)
	if err != nil {
		return Response{}, err
	}
	n.With = func(tx *db.Tx, id ids.Account) error { // never an account without it, however the request ends
		if err := putJoin(tx, k, who.Tenant, id, j); err != nil {
			return err
		}
		return noteIn(tx, k, who, id, made, "", time.Now())
	}
	a, err := s.Identity.CreateAccount(ctx, who, n)
	if err != nil {
		return Response{}, err
	}
	if !j.Known {
		s.tellWaiting(who.Tenant)
	}
	u := user{Account: a, external: w.external}
	if err := s.put(ctx, who, u, "scim.user_created"); err != nil {
		return Response{}, err
	}
	if w.active != nil && !*w.active {
		if err := s.disable(ctx, who, u, false); err != nil {
			return Response{}, err
		}
	}
	return s.again(ctx, who, r, http.StatusCreated, a.ID)
}

// free refuses a second account for an employee, also while nobody has confirmed the first.
func (s *Service) free(ctx context.Context, who actor.Actor, person ids.Person) error {
	if person == "" {
		return nil
	}
	all, err := s.Identity.Accounts(ctx, who)
	if err != nil {
		return err
	}
	joined, err := s.joins(ctx, who.Tenant)
	if err != nil {
		return err
	}
	for _, a := range all {
		if a.Person == person || joined[a.ID].Person == person && !a.Disabled {
			return fault.New(fault.Conflict, "identity.person_taken")
		}
	}
	return nil
}

// put writes down what the personnel system says of an account.
func (s *Service) put(ctx context.Context, who actor.Actor, u user, verb string) error {
	k, err := s.Keys.Tenant(ctx, who.Tenant)
	if err != nil {
		return err
	}
	external := []byte{}
	if u.external != "" {
		external = k.Seal(externalAt(u.ID), []byte(u.external))
	}
	return s.DB.Tx(ctx, who.Tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(qUserPut, who.Tenant, u.ID, external, u.row.disabled, u.row.deleted, db.Micros(time.Now())); err != nil {
			return err
		}
		return s.record(tx, verb, who, "ok", map[string]any{"account": string(u.ID)})
	})
}

// disable ends a leaver's access within this one call: the account, every session, every remembered device.
// Gone means that the personnel system has deleted the user.
func (s *Service) disable(ctx context.Context, who actor.Actor, u user, gone bool) error {
	if !u.Disabled {
		if err := s.note(ctx, who, u.ID, stopped, ""); err != nil {
			return err
		}
		if err := s.Identity.Disable(ctx, who, u.ID, reason); err != nil {
			return err
		}
		u.row.disabled = 1
	}
	verb := "scim.user_disabled"
	if gone {
		u.row.deleted, verb = db.Micros(time.Now()), "scim.user_deleted"
	}
	return s.put(ctx, who, u, verb)
}

// change does what differs, leaving first.
func (s *Service) change(ctx context.Context, who actor.Actor, u user, w wanted) error {
	if identity.NormalLogin(w.login) != u.LoginID {
		return problem(http.StatusBadRequest, "mutability", "userName never changes")
	}
	if w.external != u.external {
		if err := named(w.external); err != nil {
			return err
		}
		release, err := s.unused(ctx, who, u.ID, w.external)
		if err != nil {
			return err
		}
		defer release()
	}
	leaving := w.active != nil && !*w.active
	if leaving && !u.Disabled {
		if err := s.disable(ctx, who, u, false); err != nil {
			return err
		}
		u.Disabled, u.row.disabled = true, 1
	}
	if w.active != nil && *w.active && u.Disabled {
		if u.row.disabled == 0 { // an administrator has disabled it, and only one may take that back
			return problem(http.StatusForbidden, "", "disabled by an administrator")
		}
		if err := s.note(ctx, who, u.ID, resumed, ""); err != nil {
			return err
		}
		if err := s.Identity.Enable(ctx, who, u.ID, reason); err != nil {
			return err
		}
		u.row.disabled = 0
		if err := s.put(ctx, who, u, "scim.user_enabled"); err != nil {
			return err
		}
	}
	if w.name != u.Name {
		if err := s.note(ctx, who, u.ID, renamed, u.Name); err != nil {
			return err
		}
		if err := s.Identity.Rename(ctx, who, u.ID, w.name, reason); err != nil {
			return err
		}
	}
	if w.email != "" && !strings.EqualFold(w.email, u.Email) {
		if err := s.note(ctx, who, u.ID, readdr, u.Email); err != nil {
			return err
		}
		if err := s.Identity.ProposeEmail(ctx, who, u.ID, w.email, reason); err != nil {
			return err
		}
	} else if w.again {
		if err := s.keepAddress(ctx, who, u.ID); err != nil {
			return err
		}
	}
	if w.external != u.external {
		u.external = w.external
		return s.put(ctx, who, u, "scim.user_changed")
	}
	return nil
}
