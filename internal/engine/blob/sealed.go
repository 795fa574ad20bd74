package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

// Key seals and opens one tenant's streams; name is bound to the content, so a file moved under another
// name does not open. Filled from vault.
type Key interface {
	SealWriter(w io.Writer, name string) (io.WriteCloser, error)
	OpenReader(r io.Reader, name string) (io.Reader, error)
}

// SealedStore keeps each tenant's files sealed with the tenant's key, under "<tenant>/<key>".
type SealedStore struct {
	store Store
	key   func(context.Context, ids.Tenant) (Key, error)
	only  []string
}

// Sealed puts sealing in front of a store.
func Sealed(s Store, key func(context.Context, ids.Tenant) (Key, error)) *SealedStore {
	return &SealedStore{store: s, key: key}
}

// Only lets files be put under these prefixes alone: what the register of erasure does not name cannot come to lie
// here. Nothing else about the store changes.
func (s *SealedStore) Only(prefixes ...string) *SealedStore {
	out := *s
	out.only = prefixes
	return &out
}

func (s *SealedStore) undeclared(key string) bool {
	return s.only != nil && !slices.ContainsFunc(s.only, func(p string) bool { return strings.HasPrefix(key, p) })
}

func name(t ids.Tenant, key string) (string, error) {
	if _, err := ids.Parse[ids.Tenant](string(t)); err != nil {
		return "", fmt.Errorf("blob: %w", err)
	}
	return string(t) + "/" + key, CheckKey(key)
}

// Put seals r into the store as it streams and returns the size of the plain content in bytes. When r
// fails half-way nothing is kept.
func (s *SealedStore) Put(ctx context.Context, t ids.Tenant, key string, r io.Reader) (int64, error) {
	full, err := name(t, key)
	if err != nil {
		return 0, err
	}
	if s.undeclared(key) {
		return 0, fault.New(fault.Internal, "blob.undeclared", "key", key)
	}
	k, err := s.key(ctx, t)
	if err != nil {
		return 0, err
	}
	pr, pw := io.Pipe()
	plain := &reader{ctx: ctx, r: r}
	done := make(chan error, 1)
	go func() {
		err := seal(k, pw, full, plain)
		_ = pw.CloseWithError(err) // nil is a clean end of file
		done <- err
	}()
	_, err = s.store.Put(ctx, full, pr)
	_ = pr.CloseWithError(errors.Join(err, io.ErrClosedPipe)) // frees the sealer when the store gave up first
	if sealErr := <-done; err == nil {
		err = sealErr
	}
	if err != nil {
		return 0, err
	}
	return plain.n, nil
}

func seal(k Key, w io.Writer, full string, r io.Reader) (err error) {
	defer fault.Caught(&err) // r is whatever somebody sends, read outside of their own goroutine
	sw, err := k.SealWriter(w, full)
	if err != nil {
		return err
	}
	if _, err := io.Copy(sw, r); err != nil {
		return err // not closed: the stream has no end mark
	}
	return sw.Close()
}

// Open streams the plain content; a file cut short, altered or moved ends in an error.
func (s *SealedStore) Open(ctx context.Context, t ids.Tenant, key string) (io.ReadCloser, error) {
	full, err := name(t, key)
	if err != nil {
		return nil, err
	}
	k, err := s.key(ctx, t)
	if err != nil {
		return nil, err
	}
	f, err := s.store.Open(ctx, full)
	if err != nil {
		return nil, err
	}
	r, err := k.OpenReader(f, full)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

// Delete removes the tenant's file; a missing one is no error.
func (s *SealedStore) Delete(ctx context.Context, t ids.Tenant, key string) error {
	full, err := name(t, key)
	if err != nil {
		return err
	}
	return s.store.Delete(ctx, full)
}

// List gives the tenant's keys that begin with prefix.
func (s *SealedStore) List(ctx context.Context, t ids.Tenant, prefix string) ([]string, error) {
	if _, err := name(t, "x"); err != nil {
		return nil, err
	}
	own := string(t) + "/"
	out, err := s.store.List(ctx, own+prefix)
	for i := range out {
		out[i] = strings.TrimPrefix(out[i], own)
	}
	return out, err
}
