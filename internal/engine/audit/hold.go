package audit

import (
	"context"
	"io/fs"
	"os"
)

// Hold ships what waits and then lets nothing more into the transparency log while fn runs, so that fn
// can take the files of the log and the state of the database as one: every leaf has its event, and every
// place that the database names is in the files. Events are appended meanwhile as ever. fn should be short.
func (l *Log) Hold(ctx context.Context, fn func(files fs.FS) error) error {
	l.ship.Lock()
	defer l.ship.Unlock()
	for {
		n, err := l.shipBatch(ctx)
		if err != nil {
			return err
		}
		if n < shipRows {
			break
		}
	}
	return fn(os.DirFS(l.cfg.Dir))
}

// KeyFile is where the log's signing key is.
func (l *Log) KeyFile() string { return l.cfg.keyFile() }
