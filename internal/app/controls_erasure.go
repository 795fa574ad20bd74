package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/operations/backup"
	"rakudos/internal/people/tenant"
)

// erasureControls are the promises about erasing. Their probes erase in a service of their own, so that no
// customer's key copies are made anew for a look.
func (a *App) erasureControls() []control.Control {
	return erasure.Controls(erasure.Probing{
		Live: a.Erasure, Temp: a.Config.path("tmp"),
		Sandbox: func(ctx context.Context, sabotage string) (erasure.Scene, func(), error) {
			run, stop, err := a.stage.sandbox(ctx, sabotage)
			if err != nil {
				return nil, nil, err
			}
			return eraseScene{run.App}, stop, nil
		},
		Oldest: a.Backup.Oldest, OldestKeys: a.Backup.OldestKeys,
	})
}

// eraseScene is a sandbox in which a probe erases.
type eraseScene struct{ app *App }

func (s eraseScene) Gateway() *erasure.Gateway { return s.app.Erasure }

// Canary is one of the invented people of the second probe tenant.
func (s eraseScene) Canary(ctx context.Context) (ids.Tenant, ids.Person, error) {
	if len(s.app.probes.tenants) < 2 {
		return "", "", errNotRunning
	}
	t := s.app.probes.tenants[1]
	dir, err := s.app.Org.Directory(ctx, t)
	if err != nil {
		return "", "", err
	}
	for p := range dir.All() {
		return t, p.ID, nil
	}
	return "", "", fault.New(fault.Missing, "erasure.hold_nobody")
}

// Customer is an invented one with people and check-ups.
func (s eraseScene) Customer(ctx context.Context) (ids.Tenant, error) {
	t, err := s.app.Tenants.Create(ctx, actor.System(ids.System, "setup"), tenant.New{Code: canaryCode + strings.ToLower(suffix()), Name: canaryName, Kind: tenant.Probe})
	if err != nil {
		return "", err
	}
	return t.ID, s.app.seedProbePeople(ctx, t, 9)
}

func (s eraseScene) Backup(ctx context.Context) error {
	_, err := s.app.Backup.Run(ctx, actor.System(ids.System, "probe"))
	return err
}

func (s eraseScene) OldestKeys(ctx context.Context) (time.Time, error) {
	return s.app.Backup.OldestKeys(ctx)
}

// Restored restores the newest backup into a folder, as the command line would, and opens its records.
func (s eraseScene) Restored(ctx context.Context, look func(*db.DB) error) (err error) {
	if err := os.MkdirAll(s.app.Config.path("tmp"), 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.app.Config.path("tmp"), "restored-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	target, err := blob.Local(s.app.Config.backupDir())
	if err != nil {
		return err
	}
	root, err := vault.FileRoot(s.app.Config.path("root.key"))
	if err != nil {
		return err
	}
	if _, err := (backup.Source{Target: target, Root: root, Ledger: s.app.replay}).Restore(ctx, dir, jst.Date{}); err != nil {
		return err
	}
	main, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db"), Readers: 1})
	if err != nil {
		return err
	}
	return errors.Join(look(main), main.Close())
}
