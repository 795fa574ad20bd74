// Package audit records what happened so that nobody can change it unnoticed (clause 4-3a): a hash chain
// per tenant in the same transaction, shipped to a transparency log (Tessera) with signed checkpoints.
// It must never hold a name, a health value or a secret, and never make a request wait for the log.
package audit

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/engine/db"
)

// Sealer seals the bodies of events with their tenant's key. OpenAudit answers fault.Missing
// "vault.key_destroyed" only when the key was destroyed with proof. *vault.Vault is one.
type Sealer interface {
	SealAudit(ctx context.Context, t ids.Tenant, id string, plain []byte) ([]byte, error)
	OpenAudit(ctx context.Context, t ids.Tenant, id string, sealed []byte) ([]byte, error)
}

// Config says where the transparency log is.
type Config struct {
	Dir                string        // data/log
	KeyFile            string        // Ed25519 note key, mode 0600; empty: Dir + "-key"
	CheckpointInterval time.Duration // 0: one second
	Logger             *slog.Logger  // nil: slog.Default()
}

func (c Config) keyFile() string {
	if c.KeyFile != "" {
		return c.KeyFile
	}
	return filepath.Clean(c.Dir) + "-key"
}

func (c Config) logger() *slog.Logger {
	if c.Logger != nil {
		return c.Logger
	}
	return slog.Default()
}

// Log appends and finds events. It is safe for concurrent use; one process may have a directory open.
type Log struct {
	db       *db.DB
	sealer   Sealer
	cfg      Config
	key      key
	tree     tree
	lock     *os.File
	appender *tessera.Appender
	finish   func(context.Context) error // Tessera's shutdown: waits for the checkpoint
	stop     context.CancelFunc          // ends Tessera's goroutines

	wake   chan struct{}
	closed atomic.Bool
	done   sync.Once
	crash  func(step string) error // tests: stops Seal between two steps

	ship   sync.Mutex // guards what follows; one shipment at a time
	next   uint64     // how many leaves are recorded in the database
	unsure bool       // an addition to the tree never answered
}

// The service's own marks in the chain of ids.System.
const (
	verbOpened = "audit.opened"
	verbSealed = "audit.sealed"

	keyUnfinished = "unfinished" // in "audit.opened": the number of an "audit.sealed" without a seal
)

