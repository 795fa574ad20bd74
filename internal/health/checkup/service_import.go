package checkup

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/tabular"
	"rakudos/internal/engine/audit"
	"rakudos/internal/engine/db"
	"rakudos/internal/engine/job"
	"rakudos/internal/people/access"
)

// MaxUpload bounds a file in bytes: 100,000 people of 300 values fit.
const MaxUpload = 256 << 20

// upload counts what is read, refuses too much, and remembers whether the sender broke off.
type upload struct {
	r    io.Reader
	n    int64
	fail error
}

func (u *upload) Read(p []byte) (int, error) {
	n, err := u.r.Read(p)
	if u.n += int64(n); u.n > MaxUpload {
		return 0, fault.New(fault.TooLarge, "checkup.file_too_large", "megabytes", "256")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		u.fail = err
	}
	return n, err
}

// keep looks at the beginning of an upload and stores it sealed.
func (s *Service) keep(ctx context.Context, t ids.Tenant, key string, r io.Reader) error {
	u := &upload{r: r}
	br := bufio.NewReaderSize(u, 64<<10)
	sample, err := br.Peek(32 << 10)
	if err == nil || errors.Is(err, io.EOF) {
		if _, err = tabular.Detect(sample); err == nil {
			_, err = s.blobs.Put(ctx, t, key, br)
		}
	}
	if err != nil && u.fail != nil {
		return fault.New(fault.Invalid, "checkup.upload_broken").Because(err)
	}
	return err
}

func blobKey(id ids.Import) string { return blobPrefix + string(id) }

const blobPrefix = "checkup/"

// cutName keeps the last part of a file's name, for display.
func cutName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	return clip(name)
}

// newBatch stores the upload and the batch that stands for it; then runs in the same transaction.
func (s *Service) newBatch(ctx context.Context, a actor.Actor, name, runner string, r io.Reader, then func(*db.Tx, *batch) error) (*batch, error) {
	id := ids.New[ids.Import]()
	b := &batch{tenant: a.Tenant, id: id, state: Reading, runner: runner, blob: blobKey(id), startedBy: a.Account, startedAt: time.Now(), about: about{File: cutName(name)}}
	k, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	if err := s.keep(ctx, a.Tenant, b.blob, r); err != nil {
		return nil, err
	}
	aboutCol, detailCol, err := b.sealed(k)
	if err == nil {
		err = s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
			if _, err := tx.Exec(qBatchAdd, a.Tenant, id, b.state, runner, b.blob, []byte{}, aboutCol, detailCol, b.startedBy, db.Micros(b.startedAt)); err != nil {
				return err
			}
			if _, err := s.audit.Append(tx, audit.Event{Verb: "checkup.import", Actor: a, Kind: "checkup.import", Detail: map[string]any{"import": id}}); err != nil {
				return err
			}
			if then != nil {
				return then(tx, b)
			}
			return nil
		})
	}
	if err != nil {
		return nil, errors.Join(err, s.blobs.Delete(context.WithoutCancel(ctx), a.Tenant, b.blob))
	}
	return b, nil
}

// StartImport stores an upload and has it read in the background. What is no table at all, too large or
// broken off is refused at once, with nothing kept.
func (s *Service) StartImport(ctx context.Context, a actor.Actor, fileName string, r io.Reader) (ids.Import, error) {
	if err := s.require(ctx, a, access.CheckupImport, "checkup.import"); err != nil {
		return "", err
	}
	b, err := s.newBatch(ctx, a, fileName, "job", r, func(tx *db.Tx, b *batch) error {
		_, err := s.jobs.Enqueue(tx, a.Tenant, jobRead, []byte(b.id), job.EnqueueOptions{})
		return err
	})
	if err != nil {
		return "", err
	}
	return b.id, nil
}

// Import shows one import. The content of refused cells is masked for who may not see values.
func (s *Service) Import(ctx context.Context, a actor.Actor, id ids.Import) (*Import, error) {
	if err := access.Require(a, access.ImportRead); err != nil {
		return nil, err
	}
	b, err := s.batch(ctx, a.Tenant, id, true)
	if err != nil {
		return nil, err
	}
	return b.view(s.progress.get(id), access.Allows(a, access.CheckupValues)), nil
}

