package vault

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"

	"rakudos/internal/engine/db"
)

// Text is something that must be nowhere in the clear, and what it is, in Japanese: "氏名".
type Text struct{ Kind, Text string }

// hunt searches bytes for texts in every encoding in which they might have been kept. There may be hundreds of
// texts: their first two bytes are looked up at each place, and only where these stand is compared.
type hunt struct {
	first   [1 << 16]bool
	needles map[uint16][]needle
	longest int
	count   int
	files   int
	bytes   int64
}

type needle struct {
	bytes []byte
	kind  string
}

func newHunt(texts ...Text) (*hunt, error) {
	h := &hunt{needles: map[uint16][]needle{}}
	seen := map[string]bool{}
	for _, t := range texts {
		if len(t.Text) < shortest {
			return nil, fmt.Errorf("vault: %s is too short to be looked for", t.Kind)
		}
		for _, e := range []encoding.Encoding{
			unicode.UTF8, japanese.ShiftJIS,
			unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
		} {
			b, err := e.NewEncoder().Bytes([]byte(t.Text))
			if err != nil {
				return nil, fmt.Errorf("vault: canary: %w", err)
			}
			if seen[string(b)] {
				continue
			}
			seen[string(b)] = true
			h.add(b, t.Kind)
		}
	}
	return h, nil
}

func (h *hunt) add(b []byte, kind string) {
	at := pair(b[0], b[1])
	h.first[at], h.needles[at] = true, append(h.needles[at], needle{b, kind})
	h.longest, h.count = max(h.longest, len(b)), h.count+1
}

// keys has every version of some keys looked for, as bytes and in the letters in which bytes are written.
func (h *hunt) keys(all ...*Key) {
	for _, k := range all {
		r := k.ring.Load()
		for _, s := range append(slices.Clone(r.older), r.newest) {
			raw := s.raw[:]
			for _, b := range [][]byte{raw, []byte(hex.EncodeToString(raw)), []byte(strings.ToUpper(hex.EncodeToString(raw))), []byte(base64.RawStdEncoding.EncodeToString(raw)), []byte(base64.RawURLEncoding.EncodeToString(raw))} {
				h.add(bytes.Clone(b), openKey)
			}
		}
	}
}

const openKey = "鍵"

// shortest is how many bytes of UTF-8 a text must have, so that chance does not write it into sealed bytes.
const shortest = 8

func pair(a, b byte) uint16 { return uint16(a) | uint16(b)<<8 }

// in tells what is in the clear in b: its kind, or nothing.
func (h *hunt) in(b []byte) (kind string) {
	for i := range len(b) - 1 {
		at := pair(b[i], b[i+1])
		if !h.first[at] {
			continue
		}
		for _, n := range h.needles[at] {
			if bytes.HasPrefix(b[i:], n.bytes) {
				return n.kind
			}
		}
	}
	return ""
}

// dir searches every regular file below a folder and says which hold a text, and of what kind. A file that
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
		kind, err := h.file(ctx, path, buf)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if kind != "" {
			if rel, e := filepath.Rel(root, path); e == nil {
				path = rel
			}
			found = append(found, hit(path, kind))
		}
		return err
	})
	return found, err
}

func hit(path, kind string) string { return fmt.Sprintf("%s に平文の%sがある", path, kind) }

// file reads a file in pieces that overlap by the longest needle.
func (h *hunt) file(ctx context.Context, path string, buf []byte) (kind string, err error) {
	f, err := db.Peek(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // read only
	h.files++
	kept := 0
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := io.ReadFull(f, buf[kept:])
		h.bytes += int64(n)
		if n > 0 {
			if kind := h.in(buf[:kept+n]); kind != "" {
				return kind, nil
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		kept = copy(buf, buf[kept+n-min(h.longest, kept+n):kept+n])
	}
}
