package app

import (
	"path/filepath"
	"strings"
)

// checkPlaces refuses a place for backups in which the service keeps something else. Among the blobs, each backup would
// hold all earlier ones, and with them copies of the key store long after their 7 days.
func (c *Config) checkPlaces(bad func(format string, a ...any)) {
	if c.Backup.Dir == "" || c.Data == "" {
		return
	}
	rel, err := filepath.Rel(solid(c.Data), solid(c.Backup.Dir))
	first, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	if err == nil && first != ".." && first != "backups" {
		bad("backup.dir %q lies in the data folder: there it may only be %q; better is another disk", c.Backup.Dir, c.path("backups"))
	}
}

// solid is a path without symbolic links, as far as it exists.
func solid(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	for end := ""; ; {
		if r, err := filepath.EvalSymlinks(abs); err == nil {
			return filepath.Join(r, end)
		}
		up := filepath.Dir(abs)
		if up == abs {
			return filepath.Join(abs, end)
		}
		abs, end = up, filepath.Join(filepath.Base(abs), end)
	}
}
