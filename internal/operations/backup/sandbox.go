package backup

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rakudos/internal/base/control"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/migrations"
)

// sandbox is a small service of its own, in a folder that is thrown away, whose backups are then spoilt.
func sandbox(ctx context.Context, temp string, p Policy, act func(*Service) (control.Evidence, error)) (_ control.Evidence, err error) {
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return control.Evidence{}, err
	}
	dir, err := os.MkdirTemp(temp, "backup-mutant-")
	if err != nil {
		return control.Evidence{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	o := Options{Target: nil, Temp: filepath.Join(dir, "tmp"), Policy: p, Build: "sandbox", Logger: slog.New(slog.DiscardHandler)}
	closers, err := o.build(ctx, dir)
	defer func() {
		for _, c := range closers {
			err = errors.Join(err, c())
		}
	}()
	if err != nil {
		return control.Evidence{}, err
	}
	s, err := Open(ctx, o)
	if err != nil {
		return control.Evidence{}, err
	}
	return act(s)
}

// build opens the engines in a folder; the closers are in the order in which to close.
func (o *Options) build(ctx context.Context, dir string) (closers []func() error, err error) {
	open := func(file string) (*db.DB, error) {
		d, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, file), Readers: 1})
		if err == nil {
			closers = append([]func() error{d.Close}, closers...)
		}
		return d, err
	}
	if o.Main, err = open(mainFile); err != nil {
		return closers, err
	}
	if o.Keys, err = open(keysFile); err != nil {
		return closers, err
	}
	if _, err = o.Main.Migrate(ctx, migrations.Main()); err != nil {
		return closers, err
	}
	if _, err = o.Keys.Migrate(ctx, migrations.Keys()); err != nil {
		return closers, err
	}
	if o.Root, err = vault.FileRoot(filepath.Join(dir, "root.key")); err != nil {
		return closers, err
	}
	if o.Vault, err = vault.Open(ctx, o.Keys, o.Root); err != nil {
		return closers, err
	}
	if o.Log, err = audit.Open(ctx, o.Main, o.Vault, audit.Config{Dir: filepath.Join(dir, logDir), Logger: o.Logger}); err != nil {
		return closers, err
	}
	closers = append([]func() error{o.Log.Close}, closers...)
	if o.Blobs, err = blob.Local(filepath.Join(dir, blobDir)); err != nil {
		return closers, err
	}
	o.Environment = func(context.Context) ([]File, error) { return []File{{"environment.json", []byte("{}")}}, nil }
	o.Target, err = blob.Local(filepath.Join(dir, "backups"))
	return closers, err
}

// mutantDaily: yesterday's backup is there, but one bit of it has flipped; or one of the keys without which it does not open.
func mutantDaily(ctx context.Context, temp string) (out control.Evidence, err error) {
	for _, kind := range []Kind{Data, Keys} {
		e, err := sandbox(ctx, temp, DefaultPolicy(), func(s *Service) (control.Evidence, error) {
			if err := s.flipped(ctx, time.Now().AddDate(0, 0, -1), kind); err != nil {
				return control.Evidence{}, err
			}
			return s.probeDaily(ctx)
		})
		if err != nil || e.OK {
			return e, err
		}
		out.Measured, out.Failed = e.Measured, append(out.Failed, e.Failed...)
	}
	return out, nil
}

func (s *Service) flipped(ctx context.Context, at time.Time, kind Kind) error {
	m, err := s.run(ctx, nightly, at)
	if err != nil {
		return err
	}
	s.mu.Lock()
	clear(s.checked)
	s.mu.Unlock()
	name := folder(Data, m.ID) + PartMain + ".00001"
	if kind == Keys {
		name = folder(Keys, m.Keys) + PartKeys + ".00001"
	}
	return s.flip(ctx, name)
}

func (s *Service) flip(ctx context.Context, name string) error {
	r, err := s.o.Target.Open(ctx, name)
	if err != nil {
		return err
	}
	b, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	b[len(b)/2] ^= 4
	_, err = s.o.Target.Put(ctx, name, strings.NewReader(string(b)))
	return err
}

// mutantRetain: nothing ever expires, so a backup of 400 days ago is still there; a dump that somebody laid beside
// the sets; and a generation of the ladder that is gone, with what remembered it. None of them may pass.
func mutantRetain(ctx context.Context, temp string) (out control.Evidence, err error) {
	now := time.Now()
	for _, m := range []struct {
		policy Policy
		day    time.Time
		spoil  func(*Service, *Made) error
	}{
		{DefaultPolicy().SabotageExpiry(), now.AddDate(0, 0, -400), func(*Service, *Made) error { return nil }},
		{DefaultPolicy(), now.AddDate(0, 0, -1), func(s *Service, _ *Made) error {
			_, err := s.o.Target.Put(ctx, "dump-2023-01-01.sql", strings.NewReader("copy of everything"))
			return err
		}},
		{DefaultPolicy(), now.AddDate(0, 0, -1), func(s *Service, m *Made) error {
			if err := s.forget(ctx, nightly, []Generation{{ID: m.ID, Kind: Data}}, now); err != nil {
				return err
			}
			return s.shelf.remove(ctx, Data, m.ID)
		}},
	} {
		e, err := sandbox(ctx, temp, m.policy, func(s *Service) (control.Evidence, error) {
			if err := s.bornAt(ctx, now.AddDate(-2, 0, 0)); err != nil {
				return control.Evidence{}, err
			}
			made, err := s.run(ctx, nightly, m.day)
			if err != nil {
				return control.Evidence{}, err
			}
			if _, err := s.run(ctx, nightly, now); err != nil {
				return control.Evidence{}, err
			}
			if err := m.spoil(s, made); err != nil {
				return control.Evidence{}, err
			}
			return s.probeRetain(ctx)
		})
		if err != nil || e.OK {
			return e, err
		}
		out.Measured, out.Failed = e.Measured, append(out.Failed, e.Failed...)
	}
	return out, nil
}

// mutantDrill: a row of the restored database is lost before it is compared.
func mutantDrill(ctx context.Context, temp string) (control.Evidence, error) {
	return sandbox(ctx, temp, DefaultPolicy(), func(s *Service) (control.Evidence, error) {
		s.spoil = loseRow(ctx)
		if _, err := s.run(ctx, nightly, time.Now()); err != nil {
			return control.Evidence{}, err
		}
		if _, err := s.drill(ctx, nightly); err != nil {
			return control.Evidence{}, err
		}
		return s.probeDrill(ctx)
	})
}

func loseRow(ctx context.Context) func(dir string) error {
	return func(dir string) error {
		d, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, mainFile), Readers: 1})
		if err != nil {
			return err
		}
		err = d.Tx(ctx, ids.System, func(tx *db.Tx) error {
			_, err := tx.Exec(qSentinelOld, ids.System, "")
			return err
		})
		return errors.Join(err, d.Close())
	}
}

// bornAt makes the sandbox as old as what it is to have made.
func (s *Service) bornAt(ctx context.Context, at time.Time) error {
	return s.o.Main.Tx(ctx, ids.System, func(tx *db.Tx) error {
		_, err := tx.Exec(qSinceMove, ids.System, db.Micros(at))
		return err
	})
}
