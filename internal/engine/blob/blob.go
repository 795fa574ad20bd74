// Package blob keeps files at rest: each under a key name, written whole or not at all, sealed for its
// tenant before it reaches the store.
// It must never write an unsealed byte of a customer's file, and never follow a name out of its folder.
package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"rakudos/internal/base/fault"
)

// Store keeps bytes under a key. Put replaces atomically: readers see the old content or the new. A
// missing key is fault.Missing "blob.missing"; Delete of a missing key is no error.
type Store interface {
	Put(ctx context.Context, key string, r io.Reader) (size int64, err error)
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	Delete(ctx context.Context, key string) error
	List(ctx context.Context, prefix string) ([]string, error)
}

const maxKey = 200

// CheckKey accepts names of 1 to 200 bytes made of segments of a–z, A–Z, 0–9, '-', '_' and '.', joined by
// '/'; no segment is empty or begins with a dot.
func CheckKey(key string) error {
	if key == "" || len(key) > maxKey {
		return fault.New(fault.Invalid, "blob.key")
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || segment[0] == '.' || strings.ContainsFunc(segment, forbidden) {
			return fault.New(fault.Invalid, "blob.key")
		}
	}
	return nil
}

func forbidden(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_' || r == '.')
}

// explain turns the errors of a file system that a person can do something about into faults.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fault.New(fault.Busy, "blob.full").Because(err)
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.Missing, "blob.missing").Because(err)
	}
	return err
}

// reader stops at the end of ctx and counts what it hands out.
type reader struct {
	ctx context.Context
	r   io.Reader
	n   int64
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.n += int64(n)
	return n, err
}
