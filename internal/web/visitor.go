package web

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/support"
	"rakudos/internal/people/tenant"
)

// Visitor is who made the request, built once per request from the session and from nothing else.
type Visitor struct {
	actor.Actor
	Name, LoginID          string
	TenantCode, TenantName string
	TenantKind             tenant.Kind
	MustChange, Locked     bool
	MustEnrol              bool // two factors are required, and there is none yet
	ProvenUntil            time.Time
	ScreenEnds             time.Time
	IdleEnds, Ends         time.Time
	Support                *support.Access         // the access under which somebody of the association acts here
	Emergency              *identity.SealedAccount // the use of an emergency account that this session is
	home                   actor.Actor             // who that is at home; the same as Actor otherwise
	token                  string
}

// visitor finds the session behind the cookie. No cookie is no visitor and no error; a dead session is a
// denied fault. Touch extends the idle limit: false for what a page does by itself.
func (s *server) visitor(r *http.Request, touch bool) (*Visitor, error) {
	c, err := r.Cookie(identity.CookieSession)
	if err != nil || c.Value == "" {
		return nil, nil
	}
	ses, err := s.Identity.Session(r.Context(), c.Value, touch)
	if err != nil {
		return nil, err
	}
	t, err := s.tenant(r.Context(), ses.Actor.Tenant)
	if err != nil {
		return nil, err
	}
	v := &Visitor{Actor: ses.Actor, Name: ses.Name, LoginID: ses.LoginID, TenantCode: t.Code, TenantName: t.Name, TenantKind: t.Kind,
		MustChange: ses.MustChange, MustEnrol: ses.MustEnrol, ProvenUntil: ses.ProvenUntil, Locked: ses.Locked, ScreenEnds: ses.ScreenEnds, IdleEnds: ses.IdleEnds, Ends: ses.Ends, token: c.Value}
	v.Addr, v.Request, v.Purpose = traceOf(r).addr, traceOf(r).id, purposeOf(v.Actor)
	v.home = v.Actor
	if v.Has(actor.Emergency) {
		use, err := s.Identity.Emergency(r.Context(), v.Actor)
		if err != nil {
			return nil, err
		}
		v.Emergency, v.Purpose = &use, "emergency"
		return v, nil
	}
	if t.Kind == tenant.Customer {
		return v, nil
	}
	return v, s.borrow(r.Context(), v)
}

// borrow puts a session of the association into the tenant that it was given access to: from here on the
// actor is of that tenant, in one borrowed role, and everything below is bound to it.
func (s *server) borrow(ctx context.Context, v *Visitor) error {
	open, ok, err := s.Support.Inside(ctx, v.home)
	if err != nil || !ok {
		return err
	}
	t, err := s.tenant(ctx, open.Tenant)
	if err != nil {
		return err
	}
	v.Actor = open.Actor(v.home)
	v.Addr, v.Request = v.home.Addr, v.home.Request
	v.Support, v.TenantCode, v.TenantName, v.TenantKind = &open, t.Code, t.Name, t.Kind
	return nil
}

func (s *server) tenant(ctx context.Context, id ids.Tenant) (tenant.Tenant, error) {
	return s.tenants.get(id, func() (tenant.Tenant, error) { return s.Tenants.ByID(ctx, id) })
}

// purposes is why a role reads health data; the first that fits is written into the audit log.
var purposes = []struct {
	role    actor.Role
	purpose string
}{
	{actor.Physician, "work-fitness"}, {actor.Nurse, "follow-up"}, {actor.HR, "administration"},
	{actor.Manager, "measures"}, {actor.Employee, "own-data"}, {actor.Auditor, "audit"},
}

func purposeOf(a actor.Actor) string {
	for _, p := range purposes {
		if a.Has(p.role) {
			return p.purpose
		}
	}
	return "operation"
}

func roleNames(roles []actor.Role) string {
	var out []string
	for _, r := range roles {
		out = append(out, access.RoleName(r))
	}
	return strings.Join(out, "・")
}

// visit is what identity wants to know about a request.
func visit(r *http.Request) identity.Visit {
	v := identity.Visit{Addr: traceOf(r).addr, Agent: r.UserAgent(), Request: traceOf(r).id}
	if c, err := r.Cookie(identity.CookieDevice); err == nil {
		v.Device = c.Value
	}
	return v
}

// loopback tells whether the connection comes from this machine. Only the connection counts, no header.
func loopback(r *http.Request) bool {
	ip := net.ParseIP(traceOf(r).addr)
	return ip != nil && ip.IsLoopback()
}

// cookie sets a hardened cookie; maxAge 0 lasts until the browser closes, negative deletes.
func cookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: maxAge, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
}

// ended tells whether err says that there is no living session.
func ended(err error) (why string, ok bool) {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Denied || !strings.HasPrefix(f.Code, "identity.") {
		return "", false
	}
	return strings.TrimPrefix(f.Code, "identity."), true
}
