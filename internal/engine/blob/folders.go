package blob

import (
	"io/fs"
	"path"
	"time"
)

// An object store has no folders; here one goes with its last file, so that nothing tells for ever that there was a
// backup or a customer. Only empty folders go: the system refuses to remove another, whoever writes at that moment.

// dropEmpty removes a folder and those above it as far as they are empty.
func (s *local) dropEmpty(dir string) {
	for ; dir != "."; dir = path.Dir(dir) {
		if info, err := s.root.Lstat(dir); err == nil && !info.IsDir() {
			return
		}
		if s.root.Remove(dir) != nil && s.exists(dir) {
			return
		}
	}
}

func (s *local) exists(name string) bool {
	_, err := s.root.Lstat(name)
	return err == nil
}

// sweepFolders removes the empty folders that earlier versions left, two levels deep: a set of a backup, a customer.
func (s *local) sweepFolders(top string, before time.Time) {
	inner, err := fs.ReadDir(s.root.FS(), top)
	if err != nil {
		return
	}
	for _, e := range inner {
		if info, err := e.Info(); err == nil && e.IsDir() && info.ModTime().Before(before) {
			_ = s.root.Remove(top + "/" + e.Name())
		}
	}
	if info, err := s.root.Lstat(top); err == nil && info.IsDir() && (len(inner) > 0 || info.ModTime().Before(before)) {
		_ = s.root.Remove(top)
	}
}
