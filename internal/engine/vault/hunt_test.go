package vault

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
)

func TestHuntFindsEveryEncodingAtEveryPlace(t *testing.T) {
	const text = "検査abc"
	cp932, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHunt(text)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, needle := range [][]byte{[]byte(text), cp932, utf16} {
		for _, at := range []int{0, 1, 1<<20 - 3, 1 << 20, 2<<20 - 5, 2<<20 + 77} {
			b := bytes.Repeat([]byte{'x'}, at)
			b = append(append(b, needle...), "tail"...)
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if found, err := h.dir(context.Background(), dir); err != nil || len(found) != 1 || found[0] != "file" {
				t.Errorf("%q at %d: %v, %v", needle, at, found, err)
			}
		}
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("検査ab"), 1<<19), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, err := h.dir(context.Background(), dir); err != nil || len(found) != 0 {
		t.Errorf("found what is not there: %v, %v", found, err)
	}
}
