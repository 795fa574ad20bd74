package bucket_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/blob/bucket"
)

func codeOf(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

// keeps is what every store promises, locks aside. wrong is the text of a credentials file that the store refuses.
func keeps(t *testing.T, c bucket.Config, wrong string) {
	t.Helper()
	ctx := t.Context()
	b := open(t, c)
	elsewhere := c
	elsewhere.URL += "/else/where"
	other := open(t, elsewhere)
	big := strings.Repeat("健診", 4<<20) // three parts
	for key, text := range map[string]string{"sets/a/main.00001": big, "sets/a/manifest": "m", "sets/a/empty": "", "keys/b/manifest": "k"} {
		if n, err := b.Put(ctx, key, strings.NewReader(text)); err != nil || n != int64(len(text)) {
			t.Fatalf("%s: %d %v", key, n, err)
		}
		if got := read(t, b, key); got != text {
			t.Errorf("%s: %d bytes of %d", key, len(got), len(text))
		}
	}
	if got, err := b.List(ctx, "sets/"); err != nil || !slices.Equal(got, []string{"sets/a/empty", "sets/a/main.00001", "sets/a/manifest"}) {
		t.Errorf("%v %v", got, err)
	}
	if got, err := other.List(ctx, ""); err != nil || len(got) != 0 {
		t.Errorf("another prefix sees %v %v", got, err)
	}
	if _, err := other.Open(ctx, "sets/a/manifest"); !fault.Is(err, fault.Missing) {
		t.Errorf("missing: %v", err)
	}
	if _, err := b.LockedUntil(ctx, "never"); !fault.Is(err, fault.Missing) {
		t.Errorf("the lock of what is missing: %v", err)
	}
	if err := errors.Join(b.Delete(ctx, "keys/b/manifest"), b.Delete(ctx, "keys/b/manifest"), b.Delete(ctx, "never"), b.Erase(ctx, "never")); err != nil {
		t.Error(err)
	}
	for _, key := range []string{"../x", "/x", "", "a//b", "a b"} {
		if _, err := b.Put(ctx, key, strings.NewReader("")); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", key, err)
		}
	}
	// What breaks off is not there, and what was there before stays; sent again, it is whole.
	for _, key := range []string{"sets/broken", "sets/a/manifest"} {
		if _, err := b.Put(ctx, key, io.MultiReader(strings.NewReader(big), &failing{})); err == nil {
			t.Errorf("%s: a broken stream is accepted", key)
		}
	}
	if _, err := b.Open(ctx, "sets/broken"); !fault.Is(err, fault.Missing) {
		t.Errorf("half a file is there: %v", err)
	}
	if got := read(t, b, "sets/a/manifest"); got != "m" {
		t.Errorf("a broken stream took the place of what was there: %d bytes", len(got))
	}
	if _, err := b.Put(ctx, "sets/broken", strings.NewReader(big)); err != nil || read(t, b, "sets/broken") != big {
		t.Errorf("sent again: %v", err)
	}
	streams(t, c)
	pages(t, b)
	generations(t, b)
	refuses(t, c, wrong)
}

type failing struct{}

func (*failing) Read([]byte) (int, error) { return 0, errors.New("cut") }

// streams sends a file through a wire that is cut once on the way: parts leave while the source is still being read,
// and the part that was lost is sent again.
func streams(t *testing.T, c bucket.Config) {
	t.Helper()
	w := newWire(t, c.Endpoint)
	c.Endpoint = w.endpoint
	b := open(t, c)
	text := strings.Repeat("0123456789abcdef", 2<<20) // four parts
	early := false
	source := io.MultiReader(strings.NewReader(text[:24<<20]), during(func() {
		for end := time.Now().Add(20 * time.Second); w.sent.Load() < 8<<20 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		early = w.sent.Load() >= 8<<20
		w.cut.Store(true)
	}), strings.NewReader(text[24<<20:]))
	if n, err := b.Put(t.Context(), "sets/stream", source); err != nil || n != int64(len(text)) {
		t.Fatalf("through a wire that is cut once: %d %v", n, err)
	}
	if !early {
		t.Error("nothing was sent before the source had been read")
	}
	if w.cut.Load() {
		t.Error("the wire was not cut")
	}
	if read(t, b, "sets/stream") != text {
		t.Error("what arrived differs")
	}
}

// during runs in the middle of a stream and adds nothing to it.
type during func()

func (d during) Read([]byte) (int, error) { d(); return 0, io.EOF }

