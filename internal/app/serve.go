package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"rakudos/internal/base/fault"
	"rakudos/internal/defense/tlscert"
	"rakudos/internal/web"
)

// Running is an App that listens.
type Running struct {
	*App
	URL   string
	ready atomic.Bool
	turns tlscert.Turns
	stop  context.CancelFunc
	group *errgroup.Group
	once  sync.Once
	err   error
}

// stopWithin bounds how long requests under way may take after a stop was asked for.
const stopWithin = 10 * time.Second

// Start opens the app, seeds what belongs into it, listens with TLS 1.3 and starts the work in the
// background. It returns once the service is ready. Ending ctx does not stop it; Close does.
func Start(ctx context.Context, c Config, log *slog.Logger) (*Running, error) {
	a, err := Open(ctx, c, log)
	if err != nil {
		return nil, err
	}
	r := &Running{App: a}
	if err := r.start(context.WithoutCancel(ctx)); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *Running) start(ctx context.Context) error {
	ctx, r.stop = context.WithCancel(ctx)
	r.group, ctx = errgroup.WithContext(ctx)
	// The port comes first: when another program has it, nothing has been made yet.
	l, err := r.Config.listen()
	if err != nil {
		return fault.New(fault.Internal, "app.listen", "addr", r.Config.Listen).Because(err)
	}
	if err := r.prepare(ctx, l); err != nil {
		return errors.Join(err, l.Close())
	}
	handler, err := web.New(r.webDeps())
	if err != nil {
		return errors.Join(err, l.Close())
	}
	r.turns = tlscert.NewTurns()
	server := &http.Server{Handler: r.Config.sabotaged(handler), TLSConfig: r.turns.Config(r.TLS.TLSConfig()), ErrorLog: slog.NewLogLogger(r.log.Handler(), slog.LevelDebug)}
	web.Limit(server)
	r.group.Go(func() error {
		if err := server.ServeTLS(r.turns.Listen(l), "", ""); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	r.group.Go(func() error {
		<-ctx.Done()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			return server.Close()
		}
		return nil
	})
	r.group.Go(func() error { return r.Audit.Run(ctx) })
	r.group.Go(func() error { return r.Jobs.Run(ctx) })
	r.group.Go(func() error { return r.Backup.Follow(ctx) })
	r.group.Go(func() error { return r.followErasures(ctx) })
	r.setLive(r)
	r.lookAround()
	if !r.Config.sandbox() && !r.Config.still {
		r.group.Go(func() error { return r.Statement.Run(ctx) })
	}
	r.ready.Store(true)
	return nil
}

// prepare makes what must be there before the first visitor: demo and probe tenants, the certificate.
func (r *Running) prepare(ctx context.Context, l net.Listener) error {
	r.addr = l.Addr().String()
	r.URL = publicURL(r.Config.Listen, l.Addr())
	if r.Config.Demo {
		if err := r.seedDemo(ctx); err != nil {
			return fmt.Errorf("app: demo: %w", err)
		}
	}
	if err := r.seedProbes(ctx); err != nil {
		return fmt.Errorf("app: probe accounts: %w", err)
	}
	if r.Config.Demo { // so that there is something to click, however late in the quarter
		if err := r.Review.OpenNow(ctx); err != nil {
			return fmt.Errorf("app: review: %w", err)
		}
	}
	names := append([]string{"localhost"}, r.Config.Names...)
	var err error
	r.TLS, err = tlscert.Local(r.Config.path("tls"), names)
	return err
}

// publicURL is what a person types: the name asked for, with the port that was bound.
func publicURL(asked string, bound net.Addr) string {
	host, _, err := net.SplitHostPort(asked)
	_, port, err2 := net.SplitHostPort(bound.String())
	if err != nil || err2 != nil || host == "" || net.ParseIP(host) != nil && net.ParseIP(host).IsUnspecified() {
		return "https://" + bound.String()
	}
	return "https://" + net.JoinHostPort(host, port)
}

// hosts are the names under which the service may be asked for: those of the certificate, and the one it
// listens on.
func (c *Config) hosts() []string {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil || host == "" || loopback(host) || net.ParseIP(host) != nil {
		return c.Names
	}
	return append([]string{host}, c.Names...)
}

func (r *Running) webDeps() web.Deps {
	s := r.Config.Service
	return web.Deps{
		Config: web.Config{
			Service: s.Name, Association: s.Association, ContactMail: s.ContactMail, ContactForm: s.ContactForm,
			Version: Version, Hosts: r.Config.hosts(), Demo: r.Config.Demo, MailDir: r.Config.path("mail"),
		},
		Identity: r.Identity, Support: r.Support, Tenants: r.Tenants, Org: r.Org, Checkup: r.Checkup, Statement: r.Statement, Review: r.Review, Audit: r.Audit, Assets: r.Assets, Keys: r.KeyRing, Jobs: r.Work,
		Log:          r.log,
		Certificates: r.Certificates,
		Handover:     r.Handover, Leaving: r.Leaving, Retention: r.Retention, Erasure: r.Erasure,
		SSO:  r.SSO,
		SCIM: r.SCIM,
		Ready: func(context.Context) error {
			if !r.ready.Load() {
				return fault.New(fault.Busy, "app.starting")
			}
			return nil
		},
	}
}

// Addr is the host:port that is bound, also when port 0 was asked for.
func (r *Running) Addr() string { return r.addr }

// Wait returns when the service has stopped by itself; nil never comes before Close.
func (r *Running) Wait() error { return r.group.Wait() }

// Close stops listening, lets what is under way finish, seals the log and releases everything. It may be
// called more than once.
func (r *Running) Close() error {
	r.once.Do(func() {
		r.ready.Store(false)
		if r.stop != nil {
			r.stop()
			if err := r.group.Wait(); err != nil && !errors.Is(err, context.Canceled) {
				r.err = err
			}
		}
		r.stage.close()
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		defer cancel()
		r.err = errors.Join(r.err, r.App.Close(ctx))
	})
	return r.err
}