// Open opens the log, completes what a crash left half done, and appends "audit.opened". It refuses to
// go on when the database and the log directory do not belong together: that is for a person to decide.
func Open(ctx context.Context, d *db.DB, s Sealer, cfg Config) (*Log, error) {
	if cfg.CheckpointInterval == 0 {
		cfg.CheckpointInterval = time.Second
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	l := &Log{db: d, sealer: s, cfg: cfg, tree: tree{os.DirFS(cfg.Dir)}, wake: make(chan struct{}, 1)}
	var err error
	if l.lock, err = lockDir(cfg.Dir); err != nil {
		return nil, err
	}
	if err = l.begin(ctx); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// resume appends "audit.opened" and, in the same transaction, records what a crash left unrecorded. A stop
// that was not finished is named, for its seal will never come.
func (l *Log) resume(ctx context.Context, size uint64) error {
	events, at, err := l.unrecorded(size)
	if err != nil {
		return err
	}
	err = l.db.Tx(ctx, db.Global, func(tx *db.Tx) error {
		detail := map[string]any{"public_key": l.key.public}
		open, err := db.Column[int64](tx, qUnfinished, ids.System, verbSealed)
		if err != nil {
			return err
		}
		if len(open) > 0 {
			detail[keyUnfinished] = open[0]
		}
		if err := recordIn(tx, events, at); err != nil {
			return err
		}
		_, err = l.append(tx, Event{Verb: verbOpened, Actor: actor.System(ids.System, "service"), Detail: detail})
		return err
	})
	if err == nil {
		l.recorded(at)
		l.nudge()
	}
	return err
}

func (l *Log) begin(ctx context.Context) error {
	logged, err := l.logged(ctx)
	if err != nil {
		return err
	}
	size, err := l.tree.integrated()
	if err != nil {
		return err
	}
	if size == 0 && logged == 0 {
		if err := l.refuseAnew(ctx); err != nil {
			return err
		}
	}
	if l.key, err = openKey(l.cfg.keyFile(), size == 0 && logged == 0); err != nil {
		return err
	}
	if logged > size { // the log directory is older than the database, or gone
		return fault.New(fault.Internal, "audit.log_behind")
	}
	if size > 0 { // the published tree must lie inside the integrated one
		if published, _, err := l.tree.checkpoint(l.key); err != nil || published > size {
			return fault.New(fault.Internal, "audit.log_damaged").Because(err)
		}
	}
	if err := sweep(l.cfg.Dir, size, true); err != nil {
		return err
	}
	l.next = logged
	if err := l.sameLast(ctx); err != nil {
		return err
	}
	if err := l.resume(ctx, size); err != nil {
		return err
	}
	return l.startTessera()
}

// firstWithin is how long a service may have written events before the first of them was in its log. A start that
// was killed in its first second leaves such events; a log that is a day old does not.
const firstWithin = time.Hour

// refuseAnew does not make an empty tree for events that must have been in one: whoever took the tree away, and what
// tells where its leaves stood, would have every trace of it made anew by the service itself, with its own signature.
func (l *Log) refuseAnew(ctx context.Context) error {
	return l.db.View(ctx, db.Global, func(tx *db.Tx) error {
		seals, err := db.Value[int64](tx, qSealed)
		if err != nil {
			return err
		}
		span, err := db.Value[int64](tx, qEventAge)
		if err != nil {
			return err
		}
		if seals > 0 || span > firstWithin.Microseconds() {
			return fault.New(fault.Internal, "audit.log_gone", "seals", strconv.FormatInt(seals, 10))
		}
		return nil
	})
}

func (l *Log) startTessera() error {
	quietTessera(l.cfg.logger())
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	driver, err := posix.New(ctx, posix.Config{Path: l.cfg.Dir})
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(l.key.private)
	if err != nil {
		return err
	}
	// Obsolete partial tiles are swept by us, so that after a clean stop exactly the files of the tree remain.
	opts := tessera.NewAppendOptions().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(l.cfg.CheckpointInterval).
		WithCheckpointRepublishInterval(0).
		WithGarbageCollectionInterval(0).
		WithBatching(shipRows, 5*time.Millisecond)
	l.appender, l.finish, _, err = tessera.NewAppender(ctx, driver, opts)
	return err
}

var quieten sync.Once

// quietTessera sends what Tessera says to our logger, warnings and errors only.
func quietTessera(log *slog.Logger) {
	quieten.Do(func() { klog.SetSlogLogger(slog.New(warnings{log.Handler()})) })
}

type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// lockDir keeps a second process (the CLI beside a running service) from shipping the same events.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fault.New(fault.Conflict, "audit.in_use").Because(err)
	}
	return f, nil
}

// PublicKey is the verifier key of the checkpoints and seals, in the note format of golang.org/x/mod.
func (l *Log) PublicKey() string { return l.key.public }

// Close stops the log without sealing it, as a crash would; Seal is the clean way. It is idempotent.
func (l *Log) Close() (err error) {
	l.closed.Store(true)
	l.done.Do(func() {
		if l.stop != nil {
			l.stop()
		}
		if l.lock != nil {
			err = l.lock.Close()
		}
	})
	return err
}

func (l *Log) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// Run ships events to the transparency log until ctx ends. A failure is logged and tried again: the
// events are safe in the database meanwhile.
func (l *Log) Run(ctx context.Context) error {
	const gather = 150 * time.Millisecond // so that one batch takes what one page causes
	retry := time.NewTicker(time.Second)
	defer retry.Stop()
	swept := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-retry.C:
		case <-l.wake:
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(gather):
			}
		}
		if err := l.shipAll(ctx); err != nil && !errors.Is(err, context.Canceled) && !l.closed.Load() {
			l.cfg.logger().Error("audit: shipping to the log failed; will be tried again", "err", err)
		}
		if time.Since(swept) > time.Minute {
			swept = time.Now()
			if err := l.sweepPublished(); err != nil {
				l.cfg.logger().Warn("audit: sweeping obsolete tiles failed", "err", err)
			}
		}
	}
}
