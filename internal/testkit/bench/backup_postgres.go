package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/operations/backup"
	"rakudos/internal/testkit/pg"
)

// backupPostgres measures the daily set and the copy of the cluster against PostgreSQL's own tools with zstd, on a
// cluster that can be copied whole. The key store has a server of its own, as point-in-time recovery wants it.
func backupPostgres(ctx context.Context, o options) ([]figure, error) {
	records, err := pg.StartForReplication(ctx, "-c max_wal_size=4GB")
	if err != nil {
		return nil, err
	}
	defer records.Stop()
	vault, err := pg.StartForReplication(ctx, "")
	if err != nil {
		return nil, err
	}
	defer vault.Stop()
	main, err := database(ctx, records, "records")
	if err != nil {
		return nil, err
	}
	keys, err := database(ctx, vault, "keys")
	if err != nil {
		return nil, err
	}
	if err := records.Exec(ctx, "alter role "+pg.AppRole+" replication"); err != nil {
		return nil, err
	}
	dir := filepath.Join(o.dir, "backup-postgres")
	b, err := newSubject(ctx, "postgres", dir, o.megabytes, main, keys, func(x *backup.Options) {
		x.Physical = &backup.Physical{DSN: main.DSN, Dir: filepath.Join(dir, "wal"), Beat: time.Second}
	})
	if err != nil {
		return nil, err
	}
	b.servers = []int{records.Pid(), vault.Pid()}
	defer b.close() //nolint:errcheck // thrown away
	base := baseTool(ctx, dir, records.DSN)
	if err := b.daily(ctx, base, dumpTool(dir, records.DSN)); err != nil {
		return nil, err
	}
	return b.out, b.point(ctx, base)
}

func database(ctx context.Context, c *pg.Cluster, name string) (db.Config, error) {
	d, err := c.Create(ctx, name)
	return db.Config{Engine: db.Postgres, DSN: d.AppDSN, OwnerDSN: d.OwnerDSN, Readers: 4}, err
}

// point measures the copy of the cluster and a recovery from it to an instant, with the WAL being shipped beside.
func (b *subject) point(ctx context.Context, t tool) error {
	theirs, err := t.run(ctx, t.save)
	if err != nil {
		return err
	}
	follow, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	defer func() { stop(); <-done }()
	var g backup.Generation
	ours, err := b.measure(func() (err error) {
		go func() { defer close(done); _ = b.service.Follow(follow) }()
		g, err = b.based(ctx)
		return err
	})
	if err != nil {
		return err
	}
	if ours.wall, err = b.took(ctx, g); err != nil {
		return err
	}
	b.used("copy of the cluster made and read back, with WAL beside", ours)
	b.beside(t.name, ours, theirs)

	at := time.Now()
	if err := b.shippedUntil(ctx, at); err != nil {
		return err
	}
	kept, err := os.MkdirTemp("", "rkkept") // the server's user has to reach it
	if err != nil {
		return err
	}
	defer os.RemoveAll(kept) //nolint:errcheck // thrown away
	src, to := backup.Source{Target: b.Target, Root: b.Root}, filepath.Join(b.dir, "point")
	ours, err = b.measure(func() error { return second(src.RestorePoint(ctx, to, backup.Point{At: at, Cluster: kept})) })
	if err != nil {
		return err
	}
	b.used("cluster restored to an instant, read, log checked", ours)
	if theirs, err = t.run(ctx, t.load); err != nil {
		return err
	}
	b.beside(t.name, ours, theirs)
	if err := errors.Join(os.RemoveAll(to), os.RemoveAll(kept), t.after()); err != nil {
		return err
	}
	ours, err = b.measure(func() error { return second(src.RestorePoint(ctx, to, backup.Point{At: at})) })
	if err != nil {
		return err
	}
	b.used("the same carried over to a data folder with SQLite, every row compared", ours)
	return nil
}

// until asks again until there is an answer.
func until(ctx context.Context, ready func() (bool, error)) error {
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// based waits for the copy of the cluster.
func (b *subject) based(ctx context.Context) (g backup.Generation, err error) {
	return g, until(ctx, func() (bool, error) {
		e, err := b.Log.Find(ctx, actor.System(ids.System, "bench"), audit.Filter{Verb: "backup.base_made"})
		if err != nil || len(e) == 0 {
			return false, err
		}
		all, err := b.service.List(ctx)
		for _, x := range all {
			if x.Kind == backup.Base {
				g = x
			}
		}
		return g.ID != "", err
	})
}

// took is how long the copy itself was under way: its first second is that of the connection before it.
func (b *subject) took(ctx context.Context, g backup.Generation) (time.Duration, error) {
	e, err := b.Log.Find(ctx, actor.System(ids.System, "bench"), audit.Filter{Verb: "backup.base_made"})
	if err != nil {
		return 0, err
	}
	return e[0].At.Sub(g.Taken), nil
}

func (b *subject) shippedUntil(ctx context.Context, at time.Time) error {
	return until(ctx, func() (bool, error) {
		all, err := b.service.List(ctx)
		for _, x := range all {
			if x.Restores != nil && x.Restores.Until.After(at) {
				return true, nil
			}
		}
		return false, err
	})
}
