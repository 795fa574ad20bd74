package pack

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

type file struct {
	name    string
	content []byte
}

func write(t interface{ Fatal(...any) }, files []file) []byte {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, f := range files {
		if err := w.File(f.name, bytes.NewReader(f.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (out []file, err error) {
	r := NewReader(bytes.NewReader(b))
	for {
		name, body, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		content, err := io.ReadAll(body)
		if err != nil {
			return out, err
		}
		out = append(out, file{name, content})
	}
}

func TestWhatGoesInComesOutAndACutIsNoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 5).Draw(t, "files")
		var in []file
		for range n {
			in = append(in, file{rapid.StringMatching(`[a-z/]{1,20}`).Draw(t, "name"), rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(t, "content")})
		}
		packed := write(t, in)
		out, err := read(packed)
		if err != nil || len(out) != len(in) {
			t.Fatalf("%d files, %v", len(out), err)
		}
		for i := range in {
			if out[i].name != in[i].name || !bytes.Equal(out[i].content, in[i].content) {
				t.Fatalf("file %d differs", i)
			}
		}
		cut := rapid.IntRange(0, len(packed)-1).Draw(t, "cut")
		if _, err := read(packed[:cut]); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut at %d of %d: %v", cut, len(packed), err)
		}
	})
}

func TestSkippingABody(t *testing.T) {
	packed := write(t, []file{{"a", bytes.Repeat([]byte{1}, maxChunk+7)}, {"b", []byte("x")}})
	r := NewReader(bytes.NewReader(packed))
	if _, _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	name, body, err := r.Next()
	if err != nil || name != "b" {
		t.Fatalf("%q %v", name, err)
	}
	if b, _ := io.ReadAll(body); string(b) != "x" {
		t.Fatalf("%q", b)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("E\x00\x01a\x00\x00\x00\x01x\x00\x00\x00\x00Z"))
	f.Add([]byte("Z"))
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = read(b) })
}
