package vault

import (
	"bytes"
	"crypto/rand"
	"io"
	"testing"
	"testing/iotest"
)

var place = Loc{Table: "blob", ID: "b1", Column: "content"}

func sealStream(t *testing.T, k *Key, plain []byte, step int) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := k.SealWriter(&out, place)
	if err != nil {
		t.Fatal(err)
	}
	for p := plain; len(p) > 0; p = p[min(step, len(p)):] {
		if _, err := w.Write(p[:min(step, len(p))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func openStream(k *Key, sealed []byte, l Loc) ([]byte, error) {
	r, err := k.OpenReader(iotest.HalfReader(bytes.NewReader(sealed)), l)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestStreamRoundTrip(t *testing.T) {
	k := testKey("t", false)
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 2 * chunkSize, 3*chunkSize + 17} {
		plain := make([]byte, n)
		rand.Read(plain)
		for _, step := range []int{1000, chunkSize, n + 1} {
			got, err := openStream(k, sealStream(t, k, plain, step), place)
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes written by %d: %v", n, step, err)
			}
		}
	}
}

func TestStreamTamper(t *testing.T) {
	k := testKey("t", false)
	plain := make([]byte, 3*chunkSize)
	rand.Read(plain)
	good := sealStream(t, k, plain, 4096)
	const sealedChunk = chunkSize + tagSize
	chunk := func(i int) []byte { return good[streamHead+i*sealedChunk:][:sealedChunk] }
	join := func(parts ...[]byte) []byte {
		return append(bytes.Clone(good[:streamHead]), bytes.Join(parts, nil)...)
	}
	flipped := bytes.Clone(good)
	flipped[len(flipped)/2] ^= 1
	for name, bad := range map[string][]byte{
		"empty":           nil,
		"half a header":   good[:10],
		"header only":     good[:streamHead],
		"one byte short":  good[:len(good)-1],
		"last chunk gone": good[:streamHead+2*sealedChunk],
		"first gone":      join(chunk(1), chunk(2)),
		"swapped":         join(chunk(1), chunk(0), chunk(2)),
		"repeated":        join(chunk(0), chunk(0), chunk(1), chunk(2)),
		"something after": append(bytes.Clone(good), 'x'),
		"a bit":           flipped,
	} {
		if got, err := openStream(k, bad, place); err == nil {
			t.Errorf("%s: %d bytes read without an error", name, len(got))
		}
	}
	if _, err := openStream(k, good, Loc{Table: "blob", ID: "b2", Column: "content"}); err == nil {
		t.Error("opens in another place")
	}
	other := sealStream(t, k, plain, 4096)
	if _, err := openStream(k, join(chunk(0), other[streamHead+sealedChunk:]), place); err == nil {
		t.Error("chunks of two streams join")
	}
}

func TestStreamThatWasNotClosedIsTruncated(t *testing.T) {
	k := testKey("t", false)
	var out bytes.Buffer
	w, err := k.SealWriter(&out, place)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 2*chunkSize)); err != nil {
		t.Fatal(err)
	}
	if _, err := openStream(k, out.Bytes(), place); err == nil {
		t.Error("reads to the end")
	}
}
