package checkup

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"rakudos/internal/base/actor"
	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
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
	return clip(glyph.Visible(name))
}

// newBatch stores the upload and the batch that stands for it; then runs in the same transaction.
func (s *Service) newBatch(ctx context.Context, a actor.Actor, name, runner string, r io.Reader, then func(*db.Tx, *batch) error) (*batch, error) {
	id := ids.New[ids.Import]()
	b := &batch{tenant: a.Tenant, id: id, state: Reading, runner: runner, blob: blobKey(id), startedBy: a.Account, startedAt: time.Now(), about: about{File: cutName(name), Reach: reachOf(a)}}
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
