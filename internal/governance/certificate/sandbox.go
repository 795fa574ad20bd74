package certificate

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/control"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/vault"
	"rakudos/migrations"
)

// mutant runs a probe against a register of its own, in a folder that is thrown away, with one protection off.
func mutant(ctx context.Context, temp string, spoil func(*Service), probe func(context.Context, Probing) (control.Evidence, error)) (e control.Evidence, err error) {
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return e, err
	}
	dir, err := os.MkdirTemp(temp, "certificate-mutant-")
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	open := func(file string) (*db.DB, error) {
		return db.Open(ctx, db.Config{Engine: db.SQLite, Path: filepath.Join(dir, file), Readers: 1})
	}
	records, err := open("main.db")
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, records.Close()) }()
	store, err := open("keys.db")
	if err != nil {
		return e, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if _, err := records.Migrate(ctx, migrations.Main()); err != nil {
		return e, err
	}
	if _, err := store.Migrate(ctx, migrations.Keys()); err != nil {
		return e, err
	}
	root, err := vault.FileRoot(filepath.Join(dir, "root.key"))
	if err != nil {
		return e, err
	}
	v, err := vault.Open(ctx, store, root)
	if err != nil {
		return e, err
	}
	log, err := audit.Open(ctx, records, v, audit.Config{Dir: filepath.Join(dir, "log"), CheckpointInterval: 100 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return e, err
	}
	run, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- log.Run(run) }()
	defer func() { stop(); err = errors.Join(err, <-done, log.Close()) }()
	s := New(Deps{DB: records, Keys: v, Log: log, Guard: func(actor.Actor, string) error { return nil }, Issuer: "検査", Service: "検査", Version: "sandbox"})
	spoil(s)
	if err := s.settle(ctx); err != nil {
		return e, err
	}
	return probe(ctx, Probing{
		Service: s, Desk: ownDesk{s},
		Uncertified: func(context.Context) (int, bool, []string, error) { return 1, true, nil, nil },
		BackupsGone: func(context.Context, time.Time) (bool, error) { return true, nil },
		Gone:        func(context.Context, ids.Tenant) (bool, error) { return true, nil },
	})
}

// probeHasty looks where a second stage was issued by the date alone, and its backups are still there.
func probeHasty(ctx context.Context, p Probing) (control.Evidence, error) {
	if err := p.Service.settleAt(ctx, time.Now().AddDate(0, 0, -400)); err != nil {
		return control.Evidence{}, err
	}
	if _, err := p.Service.Complete(ctx, prober, p.BackupsGone); err != nil {
		return control.Evidence{}, err
	}
	p.BackupsGone = func(context.Context, time.Time) (bool, error) { return false, nil }
	return probeCertified(ctx, p)
}

// settle issues a certificate of an invented erasure and waits until it is proven.
func (s *Service) settle(ctx context.Context) error {
	return s.settleAt(ctx, time.Now().Add(-time.Second))
}

// probeForgotten looks where an erasure of long ago has no second stage.
func probeForgotten(ctx context.Context, p Probing) (control.Evidence, error) {
	if err := p.Service.settleAt(ctx, time.Now().AddDate(0, 0, -400)); err != nil {
		return control.Evidence{}, err
	}
	return probeCertified(ctx, p)
}

func (s *Service) settleAt(ctx context.Context, end time.Time) error {
	at, tenant := At(end), ids.New[string]()
	entry, err := s.Issue(ctx, prober, "sandbox/"+ids.New[string](), Body{
		Stage: Primary, Of: OfTenant, Tenant: Party{tenant, "架空の会社", "sandbox"}, Basis: "検査", Scope: []Store{{"架空の表", "表", 1, "purge", "鍵の廃棄"}},
		Keys: []Key{{tenant, OfTenant, 1, at, "00"}}, Started: at, Finished: at, Verification: Verification{"走査", 1, 0, "pass"},
		Approvers: []Who{Approver("probe-1"), Approver("probe-2")}, Backups: BackupState{at, jst.Of(jst.BackupExpiry(end)).String(), nil}, Policy: "検査",
	})
	if err != nil {
		return err
	}
	for range 200 {
		if _, err = s.File(ctx, prober, entry.ID); !fault.Is(err, fault.Busy) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(25 * time.Millisecond):
		}
	}
	return err
}

// ownDesk is a desk without a network in front of it, for sandboxes.
type ownDesk struct{ s *Service }

func (d ownDesk) Present(ctx context.Context, id string, r Request) (string, []byte, error) {
	pid, err := d.s.Present(ctx, prober, id, r)
	if err != nil {
		return "", nil, err
	}
	f, err := d.s.HandOut(ctx, prober, pid)
	if err != nil {
		return "", nil, err
	}
	b, err := f.Encode()
	return pid, b, err
}

func (d ownDesk) Page(ctx context.Context, file []byte) (bool, error) {
	if !json.Valid(file) {
		return false, nil
	}
	r, err := d.s.Verify(ctx, file)
	return r.OK, err
}
