package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/migrations"
)

// examineMost is how large a cluster may be, unpacked, to be opened beside an erasure: a larger one would hold that up
// for hours. Its copies are gone within a week, and hold no key.
const examineMost = 8 << 30

// examinePoint opens the oldest copy of the cluster that can be brought to the instant at which it was finished, and
// hands over the records as they were then. Where there is none, or no server of its version on this host, nobody
// looks, and the list of what was looked at does not have it; nor while a copy is being made, for which no destruction
// of keys waits.
func (s *Service) examinePoint(ctx context.Context, look func(string, time.Time, *db.DB, *vault.Vault) error) error {
	if s.o.Physical == nil {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, turnWithin)
	leave, err := s.enterBases(waiting)
	cancel()
	if err != nil {
		return ctx.Err()
	}
	defer leave()
	c, err := s.shelf.list(ctx, Base)
	if err != nil {
		return err
	}
	all, err := s.shelf.windows(ctx, c.sets)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(w Window) bool { return w.holds(w.From) })
	if i < 0 || c.sets[i].Parts[0].Plain > examineMost {
		return nil
	}
	err = s.examineAt(ctx, all[i].From, look)
	if codeIn(err, "backup.pitr_tools", "backup.pitr_version", "backup.pitr_root") {
		return nil
	}
	return err
}

func (s *Service) examineAt(ctx context.Context, at time.Time, look func(string, time.Time, *db.DB, *vault.Vault) error) (err error) {
	dir, err := os.MkdirTemp(s.o.Temp, tempName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	u := &pointing{unpacking: &unpacking{Source: s.source(), dir: dir, r: &Restored{Point: &Reached{}}, shelf: s.shelf}, p: Point{At: at}}
	defer func() { err = errors.Join(err, u.close(), u.end()) }()
	for _, step := range []func(context.Context) error{u.placeKeys, u.chooseBases, u.chooseBelow, u.unpackBase, u.fetchWAL, u.recover, u.carryOver} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	if u.main, err = db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, mainFile), Readers: 1}); err != nil {
		return err
	}
	if _, err := u.main.Migrate(ctx, migrations.Main()); err != nil {
		return err
	}
	return look(u.base.ID, at, u.main, u.vault)
}
