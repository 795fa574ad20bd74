// Package app puts the program together: the only place that knows every type. It must never hold a rule
// of the business or of security itself.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/defense/tlscert"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/governance/retention"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/health/checkup"
	"rakudos/internal/operations/asset"
	"rakudos/internal/operations/backup"
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
	"rakudos/migrations"
)

// App is the whole program, opened on one data directory.
type App struct {
	Config    Config
	DB, Keys  *db.DB
	Vault     *vault.Vault
	Audit     *audit.Log
	Blobs     *blob.SealedStore
	Mail      mail.Sender
	Jobs      *job.Queue
	Tenants   *tenant.Service
	Identity  *identity.Service
	SSO       *sso.Service
	SCIM      *scim.Service
	Org       *org.Service
	Support   *support.Service
	Erasure   *erasure.Gateway
	Checkup   *checkup.Service
	Statement *statement.Service
	Backup    *backup.Service
	KeyRing   *keys.Service
	Work      *jobs.Service
	Assets    *asset.Service
	Review    *accessreview.Service
	TLS       *tlscert.Store

	Certificates *certificate.Service
	Handover     *handover.Service
	Leaving      *termination.Service
	Retention    *retention.Service

	factorsNew bool // the tables of factors have just been made

	root    vault.Root
	box     *mail.Memory // mailbox of the probes
	replay  *erasure.Replay
	probes  probeTenants
	words   canaryWords
	stage   *stage
	node    string // of the data directory, among those that share a database
	addr    string // bound address, once it listens
	closers []func() error
	log     *slog.Logger
}

// Open locks the data directory, opens the engines, migrates and builds the services. It does not listen
// and starts nothing in the background, so the command line uses it on a stopped service's data.
func Open(ctx context.Context, c Config, log *slog.Logger) (_ *App, err error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &App{Config: c, box: &mail.Memory{}, log: log}
	a.stage = &stage{app: a, open: map[string]bool{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.release())
		}
	}()
	node, unlock, err := lockData(c.Data)
	if err != nil {
		return nil, err
	}
	a.node = node
	a.onClose(func() error { unlock(); return nil })
	if err := a.sweepSandboxes(); err != nil {
		return nil, err
	}
	a.onClose(a.sweepSandboxes)
	for _, step := range []func(context.Context) error{a.openEngines, a.openServices, a.openStatement} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// HasData tells whether a data directory has been used before.
