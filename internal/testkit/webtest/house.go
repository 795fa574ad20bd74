// Package webtest starts the built program, demo data and all, on a real TLS listener for tests that look
// at it from outside. It must never reach into the program: what a test sees, a person can see.
package webtest

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/app"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/probe"
	"rakudos/internal/testkit/browser"
	"rakudos/internal/testkit/mailspool"
	"rakudos/internal/testkit/testdb"
)

// House is a running service.
type House struct {
	*app.Running
	Dir   string
	t     testing.TB
	spool mailspool.Spool
}

// Start runs a demo service on one engine until the test ends. It probes no promise by itself: see StartProbing.
func Start(t testing.TB, engine db.Engine) *House {
	t.Helper()
	c := Config(t, engine)
	c.Still()
	return start(t, c)
}

// StartProbing is Start for tests of the statement: the service probes all its promises, as it does for people. That
// takes half a minute of processor time.
func StartProbing(t testing.TB, engine db.Engine) *House {
	t.Helper()
	return start(t, Config(t, engine))
}

func start(t testing.TB, c app.Config) *House {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	r, err := app.Start(t.Context(), c, log)
	if err != nil {
		t.Fatalf("webtest: start: %v", err)
	}
	h := &House{Running: r, Dir: c.Data, t: t, spool: mailspool.Spool{Dir: filepath.Join(c.Data, "mail")}}
	t.Cleanup(h.Stop)
	return h
}

// Config is a demo configuration on fresh databases of an engine.
func Config(t testing.TB, engine db.Engine) app.Config {
	t.Helper()
	c := app.DefaultConfig()
	c.Data, c.Listen, c.Demo = filepath.Join(t.TempDir(), "data"), "localhost:0", true
	if engine == db.SQLite {
		return c
	}
	e := testdb.New(t, engine)
	file := func(name, dsn string) string {
		path := filepath.Join(e.Dir, name)
		if err := os.WriteFile(path, []byte(dsn+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	c.Database = app.Database{
		Engine:  db.Postgres,
		DSNFile: file("main.dsn", e.Main.DSN), OwnerDSNFile: file("main-owner.dsn", e.Main.OwnerDSN),
		KeysDSNFile: file("keys.dsn", e.KeyStore.DSN), KeysOwnerDSN: file("keys-owner.dsn", e.KeyStore.OwnerDSN),
	}
	return c
}

// Stop ends the service cleanly; a second call does nothing.
func (h *House) Stop() {
	h.t.Helper()
	if err := h.Close(); err != nil {
		h.t.Errorf("webtest: stop: %v", err)
	}
}

// Password of a demo account, read where a person would.
func (h *House) Password(tenant, login string) string {
	h.t.Helper()
	p, err := password(h.Dir, tenant, login)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func password(dir, tenant, login string) (string, error) {
	f, err := os.Open(filepath.Join(dir, "demo-accounts.txt"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	for in := bufio.NewScanner(f); in.Scan(); {
		if w := strings.Fields(in.Text()); len(w) >= 3 && w[0] == tenant && w[1] == login {
			return w[2], nil
		}
	}
	return "", fmt.Errorf("webtest: no demo account %s %s", tenant, login)
}

// Site is the service as the probes' small client sees it, with the demo's mail spool as mailbox.
func (h *House) Site() *probe.Site {
	return &probe.Site{Base: h.URL, Roots: h.TLS.Roots(), Mail: h.spool}
}

// Client is a signed-in client without a browser. The demo mails to LOGIN@TENANT.example.
func (h *House) Client(tenant, login string) *probe.Client {
	h.t.Helper()
	c := h.Site().New()
	h.t.Cleanup(c.Close)
	a := probe.Account{Tenant: tenant, LoginID: login, Password: h.Password(tenant, login), Email: login + "@" + tenant + ".example"}
	if err := c.SignInAs(h.t.Context(), a); err != nil {
		h.t.Fatalf("webtest: sign in as %s/%s: %v", tenant, login, err)
	}
	return c
}

// SignIn goes through both steps in a browser like a person: password, then the code from the mail.
func (h *House) SignIn(p *browser.Page, tenant, login string) {
	h.t.Helper()
	p.Open(h.URL + probe.PathLogin)
	p.Type("input[name=tenant]", tenant)
	p.Type("input[name=login_id]", login)
	p.Type("input[name=password]", h.Password(tenant, login))
	mark := h.spool.Mark()
	p.Follow(`form[action="/login"] button`)
	code, err := h.spool.Code(context.WithoutCancel(h.t.Context()), mark)
	if err != nil {
		h.t.Fatalf("webtest: %v\nat %s\n%s", err, p.URL(), p.Text())
	}
	p.Type("input[name=code]", code)
	p.Follow(`form[action="/login/code"] button`)
}
