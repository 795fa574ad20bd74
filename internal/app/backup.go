package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/cli"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/blob/bucket"
	"rakudos/internal/engine/db"
	"rakudos/internal/governance/erasure"
	"rakudos/internal/operations/backup"
)

// Backup says where backups lie: a folder, by default "backups" in the data directory, and a second place.
type Backup struct {
	Dir    string        `yaml:"dir"`
	Second bucket.Config `yaml:"second"` // a bucket under another identity, with locks; empty: none

	ReplicationDSNFile string `yaml:"replication_dsn_file"` // PostgreSQL: file with the DSN of a role that may replicate; empty: the service's role
}

func (c *Config) backupDir() string {
	if c.Backup.Dir != "" {
		return c.Backup.Dir
	}
	return c.path("backups")
}

// openBackup builds the backups on everything else, and plans the daily work.
func (a *App) openBackup(ctx context.Context) error {
	files, err := blob.Local(a.Config.path("blobs"))
	if err != nil {
		return err
	}
	target := &backupPlace{dir: a.Config.backupDir(), must: a.Config.Backup.Dir != ""}
	second, err := a.secondPlace(ctx)
	if err != nil {
		return err
	}
	physical, err := a.Config.physical()
	if err != nil {
		return err
	}
	a.Backup, err = backup.Open(ctx, backup.Options{
		Physical: physical,
		Second:   second,
		Main:     a.DB, Keys: a.Keys, Vault: a.Vault, Root: a.root, Log: a.Audit, Blobs: files, Target: target,
		Environment: a.environment, Temp: a.Config.path("tmp"), Policy: backup.DefaultPolicy(), Ledger: a.replay, Build: Version, Logger: a.log, Missed: a.tellMissed,
	})
	if err != nil {
		return err
	}
	if !a.Config.sandbox() {
		a.Backup.Register(a.Jobs)
	}
	return nil
}

// walBeat is how often WAL is shipped: what would be lost with the server.
const walBeat = time.Minute

// physical is what copying the cluster needs; nil on SQLite and in sandboxes.
func (c *Config) physical() (*backup.Physical, error) {
	if c.Database.Engine != db.Postgres || c.sandbox() {
		return nil, nil
	}
	file := c.Backup.ReplicationDSNFile
	if file == "" {
		file = c.Database.DSNFile
	}
	dsn, err := secret(file)
	return &backup.Physical{DSN: dsn, Dir: c.path("wal"), Beat: walBeat}, err
}

// environment is the part of a backup that people read: what ran, and how it was configured. Secrets are
// named by file in the configuration and so are not in it; the root key is not either, and it says so.
func (a *App) environment(context.Context) ([]backup.File, error) {
	config, err := yaml.Marshal(a.Config)
	if err != nil {
		return nil, err
	}
	about := map[string]any{
		"version": Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
		"database": a.Config.Database.Engine, "modules": modules(),
		"root_key":     "このバックアップに含まれません。別の安全な場所に保管してください。",
		"not_included": []string{"root.key", "tls", "mail", "tmp", "backups", ledgerDir},
	}
	b, err := json.MarshalIndent(about, "", " ")
	if err != nil {
		return nil, err
	}
	out := []backup.File{{Name: "environment.json", Content: b}, {Name: "config.yaml", Content: config}}
	demo, err := os.ReadFile(a.Config.path("demo-accounts.txt"))
	if err == nil {
		out = append(out, backup.File{Name: backup.InData + "demo-accounts.txt", Content: demo})
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return out, nil
}

// modules lists the libraries of this build with their versions and checksums.
func modules() []string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	var out []string
	for _, m := range info.Deps {
		out = append(out, m.Path+" "+m.Version+" "+m.Sum)
	}
	slices.Sort(out)
	return out
}

func houseBackups() cli.Backups {
	who := actor.HostOperator(ids.System, "backup")
	return cli.Backups{
		Run: func(ctx context.Context, o cli.Options) (*backup.Made, error) {
			return onStopped(ctx, o, func(a *App) (*backup.Made, error) { return a.Backup.Run(ctx, who) })
		},
		Copy: func(ctx context.Context, o cli.Options) (*backup.Copied, error) {
			return onStopped(ctx, o, func(a *App) (*backup.Copied, error) { return a.Backup.CopySecond(ctx, who) })
		},
		List: func(ctx context.Context, o cli.Options) ([]backup.Generation, error) {
			return onStopped(ctx, o, func(a *App) ([]backup.Generation, error) { return a.Backup.List(ctx) })
		},
		Verify: func(ctx context.Context, o cli.Options) (*backup.Report, error) {
			return onStopped(ctx, o, func(a *App) (*backup.Report, error) { return a.Backup.Verify(ctx) })
		},
		Drill: func(ctx context.Context, o cli.Options) (*backup.Receipt, error) {
			return onStopped(ctx, o, func(a *App) (*backup.Receipt, error) { return a.Backup.Drill(ctx, who) })
		},
		Restore: houseRestore,
	}
}

