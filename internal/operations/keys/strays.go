package keys

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rakudos/internal/engine/db"
)

// strays are copies of the key store that lie anywhere in the data folder but where it belongs: what was destroyed
// opens with them for as long as they are there, and no erasure renews them.
type strays struct {
	paths []string
	whole bool // the look came to its end
	at    time.Time
}

// keyTable tells a key store from other databases.
const keyTable = "create table key_person"

// lureName begins the names of what the probe lays out; asset.CanaryFiles matches what a killed one leaves.
const lureName = "canary-asset-keys-"

// seek looks through the data folder.
func (s *Service) seek(ctx context.Context) (out strays, err error) {
	found, whole, err := db.Strays{Root: s.o.Dir, Own: []string{s.o.Keys.Path()}, Skip: []string{"tmp"}, Mark: keyTable}.Find(ctx)
	for _, f := range found {
		if f.Marked {
			out.paths = append(out.paths, f.Path)
		}
	}
	out.whole, out.at = whole, time.Now()
	return out, err
}

// strayAlerts tells what was found a short while ago, or looks anew.
func (s *Service) strayAlerts(ctx context.Context) (out []Alert) {
	if s.o.Dir == "" {
		return nil
	}
	found := s.strays.Load()
	if found == nil || time.Since(found.at) > alertsFor {
		now, err := s.seek(ctx)
		now.whole = now.whole && err == nil
		found = &now
		s.strays.Store(found)
	}
	if !found.whole {
		out = append(out, Alert{Code: "strays_unknown", Since: found.at})
	}
	for _, path := range found.paths {
		if !strings.HasPrefix(path, lureName) {
			out = append(out, Alert{Code: "stray", Since: found.at, Where: path})
		}
	}
	return out
}

// lured lays out something like a copy of the key store, deep in a folder, and says whether the look finds it. Its
// result is what the inventory then tells.
func (s *Service) lured(ctx context.Context, seek func(context.Context) (strays, error)) (found bool, err error) {
	name := lureName + rand.Text()[:12]
	inside := name + "/backups/old/copy.bin"
	path := filepath.Join(s.o.Dir, filepath.FromSlash(inside))
	defer func() { err = errors.Join(err, os.RemoveAll(filepath.Join(s.o.Dir, name))) }()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, err
	}
	if err := os.WriteFile(path, []byte("SQLite format 3\x00"+strings.Repeat("\x00", 4096)+keyTable+" ("), 0o600); err != nil {
		return false, err
	}
	all, err := seek(ctx)
	if err != nil {
		return false, err
	}
	found = slices.Contains(all.paths, inside)
	s.strays.Store(&all)
	return found, nil
}
