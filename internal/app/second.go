package app

import (
	"context"
	"os"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/blob"
	"rakudos/internal/engine/blob/bucket"
	"rakudos/internal/operations/backup"
)

// secondPlace opens the bucket of the configuration; nil when none is named. A sandbox has none.
func (a *App) secondPlace(ctx context.Context) (backup.Second, error) {
	if a.Config.Backup.Second.URL == "" || a.Config.sandbox() {
		return nil, nil
	}
	b, err := bucket.Open(ctx, a.Config.Backup.Second)
	if err != nil {
		return nil, err
	}
	a.onClose(b.Close)
	return b, nil
}

// fromSecond is what --from says for the second place.
const fromSecond = "second"

// backupSource is where a restore reads: a folder, or the second place of the configuration.
func backupSource(ctx context.Context, c Config, from string) (blob.Store, func(), error) {
	if from == fromSecond {
		if c.Backup.Second.URL == "" {
			return nil, nil, fault.New(fault.Missing, "backup.no_second")
		}
		b, err := bucket.Open(ctx, c.Backup.Second)
		if err != nil {
			return nil, nil, err
		}
		return b, func() { _ = b.Close() }, nil
	}
	if _, err := os.Stat(from); err != nil {
		return nil, nil, fault.New(fault.Missing, "backup.none").Because(err)
	}
	s, err := blob.Local(from)
	return s, func() {}, err
}
