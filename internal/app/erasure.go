package app

import (
	"context"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/job"
	"rakudos/internal/engine/mail"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/erasure"
)

// ledgerDir is where the erasure ledger lies in a data directory: beside the databases, in no backup.
const ledgerDir = "erasure"

func (c *Config) ledger() *erasure.Ledger {
	return erasure.NewLedger(c.path(ledgerDir), c.Erasure.Copy)
}

// ledgerAt is the ledger for a restore: the one named, or that of the data directory, or its copy when the
// data directory is lost.
func (c *Config) ledgerAt(named string) *erasure.Ledger {
	if named != "" {
		return erasure.NewLedger(named, "")
	}
	own := erasure.NewLedger(c.path(ledgerDir), "")
	if !own.Exists() && c.Erasure.Copy != "" {
		return erasure.NewLedger(c.Erasure.Copy, "")
	}
	return own
}

// catchUp brings a database that is older than the erasure ledger up to date before anybody reads it,
// whoever restored it and how.
func (a *App) catchUp(ctx context.Context, root vault.Root) error {
	a.replay = &erasure.Replay{Ledger: a.Config.ledger(), Root: root}
	if a.Config.sabotage[erasure.SabotageLedger] {
		a.replay.Sabotage(erasure.SabotageLedger)
	}
	n, err := a.replay.CatchUp(ctx, a.DB, a.Vault)
	if n > 0 {
		a.log.Warn("erasure: the database was older than the erasure ledger; what was erased since is erased again", "entries", n)
	}
	return err
}

func (a *App) openErasure() error {
	files, err := blob.Local(a.Config.path("blobs"))
	if err != nil {
		return err
	}
	a.Erasure = erasure.New(erasure.Options{
		Main: a.DB, Keys: a.Keys, Vault: a.Vault, Log: a.Audit, Ledger: a.replay.Ledger, Copies: a.Backup, Backups: a.Backup,
		Blobs: files, Guard: require, Tool: "rakudos " + Version, Logger: a.log,
		Mails:  a.forgetMails,
		Forget: a.memories(),
		Quoted: a.Checkup.DropCells,
	})
	if a.Config.sabotage[erasure.SabotageHoard] {
		a.Backup.SabotageRenewal()
	}
	for _, name := range erasure.Sabotages {
		if a.Config.sabotage[name] {
			a.Erasure.Sabotage(name)
		}
	}
	a.Jobs.Handle("erasure.resume", func(ctx context.Context, _ job.Job) error {
		_, err := a.Erasure.Resume(ctx, actor.System(ids.System, "erasure"))
		return err
	}, job.Options{})
	a.Jobs.Schedule("erasure.resume", job.Every(15*time.Minute), job.NewestOnly())
	return nil
}

// forgetMails removes the spooled mails of people. Most services send at once and have no spool, so nobody's address is
// opened for an empty one.
func (a *App) forgetMails(ctx context.Context, t ids.Tenant, people []ids.Person) (int, error) {
	dir := a.Config.path("mail")
	if some, err := mail.Spooled(dir); err != nil || !some {
		return 0, err
	}
	to, err := a.addresses(ctx, t, people)
	if err != nil {
		return 0, err
	}
	return mail.Forget(ctx, dir, spoolKey{a.Vault}, to)
}

// addresses are the mail addresses of people, or with nil of everybody in a tenant.
func (a *App) addresses(ctx context.Context, t ids.Tenant, people []ids.Person) (out []string, err error) {
	accounts, err := a.Identity.Accounts(ctx, actor.System(t, "erasure"))
	if fault.Is(err, fault.Missing) { // the tenant's key is gone: nothing can be read any more
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	proposed, err := a.Identity.Proposed(ctx, actor.System(t, "erasure"))
	if err != nil {
		return nil, err
	}
	set := make(map[ids.Person]bool, len(people))
	for _, p := range people {
		set[p] = true
	}
	for _, one := range accounts {
		if people == nil || set[one.Person] {
			out = append(out, one.Email)
			if next := proposed[one.ID]; next != "" {
				out = append(out, next)
			}
		}
	}
	dir, err := a.Org.Directory(ctx, t)
	if err != nil {
		return nil, err
	}
	for p := range dir.All() {
		if p.Email != "" && (people == nil || set[p.ID]) {
			out = append(out, p.Email)
		}
	}
	return out, nil
}
