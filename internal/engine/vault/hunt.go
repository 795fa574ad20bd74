package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

// hunt searches bytes for a text in every encoding in which it might have been kept.
type hunt struct {
	needles [][]byte
	longest int
	files   int
	bytes   int64
}

func newHunt(texts ...string) (*hunt, error) {
	h := &hunt{}
	for _, t := range texts {
		for _, e := range []encoding.Encoding{
			unicode.UTF8, japanese.ShiftJIS,
			unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		} {
			b, err := e.NewEncoder().Bytes([]byte(t))
			if err != nil {
				return nil, fmt.Errorf("vault: canary: %w", err)
			}
			h.needles = append(h.needles, b)
			h.longest = max(h.longest, len(b))
		}
	}
	return h, nil
}

func (h *hunt) in(b []byte) bool {
	for _, n := range h.needles {
		if bytes.Contains(b, n) {
			return true
		}
	}
	return false
}

// dir searches every regular file below a folder and returns those that hold the text. A file that
// vanishes meanwhile is passed over.
func (h *hunt) dir(ctx context.Context, root string) (found []string, err error) {
	buf := make([]byte, 1<<20)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		hit, err := h.file(ctx, path, buf)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if hit {
			if rel, e := filepath.Rel(root, path); e == nil {
				path = rel
			}
			found = append(found, path)
		}
		return err
	})
	return found, err
}

// file reads a file in pieces that overlap by the longest needle.
func (h *hunt) file(ctx context.Context, path string, buf []byte) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // read only
	h.files++
	kept := 0
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := io.ReadFull(f, buf[kept:])
		h.bytes += int64(n)
		if n > 0 && h.in(buf[:kept+n]) {
			return true, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(buf, buf[kept+n-min(h.longest, kept+n):kept+n])
	}
}
