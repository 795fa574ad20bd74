package asset

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"rakudos/internal/base/fault"
)

type wiped struct {
	files int
	bytes int64
}

// wipe overwrites every regular file under path with zeros, makes that durable, reads it back through the same
// handle, and removes the names. Links are removed, never followed. With keep nothing is overwritten: the mutant's
// way, which the reading finds.
func wipe(ctx context.Context, path string, keep bool) (w wiped, err error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return w, err
	}
	defer root.Close() //nolint:errcheck // read only
	base := filepath.Base(path)
	err = fs.WalkDir(root.FS(), base, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !e.Type().IsRegular() {
			return nil
		}
		n, err := overwrite(ctx, root, name, keep)
		w.files, w.bytes = w.files+1, w.bytes+n
		return err
	})
	if err != nil {
		return w, err
	}
	if err := root.RemoveAll(base); err != nil {
		return w, err
	}
	if _, err := root.Lstat(base); !errors.Is(err, fs.ErrNotExist) {
		return w, fault.New(fault.Internal, "asset.left").Because(err)
	}
	return w, nil
}

func overwrite(ctx context.Context, root *os.Root, name string, keep bool) (n int64, err error) {
	f, err := root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil || keep {
		return 0, err
	}
	zero := make([]byte, 1<<16)
	for n < info.Size() {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		k, err := f.WriteAt(zero[:min(int64(len(zero)), info.Size()-n)], n)
		n += int64(k)
		if err != nil {
			return n, err
		}
	}
	if err := f.Sync(); err != nil {
		return n, err
	}
	return n, blank(f)
}

// blank reads a whole file: anything but zero is a fault.
func blank(r io.ReaderAt) error {
	buf := make([]byte, 1<<16)
	for at := int64(0); ; {
		n, err := r.ReadAt(buf, at)
		for _, b := range buf[:n] {
			if b != 0 {
				return fault.New(fault.Internal, "asset.readable").Because(errUnread)
			}
		}
		at += int64(n)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
