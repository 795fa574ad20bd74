package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"rakudos/internal/base/fault"
)

// Root wraps and unwraps tenant keys with the root key, which itself never enters the program when a key
// management service holds it.
type Root interface {
	Wrap(ctx context.Context, plain, aad []byte) ([]byte, error)
	Unwrap(ctx context.Context, wrapped, aad []byte) ([]byte, error)
}

// fileRoot is the development driver: 32 random bytes in a file that only its owner may read.
type fileRoot struct{ key [secretSize]byte }

// FileRoot reads the root key from a file and creates it (mode 0600) when it is missing. It refuses a
// file that others may read, or that is not exactly one key long.
func FileRoot(path string) (Root, error) {
	raw, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		if raw, err = createPrivate(path); errors.Is(err, fs.ErrExist) {
			raw, err = readPrivate(path)
		}
	}
	if err != nil {
		return nil, err
	}
	if len(raw) != secretSize {
		return nil, fault.New(fault.Internal, "vault.root_size", "path", filepath.Base(path))
	}
	return &fileRoot{key: secretBytes(raw)}, nil
}

func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Internal, "vault.root_readable", "path", filepath.Base(path), "mode", fmt.Sprintf("%04o", info.Mode().Perm()))
	}
	return os.ReadFile(path)
}

// createPrivate writes the new key beside its place and links it there, so that a crash never leaves half
// a key and two starters never use different ones.
func createPrivate(path string) ([]byte, error) {
	key := newSecret()
	f, err := os.CreateTemp(filepath.Dir(path), ".root-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("vault: root key: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(key[:])
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("vault: root key: %w", err)
	}
	return key[:], os.Link(f.Name(), path)
}

func (r *fileRoot) Wrap(_ context.Context, plain, aad []byte) ([]byte, error) {
	nonce := make([]byte, nonceSize, nonceSize+len(plain)+tagSize)
	rand.Read(nonce)
	return newGCM(r.key[:]).Seal(nonce, nonce, plain, aad), nil
}

func (r *fileRoot) Unwrap(_ context.Context, wrapped, aad []byte) ([]byte, error) {
	if len(wrapped) < nonceSize+tagSize {
		return nil, errShort
	}
	return newGCM(r.key[:]).Open(nil, wrapped[:nonceSize], wrapped[nonceSize:], aad)
}
