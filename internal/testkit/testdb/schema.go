package testdb

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"rakudos/internal/engine/db"
	"rakudos/internal/testkit/pg"
	"rakudos/migrations"
)

// schema is one set of migrations, run once per engine and process; tests get copies of the result.
type schema struct {
	name             string
	files            func() fs.FS
	sqliteImage      func() ([]byte, error)
	postgresTemplate func() (string, error)
}

var (
	mainSchema = newSchema("main", migrations.Main)
	keysSchema = newSchema("keys", migrations.Keys)
)

func newSchema(name string, files func() fs.FS) *schema {
	s := &schema{name: name, files: files}
	s.sqliteImage = sync.OnceValues(s.buildSQLite)
	s.postgresTemplate = sync.OnceValues(s.buildPostgres)
	return s
}

func (s *schema) migrate(c db.Config) (err error) {
	ctx := context.Background()
	d, err := db.Open(ctx, c)
	if err != nil {
		return err
	}
	defer func() {
		if e := d.Close(); err == nil {
			err = e
		}
	}()
	_, err = d.Migrate(ctx, s.files())
	return err
}

func (s *schema) buildSQLite() ([]byte, error) {
	dir, err := os.MkdirTemp("", "rksqlite")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	path := filepath.Join(dir, "template.db")
	if err := s.migrate(db.Config{Engine: db.SQLite, Path: path}); err != nil {
		return nil, fmt.Errorf("migrations/%s on sqlite: %w", s.name, err)
	}
	return os.ReadFile(path)
}

func (s *schema) buildPostgres() (string, error) {
	sum, err := s.digest()
	if err != nil {
		return "", err
	}
	name := "tmpl_" + s.name + "_" + sum
	err = pg.Template(context.Background(), name, func(d pg.Database) error {
		return s.migrate(db.Config{Engine: db.Postgres, DSN: d.AppDSN, OwnerDSN: d.OwnerDSN, Readers: 1})
	})
	if err != nil {
		return "", fmt.Errorf("migrations/%s on postgres: %w", s.name, err)
	}
	return name, nil
}

// digest names the template by its content, so that a long-lived shared cluster never serves an old one.
func (s *schema) digest() (string, error) {
	h := sha256.New()
	err := fs.WalkDir(s.files(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := fs.ReadFile(s.files(), path)
		fmt.Fprintf(h, "%s %d\n", path, len(b))
		h.Write(b)
		return err
	})
	return hex.EncodeToString(h.Sum(nil))[:16], err
}
