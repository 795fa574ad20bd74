package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/migrations"
)

// Examine opens kept data sets as they lie there, before any ledger is replayed, each with the newest copy of
// the key store, and hands them over: the oldest, the newest and one between, and where there is PostgreSQL the oldest copy of the cluster. An erasure so finds out whether
// what it erased can still be read in them. Nothing stays behind.
func (s *Service) Examine(ctx context.Context, look func(set string, taken time.Time, main *db.DB, v *vault.Vault) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	c, err := s.shelf.list(ctx, Data)
	if err != nil {
		return err
	}
	for _, h := range few(c.sets) {
		if err := s.examine(ctx, h, look); err != nil {
			return err
		}
	}
	return s.examinePoint(ctx, look)
}

// few are the first, the middle and the last of a list.
func few(all []*held) []*held {
	if len(all) <= 3 {
		return all
	}
	return []*held{all[0], all[len(all)/2], all[len(all)-1]}
}

func (s *Service) examine(ctx context.Context, h *held, look func(string, time.Time, *db.DB, *vault.Vault) error) (err error) {
	if err := os.MkdirAll(s.o.Temp, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.o.Temp, tempName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	u := &unpacking{Source: s.source(), dir: dir, r: &Restored{}, shelf: s.shelf, set: h}
	defer func() { err = errors.Join(err, u.close()) }()
	if err := u.placeKeys(ctx); err != nil {
		return err
	}
	if err := u.placeMain(ctx); err != nil {
		return err
	}
	if u.main, err = db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, mainFile), Readers: 1}); err != nil {
		return err
	}
	if _, err := u.main.Migrate(ctx, migrations.Main()); err != nil {
		return err
	}
	return look(h.ID, h.Taken, u.main, u.vault)
}