// wire passes bytes on to a store, counts those that it was sent, and loses one connection when it is told to.
type wire struct {
	endpoint string
	sent     atomic.Int64
	cut      atomic.Bool
}

func newWire(t *testing.T, endpoint string) *wire {
	t.Helper()
	scheme, rest, _ := strings.Cut(endpoint, "://")
	host, path, _ := strings.Cut(rest, "/")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	w := &wire{endpoint: strings.TrimSuffix(scheme+"://"+l.Addr().String()+"/"+path, "/")}
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", host)
			if err != nil {
				_ = near.Close()
				continue
			}
			go func() { _, _ = io.Copy(near, far); _ = near.Close() }()
			go func() { _, _ = io.Copy(io.MultiWriter(far, w), near); _ = far.Close() }()
		}
	}()
	return w
}

func (w *wire) Write(p []byte) (int, error) {
	if w.cut.CompareAndSwap(true, false) {
		return 0, errors.New("cut")
	}
	w.sent.Add(int64(len(p)))
	return len(p), nil
}

// pages lists more than a store answers at once.
func pages(t *testing.T, b *bucket.Bucket) {
	t.Helper()
	const n = 1050
	var g errgroup.Group
	g.SetLimit(16)
	for i := range n {
		g.Go(func() error {
			_, err := b.Put(t.Context(), fmt.Sprintf("pages/%04d", i), strings.NewReader("x"))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	got, err := b.List(t.Context(), "pages/")
	if err != nil || len(got) != n || got[0] != "pages/0000" || got[n-1] != "pages/1049" {
		t.Errorf("%d files of %d: %v", len(got), n, err)
	}
}

// generations erases one generation among others, among them one whose name begins as its own does.
func generations(t *testing.T, b *bucket.Bucket) {
	t.Helper()
	ctx := t.Context()
	for _, key := range []string{"gen/1/manifest", "gen/1/manifest.00001", "gen/2/manifest"} {
		if _, err := b.Put(ctx, key, strings.NewReader(key)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Erase(ctx, "gen/1/manifest"); err != nil {
		t.Error(err)
	}
	if got, err := b.List(ctx, "gen/"); err != nil || !slices.Equal(got, []string{"gen/1/manifest.00001", "gen/2/manifest"}) {
		t.Errorf("after one file was erased: %v %v", got, err)
	}
}

// refuses tries every call with a wrong key, and says which it is; then without the store.
func refuses(t *testing.T, c bucket.Config, wrong string) {
	t.Helper()
	ctx := t.Context()
	gone := c
	c.CredentialsFile = filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(c.CredentialsFile, []byte(wrong), 0o600); err != nil {
		t.Fatal(err)
	}
	calls := func(b *bucket.Bucket) map[string]error {
		_, put := b.Put(ctx, "sets/a/manifest", strings.NewReader("mine"))
		_, big := b.Put(ctx, "sets/a/manifest", strings.NewReader(strings.Repeat("x", 9<<20)))
		_, lock := b.PutLocked(ctx, "sets/a/manifest", strings.NewReader("mine"), time.Now().Add(time.Hour))
		_, get := b.Open(ctx, "sets/a/manifest")
		_, list := b.List(ctx, "sets/")
		_, until := b.LockedUntil(ctx, "sets/a/manifest")
		return map[string]error{"put": put, "put in parts": big, "put locked": lock, "open": get, "list": list, "until": until,
			"delete": b.Delete(ctx, "sets/a/manifest"), "erase": b.Erase(ctx, "sets/a/manifest")}
	}
	for name, err := range calls(open(t, c)) {
		if name == "put in parts" && fault.Is(err, fault.Busy) {
			continue // a store may hang up on a long body instead of answering
		}
		if codeOf(err) != "blob.refused" || strings.Contains(err.Error(), wrong) {
			t.Errorf("%s with a wrong key: %v", name, err)
		}
	}
	c.CredentialsFile = gone.CredentialsFile
	if got := read(t, open(t, c), "sets/a/manifest"); got != "m" {
		t.Errorf("a wrong key changed a file: %q", got)
	}
	gone.Endpoint = "http://127.0.0.1:1" + strings.TrimLeft(gone.Endpoint[len("http://"):], "0123456789.:")
	if _, err := open(t, gone).List(ctx, ""); !fault.Is(err, fault.Busy) {
		t.Errorf("out of reach: %v", err)
	}
}
