package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/operations/backup"
	"rakudos/migrations"
)

// backupSQLite measures making and restoring a backup against sqlite3's own with zstd, in the same run and over the
// same records, which are random as sealed ones are.
func backupSQLite(ctx context.Context, o options) ([]figure, error) {
	dir := filepath.Join(o.dir, "backup")
	main := db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db")}
	b, err := newSubject(ctx, "sqlite", dir, o.megabytes, main, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "keys.db")}, nil)
	if err != nil {
		return nil, err
	}
	defer b.close() //nolint:errcheck // thrown away
	err = b.daily(ctx, sqliteTool(dir, main.Path))
	return b.out, err
}

var benchFill = db.Q("bench.fill", `insert into job (tenant_id, job_id, kind, slot, payload, state, run_at, attempt, node, process, lease_until, error, created_at, finished_at)
	values ($1, $2, 'bench', '', $3, 'done', 0, 1, '', '', 0, '', 0, 0)`)

func fill(ctx context.Context, d *db.DB, megabytes int) error {
	payload := make([]byte, 1000)
	for range megabytes {
		err := d.Tx(ctx, ids.System, func(tx *db.Tx) error {
			for range 1000 {
				rand.Read(payload)
				if _, err := tx.Exec(benchFill, ids.System, ids.New[ids.Job](), payload); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// subject is a service with records to back up, and the figures so far.
type subject struct {
	backup.Options
	service *backup.Service
	engine  string
	dir     string
	size    int
	servers []int // processes that are not ours: the server of the records
	closers []func() error
	out     []figure
}

// newSubject fills a service. with may change its options before it opens.
func newSubject(ctx context.Context, engine, dir string, size int, main, keys db.Config, with func(*backup.Options)) (b *subject, err error) {
	b = &subject{engine: engine, dir: dir, size: size}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if err := b.open(ctx, main, keys); err != nil {
		return nil, err
	}
	if err := fill(ctx, b.Main, size); err != nil {
		return nil, err
	}
	if with != nil {
		with(&b.Options)
	}
	b.service, err = backup.Open(ctx, b.Options)
	return b, err
}

func (b *subject) close() (err error) {
	for _, c := range b.closers {
		err = errors.Join(err, c())
	}
	b.closers = nil
	return err
}

func (b *subject) add(what, value, budget string) {
	b.out = append(b.out, figure{b.engine + ": " + what, value, budget})
}

// used adds what a piece of our work took.
func (b *subject) used(what string, u use) {
	b.add(what, b.rate(u), "")
	b.add("memory of it", fmt.Sprintf("%d MB", u.peak), "< 200 MB")
}

func (b *subject) rate(u use) string {
	return fmt.Sprintf("%.2f s (%.0f MB/s), processor %.2f s", u.wall.Seconds(), float64(b.size)/u.wall.Seconds(), u.cpu.Seconds())
}

func (b *subject) beside(t string, ours, theirs use) {
	b.add("the same by "+t, b.rate(theirs), "")
	b.add("ratio of time, of processor time", fmt.Sprintf("%.2f, %.2f", ours.wall.Seconds()/theirs.wall.Seconds(), ours.cpu.Seconds()/theirs.cpu.Seconds()), "≤ 1.5")
}

// daily measures the daily set against each tool.
func (b *subject) daily(ctx context.Context, tools ...tool) error {
	var saved []use
	for _, t := range tools {
		u, err := t.run(ctx, t.save)
		if err != nil {
			return err
		}
		saved = append(saved, u)
	}
	ours, err := b.measure(func() error { return second(b.service.Run(ctx, actor.HostOperator(ids.System, "bench"))) })
	if err != nil {
		return err
	}
	b.used(fmt.Sprintf("daily set of %d MB made and read back", b.size), ours)
	for i, t := range tools {
		b.beside(t.name, ours, saved[i])
	}
	to := filepath.Join(b.dir, "restored")
	how := ""
	ours, err = b.measure(func() error {
		r, err := backup.Source{Target: b.Target, Root: b.Root}.Restore(ctx, to, jst.Date{})
		if err == nil {
			how = r.How
		}
		return err
	})
	if err != nil {
		return err
	}
	b.used("daily set restored and compared ("+how+")", ours)
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	for _, t := range tools {
		theirs, err := t.run(ctx, t.load)
		if err != nil {
			return err
		}
		b.beside(t.name, ours, theirs)
		if t.after != nil {
			if err := t.after(); err != nil {
				return err
			}
		}
	}
	return nil
}

func second[T any](_ T, err error) error { return err }

// open opens the engines that a backup needs, in a folder.
func (b *subject) open(ctx context.Context, main, keys db.Config) (err error) {
	b.Options = backup.Options{Temp: filepath.Join(b.dir, "tmp"), Policy: backup.DefaultPolicy(), Build: "bench", Logger: slog.New(slog.DiscardHandler)}
	if b.Main, err = db.Open(ctx, main); err != nil {
		return err
	}
	b.closers = append(b.closers, b.Main.Close)
	if b.Keys, err = db.Open(ctx, keys); err != nil {
		return err
	}
	b.closers = append(b.closers, b.Keys.Close)
	if _, err = b.Main.Migrate(ctx, migrations.Main()); err != nil {
		return err
	}
	if _, err = b.Keys.Migrate(ctx, migrations.Keys()); err != nil {
		return err
	}
	if b.Root, err = vault.FileRoot(filepath.Join(b.dir, "root.key")); err != nil {
		return err
	}
	if b.Vault, err = vault.Open(ctx, b.Keys, b.Root); err != nil {
		return err
	}
	if b.Log, err = audit.Open(ctx, b.Main, b.Vault, audit.Config{Dir: filepath.Join(b.dir, "log"), Logger: b.Logger}); err != nil {
		return err
	}
	b.closers = append([]func() error{b.Log.Close}, b.closers...)
	if b.Blobs, err = blob.Local(filepath.Join(b.dir, "blobs")); err != nil {
		return err
	}
	b.Environment = func(context.Context) ([]backup.File, error) { return nil, nil }
	b.Target, err = blob.Local(filepath.Join(b.dir, "backups"))
	return err
}