// Imports lists the newest fifty, without their lines.
func (s *Service) Imports(ctx context.Context, a actor.Actor) ([]*Import, error) {
	if err := access.Require(a, access.ImportRead); err != nil {
		return nil, err
	}
	k, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return nil, err
	}
	var rows []*batch
	err = s.db.View(ctx, a.Tenant, func(tx *db.Tx) (err error) {
		rows, err = db.All(tx, qBatches, scanBatch(a.Tenant, k, false), a.Tenant)
		return err
	})
	out := make([]*Import, len(rows))
	for i, b := range rows {
		out[i] = b.view(s.progress.get(b.id), false)
	}
	return out, err
}

// Watch wakes whenever the progress or the state of an import of this process moves; it is closed when
// ctx ends.
func (s *Service) Watch(ctx context.Context, a actor.Actor, id ids.Import) (<-chan struct{}, error) {
	if err := access.Require(a, access.ImportRead); err != nil {
		return nil, err
	}
	if _, err := s.batch(ctx, a.Tenant, id, false); err != nil {
		return nil, err
	}
	return s.progress.watch(ctx, id), nil
}

func (s *Service) batch(ctx context.Context, t ids.Tenant, id ids.Import, whole bool) (*batch, error) {
	k, err := s.vault.Tenant(ctx, t)
	if err != nil {
		return nil, err
	}
	var b *batch
	err = s.db.View(ctx, t, func(tx *db.Tx) (err error) {
		b, err = db.One(tx, qBatch, scanBatch(t, k, whole), t, id)
		return err
	})
	if fault.Is(err, fault.Missing) && fault.Of(err).Code == "db.missing" {
		return nil, missing("checkup.import_missing")
	}
	return b, err
}

// Confirm has the previewed lines taken in, in the background.
func (s *Service) Confirm(ctx context.Context, a actor.Actor, id ids.Import) error {
	if err := s.require(ctx, a, access.CheckupImport, "checkup.import.confirm"); err != nil {
		return err
	}
	if _, err := s.batch(ctx, a.Tenant, id, false); err != nil {
		return err
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qBatchConfirm, a.Tenant, id, a.Account)
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "checkup.not_in_preview")
		}
		if _, err := s.audit.Append(tx, audit.Event{Verb: "checkup.import.confirm", Actor: a, Kind: "checkup.import", Detail: map[string]any{"import": id}}); err != nil {
			return err
		}
		_, err = s.jobs.Enqueue(tx, a.Tenant, jobApply, []byte(id), job.EnqueueOptions{})
		return err
	})
}

// Withdraw takes a batch back as a whole: what it had stored is no longer visible, and what it had
// replaced is visible again. Nothing is deleted.
func (s *Service) Withdraw(ctx context.Context, a actor.Actor, id ids.Import, reason string) error {
	if err := s.require(ctx, a, access.ImportWithdraw, "checkup.import.withdraw"); err != nil {
		return err
	}
	if reason = strings.TrimSpace(reason); reason == "" {
		return fault.New(fault.Invalid, "checkup.reason_missing")
	}
	b, err := s.batch(ctx, a.Tenant, id, true)
	if err != nil {
		return err
	}
	switch {
	case b.state.Running():
		return fault.New(fault.Conflict, "checkup.import_running")
	case b.state == Withdrawn:
		return fault.New(fault.Conflict, "checkup.import_withdrawn")
	}
	b.detail.Reason = clip(reason)
	k, err := s.vault.Tenant(ctx, a.Tenant)
	if err != nil {
		return err
	}
	aboutCol, detailCol, err := b.sealed(k)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, a.Tenant, func(tx *db.Tx) error {
		n, err := tx.Exec(qBatchWithdraw, a.Tenant, id, b.state, aboutCol, detailCol, db.Micros(time.Now()))
		if err != nil {
			return err
		}
		if n != 1 {
			return fault.New(fault.Conflict, "checkup.import_running")
		}
		if _, err := tx.Exec(qBump, a.Tenant); err != nil {
			return err
		}
		_, err = s.audit.Append(tx, audit.Event{Verb: "checkup.import.withdraw", Actor: a, Kind: "checkup.import",
			Detail: map[string]any{"import": id, "applied": b.applied, "mac": hex.EncodeToString(b.mac)}})
		return err
	})
}
