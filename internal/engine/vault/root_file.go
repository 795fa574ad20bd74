package vault

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"rakudos/internal/base/fault"
)

// fileRoot is the driver without a key service: 256-bit keys in a file that only its owner may read, the
// last one wrapping, each unwrapping what it wrapped.
type fileRoot struct {
	path string
	pass []byte // empty: the file is not sealed

	mu   sync.Mutex
	keys []fileKey
	seen os.FileInfo // the file that keys were read from
}

// fileKey is one version of the root key. The keys of a file that holds nothing but one have no date.
type fileKey struct {
	raw  [secretSize]byte
	made time.Time
}

// wrapMagic begins what this driver wraps; the name of the key follows. The first version of the program
// wrote neither, and what it wrapped is tried with every key.
var wrapMagic = []byte("rkw1")

const nameSize = 8

func (k *fileKey) name() []byte {
	h := sha256.New()
	h.Write([]byte("rakudos root key name"))
	h.Write(k.raw[:])
	return h.Sum(nil)[:nameSize]
}

// FileRoot reads the root key from a file and creates it (mode 0600) when it is missing. It refuses a
// file that others may read, or that is not as it was written.
func FileRoot(path string) (Root, error) { return SealedFileRoot(path, nil) }

// SealedFileRoot is FileRoot whose file is sealed under a passphrase (Argon2id). A file that is not
// sealed yet is sealed at once; without the passphrase a sealed one is refused.
func SealedFileRoot(path string, pass []byte) (Root, error) {
	r := &fileRoot{path: path, pass: pass}
	err := r.read()
	if errors.Is(err, fs.ErrNotExist) {
		r.keys = []fileKey{{newSecret(), time.Now()}}
		if err = r.create(); errors.Is(err, fs.ErrExist) {
			err = r.read()
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// read takes the keys from the file, and seals one that should be and is not.
func (r *fileRoot) read() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return err
	}
	raw, err := readPrivate(r.path)
	if err != nil {
		return err
	}
	keys, err := readKeys(raw, r.pass)
	if err != nil {
		return fault.New(fault.Of(err).Kind, fault.Of(err).Code, "path", filepath.Base(r.path)).Because(err)
	}
	r.keys, r.seen = keys, info
	if len(r.pass) > 0 && !isSealed(raw) {
		return r.replace(keys)
	}
	return nil
}

// look reads the file again when another process has exchanged it.
func (r *fileRoot) look() error {
	info, err := os.Stat(r.path)
	if err == nil && r.seen != nil && sameContent(info, r.seen) {
		return nil
	}
	if err == nil {
		err = r.read()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // what is in memory still works; the next start finds it missing
	}
	return err
}

// sameContent tells whether a file is the one that was read. The inode alone does not: file systems give that
// of the file before last to the next one.
func sameContent(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// temp writes the keys to a new file beside the old one.
func (r *fileRoot) temp(keys []fileKey) (string, error) {
	text, err := writeKeys(keys, r.pass)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(r.path), ".root-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("vault: root key: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("vault: root key: %w", err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// create links the new file into its place, so that a crash never leaves half a key and two starters never
// use different ones.
func (r *fileRoot) create() error {
	name, err := r.temp(r.keys)
	if err != nil {
		return err
	}
	defer os.Remove(name)
	return os.Link(name, r.path)
}

// replace exchanges the file as a whole.
func (r *fileRoot) replace(keys []fileKey) error {
	name, err := r.temp(keys)
	if err != nil {
		return err
	}
	if err := os.Rename(name, r.path); err != nil {
		return errors.Join(fmt.Errorf("vault: root key: %w", err), os.Remove(name))
	}
	r.keys = keys
	dir, err := os.Open(filepath.Dir(r.path))
	if err != nil {
		return err
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return err
	}
	r.seen, err = os.Stat(r.path)
	return err
}

func (r *fileRoot) Wrap(_ context.Context, plain, aad []byte) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.look(); err != nil {
		return nil, err
	}
	k := &r.keys[len(r.keys)-1]
	out := slices.Concat(wrapMagic, k.name())
	n := len(out)
	out = append(out, make([]byte, nonceSize)...)
	rand.Read(out[n:])
	return newGCM(k.raw[:]).Seal(out, out[n:], plain, aad), nil
}

func (r *fileRoot) Unwrap(_ context.Context, wrapped, aad []byte) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.look(); err != nil {
		return nil, err
	}
	err := error(errShort)
	for i := range r.keys {
		k := &r.keys[i]
		head := slices.Concat(wrapMagic, k.name())
		for _, body := range [][]byte{bytes.TrimPrefix(wrapped, head), wrapped} {
			if len(body) < nonceSize+tagSize {
				continue
			}
			plain, e := newGCM(k.raw[:]).Open(nil, body[:nonceSize], body[nonceSize:], aad)
			if e == nil {
				return plain, nil
			}
			err = e
		}
	}
	return nil, err
}

func (r *fileRoot) Current(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.look(); err != nil {
		return "", err
	}
	return fileName(r.keys[len(r.keys)-1].name()), nil
}

func fileName(name []byte) string { return "file:" + hex.EncodeToString(name) }

// Of implements Root. What bears no name was wrapped by the oldest key there was.
func (r *fileRoot) Of(wrapped []byte) string {
	if name, ok := bytes.CutPrefix(wrapped, wrapMagic); ok && len(name) > nameSize {
		return fileName(name[:nameSize])
	}
	return "file:first"
}

// Rotate implements Rotator: the new key is in the file, whole and synced, before anything is wrapped by it.
func (r *fileRoot) Rotate(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.look(); err != nil {
		return err
	}
	keys := append(slices.Clone(r.keys), fileKey{newSecret(), time.Now()})
	return r.replace(keys)
}

// Forget implements Rotator. The key that wraps now always stays.
func (r *fileRoot) Forget(_ context.Context, keep []string) (gone []string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var left []fileKey
	for i, k := range r.keys {
		name := fileName(k.name())
		if i == len(r.keys)-1 || slices.Contains(keep, name) || i == 0 && slices.Contains(keep, "file:first") {
			left = append(left, k)
		} else {
			gone = append(gone, name)
		}
	}
	if len(gone) == 0 {
		return nil, nil
	}
	return gone, r.replace(left)
}

// Made implements Dated.
func (r *fileRoot) Made(context.Context) (time.Time, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[len(r.keys)-1].made, nil
}
