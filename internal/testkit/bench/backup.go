package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/pg"
	"rakudos/migrations"
)

// EnvMegabytes sets how large the database of the backup's bench is.
const EnvMegabytes = "RAKUDOS_BENCH_MB"

func megabytes() int {
	if n, err := strconv.Atoi(os.Getenv(EnvMegabytes)); err == nil && n > 0 {
		return n
	}
	return 256
}

// backups measures making and restoring a backup against the engine's own tool with zstd, in the same run
// and over the same records, which are random as sealed ones are.
func backups(ctx context.Context, o options) ([]figure, error) {
	dir := filepath.Join(o.dir, "backup")
	main := db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "main.db")}
	out, err := measureBackup(ctx, "sqlite", dir, main, sqliteTool(dir, main.Path))
	if err != nil || os.Getenv(pg.EnvDSN) == "" {
		return out, err
	}
	err = pg.Template(ctx, "bench_backup", func(pg.Database) error { return nil })
	if err != nil {
		return nil, err
	}
	d, err := pg.Clone(ctx, "bench_backup")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Drop(context.WithoutCancel(ctx))) }()
	main = db.Config{Engine: db.Postgres, DSN: d.AppDSN, OwnerDSN: d.OwnerDSN}
	more, err := measureBackup(ctx, "postgres", filepath.Join(o.dir, "backup-postgres"), main, postgresTool(o.dir, d.Name))
	return append(out, more...), err
}

// tool is what the engine itself offers: save and, where it is comparable, load.
type tool struct {
	name       string
	save, load []string
}

func sqliteTool(dir, file string) tool {
	return tool{
		"sqlite3 .backup と zstd",
		[]string{"sh", "-c", fmt.Sprintf("cd %s && sqlite3 %s '.backup plain.db' && zstd -q -f -T0 plain.db -o plain.zst && sync plain.zst", dir, file)},
		[]string{"sh", "-c", fmt.Sprintf("cd %s && zstd -q -f -d plain.zst -o back.db && sync back.db && sqlite3 back.db 'pragma quick_check'", dir)},
	}
}

// postgresTool is pg_dump: the cluster of the tests is not set up for pg_basebackup's replication.
func postgresTool(dir, database string) tool {
	file := filepath.Join(dir, "dump.zst")
	return tool{
		name: "pg_dump と zstd",
		save: []string{"bash", "-o", "pipefail", "-c", fmt.Sprintf("pg_dump -Fc -Z0 -d \"$%s dbname=%s\" | zstd -q -f -T0 -o %s && sync %s", pg.EnvDSN, database, file, file)},
		load: []string{"bash", "-o", "pipefail", "-c", fmt.Sprintf(`export PGAPPNAME=bench; psql -q -d "$%s dbname=postgres" -c 'create database %s_back' && zstd -q -d -c %s | pg_restore -d "$%s dbname=%s_back" ; r=$?; psql -q -d "$%s dbname=postgres" -c 'drop database %s_back'; exit $r`,
			pg.EnvDSN, database, file, pg.EnvDSN, database, pg.EnvDSN, database)},
	}
}

func (t tool) run(ctx context.Context, command []string) (time.Duration, error) {
	start := time.Now()
	b, err := exec.CommandContext(ctx, command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", t.name, err, b)
	}
	return time.Since(start), nil
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

func measureBackup(ctx context.Context, engine, dir string, main db.Config, t tool) (out []figure, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o, closers, err := backupService(ctx, dir, main)
	defer func() {
		for _, c := range closers {
			err = errors.Join(err, c())
		}
	}()
	if err != nil {
		return nil, err
	}
	size := megabytes()
	if err := fill(ctx, o.Main, size); err != nil {
		return nil, err
	}
	s, err := backup.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	theirs, err := t.run(ctx, t.save)
	if err != nil {
		return nil, err
	}
	debug.FreeOSMemory()
	peak := watch()
	start := time.Now()
	if _, err := s.Run(ctx, actor.HostOperator(ids.System, "bench")); err != nil {
		return nil, err
	}
	ours := time.Since(start)
	made := peak()
	out = append(out,
		figure{fmt.Sprintf("%s: %d MB backed up and read back", engine, size), rate(size, ours), ""},
		figure{fmt.Sprintf("%s: the same by %s", engine, t.name), rate(size, theirs), ""},
		figure{engine + ": ratio of time", fmt.Sprintf("%.2f", ours.Seconds()/theirs.Seconds()), "≤ 1.5"},
		figure{engine + ": memory while backing up", fmt.Sprintf("%d MB", made), "< 200 MB"})
	peak = watch()
	start = time.Now()
	if _, err := (backup.Source{Target: o.Target, Root: o.Root}).Restore(ctx, filepath.Join(dir, "restored"), jst.Date{}); err != nil {
		return nil, err
	}
	ours = time.Since(start)
	out = append(out, figure{fmt.Sprintf("%s: restored and compared", engine), rate(size, ours), ""},
		figure{engine + ": memory while restoring", fmt.Sprintf("%d MB", peak()), "< 200 MB"})
	if t.load == nil {
		return out, nil
	}
	if theirs, err = t.run(ctx, t.load); err != nil {
		return nil, err
	}
	return append(out, figure{fmt.Sprintf("%s: restored by %s", engine, t.name), rate(size, theirs), ""},
		figure{engine + ": ratio of time", fmt.Sprintf("%.2f", ours.Seconds()/theirs.Seconds()), "≤ 1.5"}), nil
}

func rate(megabytes int, d time.Duration) string {
	return fmt.Sprintf("%.2f s (%.0f MB/s)", d.Seconds(), float64(megabytes)/d.Seconds())
}

// watch samples the memory of this process until it is asked for the highest value, in MB.
func watch() func() uint64 {
	var most atomic.Uint64
	stop, done := make(chan bool), make(chan bool)
	go func() {
		defer close(done)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.Sys-m.HeapReleased))
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 { close(stop); <-done; return most.Load() >> 20 }
}

// backupService opens the engines that a backup needs, in a folder.
func backupService(ctx context.Context, dir string, main db.Config) (o backup.Options, closers []func() error, err error) {
	o = backup.Options{Temp: filepath.Join(dir, "tmp"), Policy: backup.DefaultPolicy(), Build: "bench", Logger: slog.New(slog.DiscardHandler)}
	if o.Main, err = db.Open(ctx, main); err != nil {
		return o, nil, err
	}
	closers = append(closers, o.Main.Close)
	if o.Keys, err = db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, "keys.db")}); err != nil {
		return o, closers, err
	}
	closers = append(closers, o.Keys.Close)
	if _, err = o.Main.Migrate(ctx, migrations.Main()); err != nil {
		return o, closers, err
	}
	if _, err = o.Keys.Migrate(ctx, migrations.Keys()); err != nil {
		return o, closers, err
	}
	if o.Root, err = vault.FileRoot(filepath.Join(dir, "root.key")); err != nil {
		return o, closers, err
	}
	if o.Vault, err = vault.Open(ctx, o.Keys, o.Root); err != nil {
		return o, closers, err
	}
	if o.Log, err = audit.Open(ctx, o.Main, o.Vault, audit.Config{Dir: filepath.Join(dir, "log"), Logger: o.Logger}); err != nil {
		return o, closers, err
	}
	closers = append([]func() error{o.Log.Close}, closers...)
	if o.Blobs, err = blob.Local(filepath.Join(dir, "blobs")); err != nil {
		return o, closers, err
	}
	o.Environment = func(context.Context) ([]backup.File, error) { return nil, nil }
	o.Target, err = blob.Local(filepath.Join(dir, "backups"))
	return o, closers, err
}