// onStopped works on a stopped service's data and closes it cleanly.
func onStopped[T any](ctx context.Context, o cli.Options, work func(*App) (T, error)) (out T, err error) {
	a, err := stopped(ctx, o)
	if err != nil {
		return out, err
	}
	defer func() {
		if e := a.Close(context.WithoutCancel(ctx)); err == nil {
			err = e
		}
	}()
	return work(a)
}

// houseRestore needs the place of the backups and the root key, not a service that still opens.
func houseRestore(ctx context.Context, o cli.Options, r cli.RestoreRequest) (*backup.Restored, error) {
	c, err := configure(o)
	if err != nil {
		return nil, err
	}
	from := r.From
	if from == "" {
		from = c.backupDir()
	}
	root, raw, err := c.rootForRestore(ctx, r.RootKey)
	if err != nil {
		return nil, err
	}
	if r.From == "" && HasData(c.Data) {
		_, unlock, err := lockData(c.Data)
		if err != nil {
			return nil, err
		}
		defer unlock()
	}
	target, done, err := backupSource(ctx, c, from)
	if err != nil {
		return nil, err
	}
	defer done()
	ledger := c.ledgerAt(r.Ledger)
	source := backup.Source{Target: target, Root: root, Ledger: &erasure.Replay{Ledger: ledger, Root: root}}
	var out *backup.Restored
	if r.Instant.IsZero() {
		out, err = source.Restore(ctx, r.To, r.At)
	} else {
		out, err = source.RestorePoint(ctx, r.To, backup.Point{At: r.Instant, Cluster: r.Cluster})
	}
	if err != nil {
		return nil, err
	}
	if err := ledger.CopyTo(filepath.Join(r.To, ledgerDir)); err != nil {
		return nil, err
	}
	if raw != nil { // from a file: the restored data brings its own
		if err := os.WriteFile(filepath.Join(r.To, "root.key"), raw, 0o600); err != nil {
			return nil, err
		}
		c.Keys.Root = RootKey{Driver: "file", PassphraseFile: c.Keys.Root.PassphraseFile}
	}
	if r.Cluster != "" { // its database is the cluster; the service that opens it goes on in its own log
		return out, nil
	}
	return out, settle(ctx, c, r.To, out)
}

// settle opens the restored data as a service would, which also brings an older schema forward, and says
// in its log where it came from.
func settle(ctx context.Context, c Config, dir string, r *backup.Restored) error {
	c.Data, c.Demo, c.Database, c.Backup = dir, false, Database{Engine: db.SQLite}, Backup{}
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	err = a.Backup.Settled(ctx, a.Jobs, actor.HostOperator(ids.System, "backup"), r)
	return errors.Join(err, a.Close(context.WithoutCancel(ctx)))
}

// backupPlace looks at each access whether the folder is still the one it was: one that cannot be reached
// stops no service, and one that was mounted again is found. A folder that the configuration names must be
// there already, so that nothing is written below a mount point that is not mounted.
type backupPlace struct {
	dir  string
	must bool

	mu    sync.Mutex
	seen  os.FileInfo
	store blob.Store
}

func (p *backupPlace) open() (blob.Store, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, err := os.Stat(p.dir)
	if err == nil && p.store != nil && os.SameFile(p.seen, now) {
		return p.store, nil
	}
	if err == nil || !p.must {
		if p.store, err = blob.Local(p.dir); err == nil {
			p.seen, err = os.Stat(p.dir)
		}
	}
	if err != nil {
		p.store = nil
		return nil, fault.New(fault.Busy, "backup.place", "dir", p.dir).Because(err)
	}
	return p.store, nil
}

func (p *backupPlace) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	s, err := p.open()
	if err != nil {
		return 0, err
	}
	return s.Put(ctx, key, r)
}

func (p *backupPlace) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	s, err := p.open()
	if err != nil {
		return nil, err
	}
	return s.Open(ctx, key)
}

func (p *backupPlace) Delete(ctx context.Context, key string) error {
	s, err := p.open()
	if err != nil {
		return err
	}
	return s.Delete(ctx, key)
}

func (p *backupPlace) List(ctx context.Context, prefix string) ([]string, error) {
	s, err := p.open()
	if err != nil {
		return nil, err
	}
	return s.List(ctx, prefix)
}
