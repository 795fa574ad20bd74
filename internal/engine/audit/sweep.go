package audit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sweep removes the files in tile/ that a tree of this size does not need. Tessera keeps every partial
// tile it ever wrote. With all it also removes what lies beyond the tree (left by a crash) and names that
// are no tiles; that is only safe while Tessera does not run.
func sweep(dir string, size uint64, all bool) error {
	var errs []error
	err := tree{os.DirFS(dir)}.files(func(name string) error {
		s, ok := parseSpot(name)
		want := width(s.level, s.index, size)
		if ok && s.width == want || !all && (!ok || s.width > want) {
			return nil
		}
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		if parent := filepath.Dir(name); strings.HasSuffix(parent, ".p") {
			_ = os.Remove(filepath.Join(dir, parent)) // only goes when it is empty
		}
		return nil
	})
	return errors.Join(append(errs, err)...)
}

// sweepPublished removes what the published tree has outgrown; never while somebody holds the files still.
func (l *Log) sweepPublished() error {
	l.ship.Lock()
	defer l.ship.Unlock()
	size, _, err := l.tree.checkpoint(l.key)
	if err != nil {
		return err
	}
	return sweep(l.cfg.Dir, size, false)
}
