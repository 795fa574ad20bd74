package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/probe"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
	"rakudos/internal/people/identity/scim"
	"rakudos/internal/people/identity/sso"
	"rakudos/internal/people/support"
)

// stage gives the probes something to look at: the running service over its real listener, or a sandbox,
// a complete second service in a temporary directory with one protection switched off.
type stage struct {
	app  *App
	mu   sync.Mutex
	live *probe.Site
	open map[string]bool // addresses of the probes' sockets that listen now; true of those that serve

	shut bool           // the service is closing: no new sandbox
	busy sync.WaitGroup // sandboxes that are being made, looked at or taken down

	reviews sync.Map // by base address: accessreview.Inside of the services behind the sites

	inside map[string]identity.Inside // by base address: the services behind the sites

	making sync.Mutex
	made   string // directory that sandboxes are copied from; empty until there is one
}

var errNotRunning = errors.New("app: the service does not listen")

// Live implements probe.Stage.
func (s *stage) Live(context.Context) (*probe.Site, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		return nil, errNotRunning
	}
	return s.live, nil
}

func (r *Running) setLive(run *Running) {
	r.stage.behind(run.URL, run.Identity)
	r.stage.reviews.Store(run.URL, run.Review)
	r.stage.mu.Lock()
	defer r.stage.mu.Unlock()
	r.stage.live = run.site()
}

// site is what a probe needs to reach a running service from outside.
func (r *Running) site() *probe.Site {
	return &probe.Site{Base: r.URL, Roots: r.TLS.Roots(), Mail: mailbox{r.box}, Accounts: slices.Clone(r.probes.accounts)}
}

// Sandbox implements probe.Stage: the name of the sabotage says which protection is off.
func (s *stage) Sandbox(ctx context.Context, sabotage string) (*probe.Site, func(), error) {
	run, stop, err := s.sandbox(ctx, sabotage)
	if err != nil {
		return nil, nil, err
	}
	return run.site(), stop, nil
}

func (s *stage) sandbox(ctx context.Context, sabotage string) (*Running, func(), error) {
	if !slices.Contains(sabotages(), sabotage) {
		return nil, nil, fmt.Errorf("app: no sabotage is called %q", sabotage)
	}
	if !s.enter() {
		return nil, nil, errNotRunning
	}
	run, dir, err := s.make(ctx, sabotage)
	if err != nil {
		s.busy.Done()
		return nil, nil, fmt.Errorf("app: sandbox: %w", err)
	}
	s.serves(run.addr)
	s.behind(run.URL, run.Identity)
	s.reviews.Store(run.URL, run.Review)
	return run, sync.OnceFunc(func() {
		defer s.busy.Done()
		s.behind(run.URL, nil)
		s.reviews.Delete(run.URL)
		_ = run.Close()
		_ = os.RemoveAll(dir)
	}), nil
}

func (s *stage) make(ctx context.Context, sabotage string) (*Running, string, error) {
	template, err := s.template(ctx)
	if err != nil {
		return nil, "", err
	}
	dir, err := os.MkdirTemp(s.app.Config.path("tmp"), "sandbox-")
	if err != nil {
		return nil, "", err
	}
	run, err := s.start(ctx, dir, template, sabotage)
	if err != nil {
		_ = os.RemoveAll(dir)
	}
	return run, dir, err
}

func (s *stage) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.shut {
		return false
	}
	s.busy.Add(1)
	return true
}

// close waits until every sandbox is gone. A probe that was told to stop returns at once, but what it has
// started is taken down behind its back; a log whose directory vanished meanwhile would end the process.
func (s *stage) close() {
	s.mu.Lock()
	s.shut = true
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() { s.busy.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-time.After(3 * stopWithin):
	}
}

// template is a data directory in which the probes' tenants and accounts are ready, made once: hashing
// their passwords again for every sandbox would cost most of its time.
func (s *stage) template(ctx context.Context) (string, error) {
	s.making.Lock()
	defer s.making.Unlock()
	if s.made != "" {
		return s.made, nil
	}
	dir := s.app.Config.path("tmp", "template")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	// The same authority signs for sandboxes, or a look at every listener of the process would find strangers.
	if err := copyPrivate(s.app.Config.path("tls"), filepath.Join(dir, "tls")); err != nil {
		return "", err
	}
	run, err := s.start(ctx, dir, "", "template")
	if err != nil {
		return "", err
	}
	if err := run.Close(); err != nil {
		return "", err
	}
	s.made = dir
	return dir, nil
}

// start starts a service with one protection off in dir, as a copy of from unless that is empty.
func (s *stage) start(ctx context.Context, dir, from, sabotage string) (*Running, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if from != "" {
		if err := copyPrivate(from, dir); err != nil {
			return nil, err
		}
	}
	c := DefaultConfig()
	c.Data, c.Listen = dir, "127.0.0.1:0"
	c.sabotage, c.socket = map[string]bool{sabotage: true}, s.listen
	return Start(ctx, c, slog.New(slog.DiscardHandler))
}

// copyPrivate copies a directory for the owner alone, whatever the umask.
func copyPrivate(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
}

// sweepSandboxes removes what a killed process left behind.
func (a *App) sweepSandboxes() error {
	left, err := filepath.Glob(a.Config.path(".root-*")) // root keys whose exchange was cut off
	for _, f := range left {
		err = errors.Join(err, os.Remove(f))
	}
	return errors.Join(err, os.RemoveAll(a.Config.path("tmp")))
}

func (c *Config) sandbox() bool { return len(c.sabotage) > 0 }

func sabotages() []string {
	return append(slices.Concat(identity.Sabotages, erasure.Sabotages, retention.Sabotages), identity.SabotageRoute, access.SabotageOpen, access.SabotageShown, audit.SabotageReads, accessreview.SabotageRecord, support.SabotageApproval, vault.SabotageBare, sso.SabotageRequest, scim.SabotageRevoked)
}

// weak gives the name of a sabotage in its sandbox, and nothing anywhere else.
func (a *App) weak(sabotage string) string {
	if a.Config.sabotage[sabotage] {
		return sabotage
	}
	return ""
}

// policy is identity's, with at most one protection off in a sandbox.
func (a *App) policy() identity.Policy {
	p := a.Config.passwords()
	for _, name := range identity.Sabotages {
		if a.Config.sabotage[name] {
			p = p.Sabotage(name)
		}
	}
	return p
}

func (a *App) roots() *x509.CertPool {
	if a.TLS == nil {
		return nil
	}
	return a.TLS.Roots()
}
