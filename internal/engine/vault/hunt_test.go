package vault

import (
	"bytes"
	"context"
	"fmt"
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
	h, err := newHunt(Text{"言葉", text})
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
			if found, err := h.dir(context.Background(), dir); err != nil || len(found) != 1 || found[0] != "file に平文の言葉がある" {
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

// TestHuntTellsTextsApart: hundreds of texts at once, each of its kind; one too short to mean anything is refused.
func TestHuntTellsTextsApart(t *testing.T) {
	var all []Text
	for i := range 300 {
		all = append(all, Text{"氏名", fmt.Sprintf("氏名%05d", i)}, Text{"住所", fmt.Sprintf("address-%05d", i)})
	}
	h, err := newHunt(append(all, all...)...)
	if err != nil || h.count != 300*(4+3) { // ASCII is the same in UTF-8 and CP932
		t.Fatalf("%d needles, %v", h.count, err)
	}
	for in, want := range map[string]string{
		"xx氏名00299": "氏名", "address-00000": "住所", "address-0030": "", "氏名00300": "", "": "", "a": "", "ad": "", "氏名0029": "",
	} {
		if got := h.in([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	if _, err := newHunt(Text{"番号", "P0001"}); err == nil {
		t.Error("five bytes stand everywhere by chance")
	}
}
