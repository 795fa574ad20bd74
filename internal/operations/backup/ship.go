package backup

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
)

// shipWhole seals every finished file into the place, reads it back, and only then removes it here. The newest
// stays: the receiver goes on behind it. One that a killed process had shipped whole stays as it was sealed then,
// since a copy's table of contents may name its hash.
func (f *follower) shipWhole(ctx context.Context) error {
	all, err := os.ReadDir(f.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var whole []string // ordered by name, as the folder is read
	for _, e := range all {
		_, ok := parseSegment(e.Name(), f.cluster.Segment)
		if !ok && !history(e.Name()) {
			continue
		}
		if ok {
			whole = append(whole, e.Name())
		}
		if f.sent[e.Name()] {
			continue
		}
		if there, err := f.shipped(ctx, e.Name()); err != nil {
			return err
		} else if !there {
			if f.skips != nil && f.skips(e.Name()) {
				f.sent[e.Name()] = true
				continue
			}
			if err := f.shipFile(ctx, e.Name(), e.Name()); err != nil {
				return err
			}
		}
		if err := f.o.Target.Delete(ctx, walFolder(f.cluster.System)+e.Name()+partial); err != nil {
			return err
		}
		f.sent[e.Name()] = true
	}
	for _, name := range whole[:max(len(whole)-1, 0)] {
		if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
			return err
		}
		delete(f.sent, name)
	}
	return nil
}

// shipPartial seals the file under way as it is now, unless it has just been finished. It only grows, so what
// was acknowledged is in it.
func (f *follower) shipPartial(ctx context.Context, name string) error {
	if f.sent[name] {
		return nil
	}
	err := f.shipFile(ctx, name+partial, name+partial)
	if errors.Is(err, os.ErrNotExist) { // finished meanwhile
		if err = f.shipWhole(ctx); err == nil && !f.sent[name] {
			err = os.ErrNotExist
		}
	}
	return err
}

// shipped tells whether a finished file lies in the place and opens to its end. Damaged ones are sealed anew.
func (f *follower) shipped(ctx context.Context, name string) (bool, error) {
	n := counter{w: io.Discard}
	err := f.shelf.readSealed(ctx, walFolder(f.cluster.System)+name, &n)
	if missing(err) || codeIn(err, "backup.damaged") {
		return false, nil
	}
	return err == nil && (n.n == f.cluster.Segment || history(name)), err
}

func (f *follower) shipFile(ctx context.Context, file, as string) error {
	r, err := os.Open(filepath.Join(f.dir, file))
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // read only
	name, size := walFolder(f.cluster.System)+as, int64(0)
	err = f.shelf.putSealed(ctx, name, func(w io.Writer) (err error) {
		size, err = io.Copy(w, io.LimitReader(r, f.cluster.Segment))
		return err
	})
	if err != nil {
		return err
	}
	var n counter
	n.w = io.Discard
	if err := f.shelf.readSealed(ctx, name, &n); err != nil {
		return err
	}
	if n.n != size {
		return damagedWAL(name, errors.New("backup: the WAL file reads back shorter"))
	}
	return nil
}
