package mail

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// incomingAtOnce bounds how many files one pass looks at; the next pass takes the others.
const incomingAtOnce = 200

// asideEnd marks what was looked at and put aside, as a Maildir marks what was seen.
const asideEnd = ":2,S"

// Incoming hands each file of a Maildir's "new" to handle, once: what handle is done with is removed (it holds
// somebody's address), what it wants kept goes to "cur" for the operator, and so does what is no plain file or
// beyond the bound, unread. An error of handle leaves the file where it is and ends the pass.
func Incoming(ctx context.Context, dir string, handle func(io.Reader) (keep bool, err error)) (aside int, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return 0, fmt.Errorf("mail: incoming: %w", err)
	}
	defer root.Close()
	files, err := someOf(root, "new", incomingAtOnce)
	if err != nil {
		return 0, fmt.Errorf("mail: incoming: %w", err)
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return aside, err
		}
		name := path.Join("new", f.Name())
		keep := true
		if info, err := f.Info(); errors.Is(err, fs.ErrNotExist) {
			continue // somebody else took it
		} else if err == nil && info.Mode().IsRegular() && info.Size() <= maxReport {
			if keep, err = handOver(root, name, handle); err != nil {
				return aside, err
			}
		} else {
			aside++
		}
		if keep {
			err = root.Rename(name, path.Join("cur", f.Name()+asideEnd))
		} else {
			err = root.Remove(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return aside, fmt.Errorf("mail: incoming: %w", err)
		}
	}
	return aside, nil
}

func someOf(root *os.Root, dir string, n int) ([]fs.DirEntry, error) {
	d, err := root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	files, err := d.ReadDir(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return files, err
}

func handOver(root *os.Root, name string, handle func(io.Reader) (bool, error)) (bool, error) {
	f, err := root.Open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return handle(f)
}
