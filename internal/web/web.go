// Package web is HTTP in, HTML out: one route table, one frame around every page, one handler a file.
// It must never decide what a person may see (people/access and the services do) and never hold a rule
// of a health subject.
package web

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/engine/audit"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/jobs"
	"rakudos/internal/operations/keys"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/scim"
	"rakudos/internal/people/identity/sso"
	"rakudos/internal/people/org"
	"rakudos/internal/people/support"
	"rakudos/internal/people/tenant"
	"rakudos/internal/statement"
)

// Config is what the frame shows and allows.
type Config struct {
	Service     string // name of the service, in the header and in titles
	Association string // who runs it
	ContactMail string
	ContactForm string // URL; may be empty
	Version     string
	Hosts       []string // names of the service beside localhost
	Demo        bool     // demo pages for loopback clients
	MailDir     string   // spool shown at /demo/mail
}

// Deps are the services behind the pages.
type Deps struct {
	Config    Config
	Identity  *identity.Service
	Support   *support.Service
	Tenants   *tenant.Service
	SSO       *sso.Service
	SCIM      *scim.Service
	Org       *org.Service
	Checkup   *checkup.Service
	Statement *statement.Service
	Review    *accessreview.Service
	Audit     *audit.Log
	Assets    *asset.Service
	Keys      *keys.Service
	Jobs      *jobs.Service
	Ready     func(context.Context) error // nil error: everything needed is up
	Log       *slog.Logger

	Certificates *certificate.Service
	Handover     *handover.Service
	Leaving      *termination.Service
	Retention    *retention.Service
	Erasure      *erasure.Gateway

	Guard     func(actor.Actor, access.Permission) error // nil: access.Require
	OpenRoute string                                     // pattern that a mutant sandbox serves without a session; empty in service
}

// server carries what the handlers share.
type server struct {
	Deps
	assets    *assets
	views     *views
	routes    []Route
	tenants   tenantNames
	streams   streams
	verifying chan struct{} // how many check a certificate at once
	lists     *turns        // to open the lines of an import
}

// New builds the handler of the whole site.
func New(d Deps) (http.Handler, error) {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	if d.Guard == nil {
		d.Guard = access.Require
	}
	s := &server{Deps: d, verifying: make(chan struct{}, verifying), lists: newTurns(openLists)}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.views, err = loadViews(s.assets); err != nil {
		return nil, err
	}
	s.routes = s.table()
	mux := http.NewServeMux()
	for _, r := range s.routes {
		mux.Handle(r.Pattern, s.gate(r))
	}
	mux.Handle("GET /static/", s.assets)
	return s.frame(s.named(s.sameOrigin(s.unmatched(mux)))), nil
}

// Limit sets the bounds of the listener. Handlers that need longer (uploads, progress) extend their own
// deadline for as long as data keeps moving.
func Limit(h *http.Server) {
	h.ReadHeaderTimeout = 10 * time.Second
	h.ReadTimeout = 30 * time.Second
	h.WriteTimeout = 60 * time.Second
	h.IdleTimeout = 2 * time.Minute
	h.MaxHeaderBytes = 32 << 10
}
