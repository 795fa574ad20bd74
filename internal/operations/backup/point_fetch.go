package backup

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/operations/backup/pgtool"
)

func (u *pointing) wal() string { return filepath.Join(u.work, "wal") }

// unpackBase writes the cluster's folder, from the newest copy that is whole.
func (u *pointing) unpackBase(ctx context.Context) (err error) {
	if _, err := pgtool.FindServer(ctx, u.bases[0].Base.Major); err != nil { // before hours of unpacking
		return err
	}
	if u.work, err = pgtool.Workshop(u.dir); err != nil {
		return err
	}
	if u.p.Cluster == "" {
		u.p.Cluster = filepath.Join(u.work, "cluster")
	}
	if err := errors.Join(os.MkdirAll(u.p.Cluster, 0o700), os.Chmod(u.p.Cluster, 0o700), os.MkdirAll(u.wal(), 0o700)); err != nil {
		return err
	}
	for i, b := range u.bases {
		if err := u.take(ctx, b); err != nil {
			return err
		}
		err := u.read(ctx, u.base, PartCluster, func(r io.Reader) error { return untar(r, u.p.Cluster) })
		if err == nil || i == len(u.bases)-1 || !codeIn(err, "backup.damaged") {
			return err
		}
		u.r.Point.Skipped = append(u.r.Point.Skipped, b.ID) // an older one with more WAL serves as well
		if err := empty(u.p.Cluster); err != nil {
			return err
		}
	}
	return nil
}

// untar writes the folders and files of a tar below a folder. The server writes no others without tablespaces.
func untar(r io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // a directory handle
	t := tar.NewReader(r)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := path.Clean(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = root.MkdirAll(name, 0o700)
		case tar.TypeReg:
			err = writeEntry(root, name, t)
		default:
			err = fmt.Errorf("backup: an entry of kind %q in a copy of the cluster", h.Typeflag)
		}
		if err != nil {
			return err
		}
	}
}

func writeEntry(root *os.Root, name string, r io.Reader) error {
	if err := root.MkdirAll(path.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// fetchWAL opens the files from the copy's first on. It stops at the first that is missing or damaged: when
// the instant lies behind that, the recovery fails, and this file is the reason.
func (u *pointing) fetchWAL(ctx context.Context) error {
	b := u.base.Base
	names, err := u.shelf.walFiles(ctx, b.System)
	if err != nil {
		return err
	}
	for _, name := range names {
		if history(name) {
			if err := u.fetch(ctx, name, name); err != nil {
				return err
			}
		}
	}
	first, ok := parseSegment(b.First, b.Segment)
	if !ok {
		return damaged(u.base.ID, manifestName, nil)
	}
	for n := first.number; n <= u.stop.number; n++ {
		name := segment{b.Timeline, n}.name(b.Segment)
		stored := name
		if n == u.stop.number && !slices.Contains(names, name) {
			stored += partial
		}
		err := u.fetch(ctx, stored, name)
		var f *fault.Fault
		switch {
		case fault.Is(err, fault.Missing):
			return u.gap(ctx, "backup.wal_missing", stored, name, err)
		case errors.As(err, &f) && f.Code == "backup.damaged":
			return errors.Join(u.gap(ctx, "backup.wal_damaged", stored, name, err), os.Remove(filepath.Join(u.wal(), name)))
		case err != nil:
			return err
		}
		u.r.Point.Files++
	}
	return nil
}

// gap keeps why the WAL ends, with what can be had instead.
func (u *pointing) gap(ctx context.Context, code, stored, name string, why error) error {
	reach, err := u.reachWithout(ctx, stored)
	u.hole = fault.New(fault.Conflict, code, "file", name, "at", jst.StampSec(u.p.At), "reach", reach).Because(why)
	return err
}

func (u *pointing) fetch(ctx context.Context, stored, name string) error {
	f, err := os.OpenFile(filepath.Join(u.wal(), name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	err = u.shelf.readSealed(ctx, walFolder(u.base.Base.System)+stored, f)
	if err == nil && !history(name) { // the server takes whole files only; what was never written is zero
		err = f.Truncate(u.base.Base.Segment)
	}
	err = errors.Join(err, f.Close())
	if fault.Is(err, fault.Missing) {
		err = errors.Join(err, os.Remove(filepath.Join(u.wal(), name)))
	}
	return err
}
