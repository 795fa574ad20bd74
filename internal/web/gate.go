package web

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/audit"
	"rakudos/internal/people/access"
	"rakudos/internal/people/tenant"
)

const (
	formLimit   = 64 << 10
	uploadLimit = 256 << 20
	stall       = 60 * time.Second // an upload may take long, but must keep moving
	uploadMost  = time.Hour        // and not for ever: a byte a minute would hold a connection for years
	publicMost  = 2 * time.Minute  // where nobody has signed in
)

// gate stands before every row: who asks, from which tenant, with which permission, how much may come in.
func (s *server) gate(row Route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := traceOf(r)
		t.route = row.Pattern
		if !utf8.ValidString(r.URL.Path) || strings.ContainsFunc(r.URL.Path, unicode.IsControl) { // no identifier holds such
			s.fail(w, r, nil, fault.New(fault.Missing, "web.not_found"))
			return
		}
		if !row.CrossSite && insecureOrigin(r) {
			s.fail(w, r, nil, fault.New(fault.Denied, "web.cross_origin"))
			return
		}
		if row.Permission == access.Provision && bearer(r) != "" {
			s.provision(w, r, row)
			return
		}
		v, err := s.visitor(r, !row.Passive)
		if row.Permission == Public && err != nil {
			v, err = nil, nil
		}
		if v != nil && v.Locked && row.Permission == Public {
			v = nil // a locked screen shows what everybody may see
		}
		if v == nil && s.OpenRoute == row.Pattern {
			v = &Visitor{}
		}
		if v == nil && row.Permission != Public {
			s.signInFirst(w, r, err)
			return
		}
		if v != nil {
			t.tenant, t.who = v.Tenant, v.Account
		}
		if row.Upload && r.ContentLength > uploadLimit {
			w.Header().Set("Connection", "close") // the rest of the body is not read
			s.fail(w, r, v, &http.MaxBytesError{Limit: uploadLimit})
			return
		}
		s.bound(w, r, row)
		if err := s.admit(r, row, v); err != nil {
			s.fail(w, r, v, err)
			return
		}
		if err := row.Action(w, r, v); err != nil {
			s.fail(w, r, v, err)
		}
	})
}

// admit checks tenant, forced password change, forced enrolment of a factor and permission; a refusal is recorded.
func (s *server) admit(r *http.Request, row Route, v *Visitor) error {
	if v == nil || row.Permission == Public {
		return nil
	}
	if named := namedTenant(r, row); named != "" && named != v.TenantCode {
		s.refused(r, row, v, "other tenant")
		return fault.New(fault.Denied, "web.other_tenant")
	}
	if v.Locked && !row.WhileLocked {
		return fault.New(fault.Denied, "web.screen_locked")
	}
	if v.MustChange && !row.BeforeChange {
		return fault.New(fault.Denied, "web.password_first")
	}
	if v.MustEnrol && !row.BeforeChange && !row.BeforeEnrol {
		return fault.New(fault.Denied, "web.factor_first")
	}
	if v.Emergency != nil && !row.InSupport && row.Permission != access.EmergencyAct {
		s.refused(r, row, v, "emergency")
		return fault.New(fault.Denied, "identity.emergency_only")
	}
	if v.Support != nil {
		if err := s.underSupport(r, row, v); err != nil || row.InSupport {
			return err
		}
	}
	if row.Permission == SignedIn {
		return nil
	}
	if err := s.may(v, row.Permission); err != nil {
		s.refused(r, row, v, "permission")
		return err
	}
	return nil
}

// inReach tells whether a permission counts at all for people of a tenant of that kind.
func inReach(k tenant.Kind, p access.Permission) bool {
	return k != tenant.Customer || !slices.Contains(access.House, p)
}

// may asks the guard, and first whether a customer's people may have the permission at all, whatever their roles.
func (s *server) may(v *Visitor, p access.Permission) error {
	if !inReach(v.TenantKind, p) {
		return fault.New(fault.Denied, "access.denied", "permission", string(p))
	}
	return s.Guard(v.Actor, p)
}

// underSupport lets an access of the association read and nothing else, and only when the tenant's log
// has it first: a page that can't be recorded is not shown.
func (s *server) underSupport(r *http.Request, row Route, v *Visitor) error {
	if row.InSupport {
		return nil
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead || row.Permission == SignedIn || s.may(v, row.Permission) != nil {
		s.refused(r, row, v, "support")
		return fault.New(fault.Denied, "support.reads_only")
	}
	_, err := s.Audit.Record(r.Context(), audit.Event{Verb: "support.read", Actor: v.Actor, Kind: "support", Detail: map[string]any{"access": v.Support.ID, "route": row.Pattern}})
	return err
}

// refused records that an actor tried what he may not; the answer is the same when recording fails.
func (s *server) refused(r *http.Request, row Route, v *Visitor, why string) {
	verb := row.Verb
	if verb == "" {
		verb = "page.open"
	}
	e := audit.Event{Verb: verb, Actor: v.Actor, Result: "denied", Detail: map[string]any{"route": row.Pattern, "why": why}}
	if _, err := s.Audit.Record(r.Context(), e); err != nil {
		s.Log.Error("refusal not recorded", "request", traceOf(r).id, "err", err)
	}
}

// namedTenant is the tenant under which the page was made, when the request says so: a second tab may
// have signed in elsewhere meanwhile.
func namedTenant(r *http.Request, row Route) string {
	if h := r.Header.Get("X-Rakudos-Tenant"); h != "" {
		return h
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead || row.Upload {
		return r.URL.Query().Get("_tenant")
	}
	return r.PostFormValue("_tenant")
}

// bound limits how much comes in and how slowly.
func (s *server) bound(w http.ResponseWriter, r *http.Request, row Route) {
	c := http.NewResponseController(w)
	switch {
	case row.Upload:
		most := uploadMost
		if row.Permission == Public {
			most = publicMost
		}
		r.Body = http.MaxBytesReader(w, &moving{r.Body, c, time.Now().Add(most)}, uploadLimit)
		_ = c.SetWriteDeadline(time.Now().Add(most + stall))
	case row.Stream:
		_ = c.SetReadDeadline(time.Time{})
		_ = c.SetWriteDeadline(time.Time{})
	default:
		r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	}
}

// moving extends the read deadline whenever data arrives, but never beyond end.
type moving struct {
	io.ReadCloser
	c   *http.ResponseController
	end time.Time
}

func (m *moving) Read(p []byte) (int, error) {
	next := time.Now().Add(stall)
	if next.After(m.end) {
		next = m.end
	}
	_ = m.c.SetReadDeadline(next)
	return m.ReadCloser.Read(p)
}
