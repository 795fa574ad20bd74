package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/db"
	"rakudos/migrations"
)

// DeclaredKeys are the copies of the key store that the database knows of.
func (s *Service) DeclaredKeys(ctx context.Context) (out []string, err error) {
	all, err := s.registered(ctx)
	for _, g := range all {
		if g.Kind == Keys {
			out = append(out, g.ID)
		}
	}
	return out, err
}

// InsideKeys opens one copy of the key store as a database of its own in a temporary folder, for a look at
// what it holds. The folder is gone when use returns.
func (s *Service) InsideKeys(ctx context.Context, id string, use func(*db.DB) error) (err error) {
	h, err := s.shelf.get(ctx, Keys, id)
	if err != nil {
		return err
	}
	p, err := h.part(PartKeys)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.o.Temp, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.o.Temp, tempName)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, keysFile)
	r, err := readPart(ctx, s.o.Target, h.key, folder(Keys, id), id, p)
	if err != nil {
		return damaged(id, PartKeys, err)
	}
	err = db.Restore(ctx, h.Form, r, file, migrations.Keys())
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err = errors.Join(err, r.Close()); err != nil {
		return explained(id, PartKeys, err)
	}
	d, err := db.Open(ctx, db.Config{Engine: db.SQLite, Path: file, Readers: 2})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if _, err := d.Migrate(ctx, migrations.Keys()); err != nil {
		return fault.New(fault.Internal, "backup.damaged", "set", id, "piece", PartKeys).Because(err)
	}
	return use(d)
}