func HasData(dir string) bool {
	for _, name := range []string{"root.key", "log"} { // with a key service there is no root key here
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

func (a *App) onClose(f func() error) { a.closers = append(a.closers, f) }

// release closes in the opposite order of opening.
func (a *App) release() error {
	var errs []error
	for _, f := range slices.Backward(a.closers) {
		errs = append(errs, f())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// Close ships what is left of the log, seals its head and releases everything.
func (a *App) Close(ctx context.Context) error {
	err := a.Identity.Close() // its notices on their way leave events behind
	return errors.Join(err, a.Audit.Seal(ctx), a.release())
}

func (a *App) openEngines(ctx context.Context) error {
	c := a.Config
	main, keys, err := databases(c)
	if err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, main); err != nil {
		return err
	}
	a.onClose(a.DB.Close)
	if a.Keys, err = db.Open(ctx, keys); err != nil {
		return err
	}
	a.onClose(a.Keys.Close)
	if _, err = a.Keys.Migrate(ctx, migrations.Keys()); err != nil {
		return err
	}
	steps, err := a.DB.Migrate(ctx, migrations.Main())
	if err != nil {
		return err
	}
	if a.root, err = c.openRoot(ctx, a.Keys); err != nil {
		return err
	}
	if a.Vault, err = vault.Open(ctx, a.Keys, a.root); err != nil {
		return err
	}
	if c.sabotage[vault.SabotageBare] {
		a.Vault.LeaveBare(bareColumns...)
	}
	if a.Audit, err = audit.Open(ctx, a.DB, a.Vault, audit.Config{Dir: c.path("log")}); err != nil {
		return err
	}
	a.onClose(func() error { a.Audit.Close(); return nil })
	for _, s := range steps {
		a.factorsNew = a.factorsNew || s.Name == factorsStep
		e := audit.Event{Verb: "schema.migrated", Actor: actor.System(ids.System, "start"), Result: "ok", Detail: map[string]any{"step": s.Name}}
		if _, err := a.Audit.Record(ctx, e); err != nil {
			return err
		}
	}
	local, err := blob.Local(c.path("blobs"))
	if err != nil {
		return err
	}
	a.Blobs = blob.Sealed(local, a.blobKey).Only(erasure.BlobPrefixes()...)
	if a.Mail, err = a.mailer(); err != nil {
		return err
	}
	a.Jobs = job.New(a.DB, a.place(), job.WithLog(a.log))
	return a.catchUp(ctx, a.root)
}

// place names this node to the queue, so that a service that was killed takes up its own jobs at the next start
// without waiting for its leases. A database that is one file has one place, wherever it is moved to.
func (a *App) place() job.Option {
	if a.DB.Engine() == db.SQLite {
		return job.WithNode("local")
	}
	return job.WithNode(a.node)
}

// databases turns the configuration into the two databases: records, and keys apart from them.
func databases(c Config) (main, keys db.Config, err error) {
	if c.Database.Engine == db.SQLite {
		return db.Config{Engine: db.SQLite, Path: c.path("main.db")}, db.Config{Engine: db.SQLite, Path: c.path("keys.db"), Readers: 2}, nil
	}
	d := c.Database
	read := func(file string) string {
		s, e := secret(file)
		err = errors.Join(err, e)
		return s
	}
	main = db.Config{Engine: db.Postgres, DSN: read(d.DSNFile), OwnerDSN: read(d.OwnerDSNFile), Schema: d.Schema}
	keys = db.Config{Engine: db.Postgres, DSN: read(d.KeysDSNFile), OwnerDSN: read(d.KeysOwnerDSN), Schema: d.KeysSchema, Readers: 4}
	if err == nil && main.DSN == keys.DSN && main.Schema == keys.Schema {
		err = fmt.Errorf("config: the key store must not share a schema with the records")
	}
	return main, keys, err
}

func (a *App) mailer() (mail.Sender, error) {
	c := a.Config.Mail
	var next mail.Sender
	var err error
	if c.Mode == "smtp" {
		password, e := secret(c.PasswordFile)
		if e != nil {
			return nil, e
		}
		next, err = mail.SMTP(mail.SMTPConfig{Host: c.Host, Port: c.Port, Username: c.User, Password: password, From: c.From})
	} else if a.Config.Demo { // the demo's mails alone lie open, for whoever tries it out
		next, err = mail.Spool(a.Config.path("mail"), c.From)
	} else {
		next, err = mail.SealedSpool(a.Config.path("mail"), c.From, spoolKey{a.Vault})
	}
	return mail.Router{Probe: a.box, Next: next}, err
}

func (a *App) openServices(ctx context.Context) error {
	var err error
	a.Tenants = tenant.NewService(a.DB, a.Vault, a.Audit, require)
	policy := a.policy()
	if file := a.Config.Identity.BlocklistFile; file != "" {
		if policy.Leaked, err = identity.LoadBlocklist(file); err != nil {
			return err
		}
	}
	if a.Identity, err = identity.New(identity.Options{
		DB: a.DB, Keys: a.Vault, Log: a.Audit, Mail: a.Mail, Tenants: tenantLookup{a.Tenants}, Guard: require, Apart: access.Together, RoleName: access.RoleName, Rules: access.Deciders, Policy: policy,
		Site: "https://" + a.Config.Listen, Returns: a.Config.Mail.Return, Sandbox: a.Config.sandbox(),
	}); err != nil {
		return err
	}
	a.onClose(a.Identity.Close)
	if err := a.bindRows(ctx); err != nil {
		return err
	}
	if err := a.keepPolicy(ctx); err != nil {
		return err
	}
	a.Org = org.New(org.Config{DB: a.DB, Vault: a.Vault, Audit: a.Audit, Jobs: a.Jobs, Blobs: a.Blobs, Guard: guard{}})
	if err := a.openFederation(); err != nil {
		return err
	}
	if err := a.openSupport(); err != nil {
		return err
	}
	a.Checkup = checkup.New(checkup.Deps{DB: a.DB, Vault: a.Vault, Audit: a.Audit, Jobs: a.Jobs, Blobs: a.Blobs, People: a.Org, Rule: a.handlingRule()})
	a.Checkup.Register()
	if err := a.bindResults(ctx); err != nil {
		return err
	}
	if err := a.Org.Sweep(ctx); err != nil {
		return err
	}
	if err := a.Checkup.Sweep(ctx); err != nil {
		return err
	}
	a.Jobs.Handle("identity.sweep", func(ctx context.Context, _ job.Job) error { return a.Identity.Sweep(ctx) }, job.Options{})
	a.Jobs.Schedule("identity.sweep", job.Every(time.Hour), job.NewestOnly())
	a.watchReturns()
	a.expireMail()
	a.openReview()
	if err := a.bindSwitches(ctx); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{a.openBackup, a.openKeys, a.openAssets, a.openWork} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	a.openCertificates()
	if _, err := a.Certificates.Keep(ctx); err != nil {
		return err
	}
	a.openHandover()
	if err := a.openErasure(); err != nil {
		return err
	}
	a.openLeaving()
	a.openRetention()
	return nil
}

// Tenant finds a tenant by its code, for the command line.
func (a *App) Tenant(ctx context.Context, code string) (tenant.Tenant, error) {
	t, err := a.Tenants.ByCode(ctx, code)
	if fault.Is(err, fault.Missing) {
		return t, fault.New(fault.Missing, "tenant.unknown", "code", code)
	}
	return t, err
}

// openStatement registers every control that is built; the statement adds the pending ones.
func (a *App) openStatement(context.Context) error {
	f := statement.DefaultFigures()
	s := a.Config.Service
	f.Service, f.Association, f.HomePage, f.Mail, f.Form = s.Name, s.Association, s.HomePage, s.ContactMail, s.ContactForm
	f.Access = statement.AccessOf(a.policy())
	var err error
	a.Statement, err = statement.New(statement.Config{
		DB: a.DB, Journal: journal{a.Audit}, Binder: binder{a.Vault}, Stage: a.stage, Build: Version, Figures: f,
		ReportFile: a.Config.path("a11y-report.json"), ReportKey: a.Config.path("a11y-report.pub"), Turn: turn, Log: a.log,
	}, a.controls())
	return err
}
