package db

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Strays looks for SQLite databases that lie where nobody keeps one, by what is in the files and not by their names.
type Strays struct {
	Root    string
	Own     []string // databases that belong there; with their companions
	Skip    []string // folders directly below Root
	Mark    string   // what stands in the schema of the databases that are told apart
	Depth   int      // of folders; zero: 16
	Entries int      // at most so many; zero: a million
	Within  time.Duration
}

// Stray is one such file. A write-ahead log is one too: it holds pages of its database.
type Stray struct {
	Path   string // below Root, with slashes
	Marked bool
}

var (
	headDatabase = []byte("SQLite format 3\x00")
	headLog      = [][]byte{{0x37, 0x7f, 0x06, 0x82}, {0x37, 0x7f, 0x06, 0x83}}
)

// markWithin is how far into a file the schema is looked for: SQLite writes it before the rows.
const markWithin = 4 << 20

// Find tells also whether it came to the end; whoever was cut off has not looked.
func (s Strays) Find(ctx context.Context) (found []Stray, whole bool, err error) {
	if s.Depth == 0 {
		s.Depth = 16
	}
	if s.Entries == 0 {
		s.Entries = 1_000_000
	}
	if s.Within == 0 {
		s.Within = 30 * time.Second
	}
	begun, seen := time.Now(), 0
	whole = true
	err = filepath.WalkDir(s.Root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != s.Root {
			return nil // gone meanwhile
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || path == s.Root {
			return err
		}
		rel, err := filepath.Rel(s.Root, path)
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains(s.Skip, rel) {
			return fs.SkipDir
		}
		if seen++; seen > s.Entries || time.Since(begun) > s.Within {
			whole = false
			return fs.SkipAll
		}
		if d.IsDir() && strings.Count(rel, string(filepath.Separator)) >= s.Depth {
			whole = false
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || s.own(path) {
			return nil
		}
		is, marked, err := s.look(path)
		if is {
			found = append(found, Stray{filepath.ToSlash(rel), marked})
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return found, whole, err
}

func (s Strays) own(path string) bool {
	return slices.ContainsFunc(s.Own, func(mine string) bool {
		return slices.ContainsFunc(sidecars, func(end string) bool { return mine != "" && filepath.Clean(mine)+end == path })
	})
}

// look reads the beginning of a file.
func (s Strays) look(path string) (is, marked bool, err error) {
	f, err := Peek(path)
	if err != nil {
		return false, false, err
	}
	defer f.Close() //nolint:errcheck // read only
	head := make([]byte, len(headDatabase))
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, false, err
	}
	is = bytes.Equal(head[:n], headDatabase) || slices.ContainsFunc(headLog, func(h []byte) bool { return bytes.HasPrefix(head[:n], h) })
	if !is || s.Mark == "" {
		return is, false, nil
	}
	b, err := io.ReadAll(io.LimitReader(f, markWithin))
	return true, bytes.Contains(bytes.ToLower(b), []byte(s.Mark)), err
}
