package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"rakudos/internal/base/ids"
)

// tempPrefix marks files that are still being written; no key may begin like that.
const tempPrefix = ".tmp-"

type local struct {
	root   *os.Root
	create func(name string) (file, error) // replaced by the disk-full test
}

type file interface {
	io.WriteCloser
	Sync() error
}

// Local is a folder: 0700, its files 0600. What an aborted process left half-written more than a day ago
// is removed.
func Local(dir string) (Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	s := &local{root: root}
	s.create = func(name string) (file, error) {
		return root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	}
	return s, s.sweep(time.Now().Add(-24 * time.Hour))
}

func (s *local) sweep(before time.Time) error {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("blob: sweep: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasPrefix(e.Name(), tempPrefix) && info.ModTime().Before(before) {
			_ = s.root.Remove(e.Name())
		}
		if err == nil && e.IsDir() {
			s.sweepFolders(e.Name(), before)
		}
	}
	return nil
}

func (s *local) Put(ctx context.Context, key string, r io.Reader) (int64, error) {
	if err := CheckKey(key); err != nil {
		return 0, err
	}
	tmp := tempPrefix + ids.New[string]()
	n, err := s.write(ctx, tmp, r)
	if err == nil {
		err = s.publish(tmp, key)
	}
	if err != nil {
		_ = s.root.Remove(tmp)
		return 0, fmt.Errorf("blob: put: %w", explain(err))
	}
	return n, nil
}

func (s *local) write(ctx context.Context, tmp string, r io.Reader) (int64, error) {
	f, err := s.create(tmp)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(f, &reader{ctx: ctx, r: r})
	if err == nil {
		err = f.Sync()
	}
	return n, errors.Join(err, f.Close())
}

// publish gives the finished file its name and makes the name durable.
func (s *local) publish(tmp, key string) error {
	dir := path.Dir(key)
	for try := 1; ; try++ { // the folder may go as it becomes empty, between any two of these calls
		err := s.root.MkdirAll(dir, 0o700)
		if err == nil {
			err = s.root.Rename(tmp, key)
		}
		if err == nil {
			break
		}
		if try == 100 || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	d, err := s.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // the file has been deleted again, and its folder with it
	}
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (s *local) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	if err := CheckKey(key); err != nil {
		return nil, err
	}
	f, err := s.root.Open(key)
	if err != nil {
		return nil, fmt.Errorf("blob: open: %w", explain(err))
	}
	return struct {
		io.Reader
		io.Closer
	}{&reader{ctx: ctx, r: f}, f}, nil
}

func (s *local) Delete(_ context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := s.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: delete: %w", err)
	}
	s.dropEmpty(path.Dir(key))
	return nil
}

func (s *local) List(ctx context.Context, prefix string) ([]string, error) {
	var out []string
	err := fs.WalkDir(s.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != "." {
			return nil // the folder went with its last file, meanwhile
		}
		if err != nil {
			return err
		}
		if e.Type().IsRegular() && strings.HasPrefix(name, prefix) && !strings.HasPrefix(name, tempPrefix) {
			out = append(out, name)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("blob: list: %w", err)
	}
	slices.Sort(out)
	return out, nil
}
