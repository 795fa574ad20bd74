// Package scim takes joiners and leavers from a tenant's personnel system: SCIM 2.0 (RFC 7643, RFC 7644) as
// Entra ID and Okta speak it. It must never set a password, never give a role that no administrator has
// approved, and never give a login ID a second time.
package scim

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"

	"golang.org/x/time/rate"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
	"rakudos/internal/people/identity"
)

// Schemas by their names.
const (
	schemaUser       = "urn:ietf:params:scim:schemas:core:2.0:User"
	schemaEnterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	schemaGroup      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	schemaList       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
	schemaError      = "urn:ietf:params:scim:api:messages:2.0:Error"
	schemaPatch      = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
)

// Path is where the protocol begins; the bearer's token tells the tenant.
const Path = "/scim/v2"

// Bounds of one tenant and one request.
const (
	MaxTokens  = 5 // in force at once
	MaxGroups  = 500
	maxMembers = 5000
	maxOps     = 1000
	pageMost   = 200
	pageUsual  = 100
)

const permManage = "federation.manage"

// People finds a person by the employee number, with the address that the roster has; fault.Missing when there is
// none. Package org fills it.
type People interface {
	PersonWithEmail(ctx context.Context, t ids.Tenant, number string) (p ids.Person, email string, err error)
}

// Options are what the service is made of. All are needed.
type Options struct {
	DB       *db.DB
	Keys     identity.Keys
	Log      identity.Recorder
	Identity *identity.Service
	Tenants  identity.Tenants
	People   People
	Guard    identity.Guard
	Logger   *slog.Logger
	Weak     string // a sabotaged protection; only a sandbox has one
}

// Service answers personnel systems and keeps their tokens.
type Service struct {
	Options
	mu     sync.Mutex
	limits map[string]*rate.Limiter
	taking map[string]bool // what is being given as an externalId, of a tenant
}

// New makes the service.
func New(o Options) *Service {
	return &Service{Options: o, limits: map[string]*rate.Limiter{}, taking: map[string]bool{}}
}

// allow is a bucket a key: so many at once, then so many a second. What it remembers is bounded.
func (s *Service) allow(key string, perSecond rate.Limit, burst int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.limits[key]
	if !ok {
		if len(s.limits) >= 10_000 {
			clear(s.limits)
		}
		l = rate.NewLimiter(perSecond, burst)
		s.limits[key] = l
	}
	return l.Allow()
}

// Request is what came over HTTP.
type Request struct {
	Method, Resource, ID string
	Query                url.Values
	Body                 []byte
	IfMatch, IfNone      string
	Base                 string // origin of the service, for locations
	Addr, Request        string
}

// Response is what goes back; Body is nil or marshals to JSON.
type Response struct {
	Status   int
	Body     any
	ETag     string
	Location string
}

type object = map[string]any

// problem is an error of the protocol, with its scimType.
func problem(status int, kind, detail string) error { return &protocol{status, kind, detail} }

type protocol struct {
	status       int
	kind, detail string
}

func (p *protocol) Error() string { return "scim: " + p.detail }

// kinds turns a fault into the protocol's status and scimType.
func kinds(f *fault.Fault) (int, string) {
	switch {
	case f.Code == "identity.login_taken" || f.Code == "identity.person_taken":
		return http.StatusConflict, "uniqueness"
	case f.Kind == fault.Invalid:
		return http.StatusBadRequest, "invalidValue"
	case f.Kind == fault.Missing:
		return http.StatusNotFound, ""
	case f.Kind == fault.Denied:
		return http.StatusForbidden, ""
	case f.Kind == fault.Conflict:
		return http.StatusConflict, ""
	case f.Kind == fault.TooLarge:
		return http.StatusRequestEntityTooLarge, ""
	case f.Kind == fault.Busy:
		return http.StatusServiceUnavailable, ""
	}
	return http.StatusInternalServerError, ""
}

// Failure is an error in the protocol's form. The detail of a fault is its code: words for people have no
// place in a machine's log.
func Failure(status int, kind, detail string) Response {
	body := object{"schemas": []string{schemaError}, "status": itoa(status), "detail": detail}
	if kind != "" {
		body["scimType"] = kind
	}
	return Response{Status: status, Body: body}
}
