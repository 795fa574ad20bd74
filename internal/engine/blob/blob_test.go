package blob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
)

func newLocal(t *testing.T) (*local, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "blob")
	s, err := Local(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*local), dir
}

func get(t *testing.T, r io.ReadCloser, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLocalRoundTrip(t *testing.T) {
	ctx := context.Background()
	s, dir := newLocal(t)
	for _, content := range []string{"first", "second"} {
		if n, err := s.Put(ctx, "imports/a.csv", strings.NewReader(content)); err != nil || n != int64(len(content)) {
			t.Fatalf("%d %v", n, err)
		}
		r, err := s.Open(ctx, "imports/a.csv")
		if got := get(t, r, err); got != content {
			t.Fatalf("got %q", got)
		}
	}
	for path, want := range map[string]os.FileMode{"": 0o700, "imports": 0o700, "imports/a.csv": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v %v", path, info.Mode(), err)
		}
	}
	_, _ = s.Put(ctx, "other", strings.NewReader("x"))
	if got, err := s.List(ctx, "imp"); err != nil || !slices.Equal(got, []string{"imports/a.csv"}) {
		t.Fatalf("List %v %v", got, err)
	}
	for range 2 {
		if err := s.Delete(ctx, "imports/a.csv"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Open(ctx, "imports/a.csv"); !fault.Is(err, fault.Missing) {
		t.Fatalf("after Delete: %v", err)
	}
}

func TestKeysStayInside(t *testing.T) {
	ctx := context.Background()
	s, dir := newLocal(t)
	for _, key := range []string{"", "/etc/passwd", "..", "../x", "a/../x", "a//b", "a/", ".tmp-x", "a/.b", "a\\b", "a b", "a\x00", "あ", strings.Repeat("a", 201)} {
		if _, err := s.Put(ctx, key, strings.NewReader("x")); !fault.Is(err, fault.Invalid) {
			t.Errorf("Put %q: %v", key, err)
		}
		if _, err := s.Open(ctx, key); !fault.Is(err, fault.Invalid) {
			t.Errorf("Open %q: %v", key, err)
		}
		if err := s.Delete(ctx, key); !fault.Is(err, fault.Invalid) {
			t.Errorf("Delete %q: %v", key, err)
		}
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(ctx, "link/x", strings.NewReader("x")); err == nil {
		t.Error("a symbolic link led out of the folder")
	}
}

func TestFailedPutKeepsTheOldContent(t *testing.T) {
	ctx := context.Background()
	s, dir := newLocal(t)
	if _, err := s.Put(ctx, "k", strings.NewReader("old")); err != nil {
		t.Fatal(err)
	}
	dropped := errors.New("connection dropped")
	if _, err := s.Put(ctx, "k", io.MultiReader(strings.NewReader("ne"), iotest.ErrReader(dropped))); !errors.Is(err, dropped) {
		t.Fatalf("got %v", err)
	}
	s.create = func(string) (file, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) }
	if _, err := s.Put(ctx, "k", strings.NewReader("new")); fault.Of(err).Code != "blob.full" || !fault.Is(err, fault.Busy) {
		t.Fatalf("disk full: %v", err)
	}
	r, err := s.Open(ctx, "k")
	if got := get(t, r, err); got != "old" {
		t.Fatalf("content %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".tmp-*")); len(left) != 0 {
		t.Fatalf("left %v", left)
	}
}

func TestLeftoversAreSwept(t *testing.T) {
	s, dir := newLocal(t)
	old, young := filepath.Join(dir, ".tmp-old"), filepath.Join(dir, ".tmp-young")
	for _, p := range []string{old, young} {
		_ = os.WriteFile(p, nil, 0o600)
	}
	_ = os.Chtimes(old, time.Time{}, time.Now().Add(-25*time.Hour))
	if _, err := Local(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the old leftover is still there")
	}
	if _, err := os.Stat(young); err != nil {
		t.Error("a file that may still be written was removed")
	}
	if got, _ := s.List(context.Background(), ""); len(got) != 0 {
		t.Errorf("List shows %v", got)
	}
}

// framed is a stand-in for a sealing key: tenant, name and an end mark around flipped bytes. The real
// construction is vault's and tested there; here it shows that names, ends and failures are carried.
type framed struct{ tenant ids.Tenant }

type framedWriter struct {
	w    io.Writer
	mark string
}

func (k framed) SealWriter(w io.Writer, name string) (io.WriteCloser, error) {
	mark := string(k.tenant) + name
	_, err := io.WriteString(w, mark)
	return framedWriter{w, mark}, err
}

func (f framedWriter) Write(p []byte) (int, error) {
	q := bytes.Clone(p)
	for i := range q {
		q[i] ^= 0x5a
	}
	return f.w.Write(q)
}
func (f framedWriter) Close() error { _, err := io.WriteString(f.w, f.mark); return err }

func (k framed) OpenReader(r io.Reader, name string) (io.Reader, error) {
	mark := string(k.tenant) + name
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if len(b) < 2*len(mark) || !bytes.HasPrefix(b, []byte(mark)) || !bytes.HasSuffix(b, []byte(mark)) {
		return nil, errors.New("does not open")
	}
	b = b[len(mark) : len(b)-len(mark)]
	for i := range b {
		b[i] ^= 0x5a
	}
	return bytes.NewReader(b), nil
}

func TestSealedKeepsTenantsApart(t *testing.T) {
	ctx := context.Background()
	l, dir := newLocal(t)
	s := Sealed(l, func(_ context.Context, t ids.Tenant) (Key, error) { return framed{t}, nil })
	ours, neighbour := ids.New[ids.Tenant](), ids.New[ids.Tenant]()
	content := strings.Repeat("氏名,カナ\n", 50_000)
	if n, err := s.Put(ctx, ours, "imports/x", strings.NewReader(content)); err != nil || n != int64(len(content)) {
		t.Fatalf("%d %v", n, err)
	}
	if _, err := s.Put(ctx, neighbour, "imports/x", strings.NewReader("neighbour")); err != nil {
		t.Fatal(err)
	}
	r, err := s.Open(ctx, ours, "imports/x")
	if got := get(t, r, err); got != content {
		t.Fatal("content differs")
	}
	raw, _ := os.ReadFile(filepath.Join(dir, string(ours), "imports/x"))
	if bytes.Contains(raw, []byte("氏名")) {
		t.Fatal("plain text on disk")
	}
	if got, err := s.List(ctx, ours, "imports/"); err != nil || !slices.Equal(got, []string{"imports/x"}) {
		t.Fatalf("List %v %v", got, err)
	}
	if err := s.Delete(ctx, ours, "imports/x"); err != nil {
		t.Fatal(err)
	}
	r, err = s.Open(ctx, neighbour, "imports/x")
	if got := get(t, r, err); got != "neighbour" {
		t.Fatalf("neighbour's file: %q", got)
	}
	if _, err := s.Put(ctx, "../x", "k", strings.NewReader("")); err == nil {
		t.Fatal("a tenant that is no identifier was accepted")
	}
	if _, err := s.Open(ctx, ours, "../"+string(neighbour)+"/imports/x"); !fault.Is(err, fault.Invalid) {
		t.Fatalf("traversal to the neighbour: %v", err)
	}
}

func TestSealedPutThatFailsLeavesNothing(t *testing.T) {
	ctx := context.Background()
	l, _ := newLocal(t)
	s := Sealed(l, func(_ context.Context, t ids.Tenant) (Key, error) { return framed{t}, nil })
	tenant := ids.New[ids.Tenant]()
	dropped := errors.New("connection dropped")
	if _, err := s.Put(ctx, tenant, "k", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(dropped))); !errors.Is(err, dropped) {
		t.Fatalf("got %v", err)
	}
	l.create = func(string) (file, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) }
	if _, err := s.Put(ctx, tenant, "k", strings.NewReader(strings.Repeat("x", 1<<20))); fault.Of(err).Code != "blob.full" {
		t.Fatalf("disk full: %v", err)
	}
	if got, err := s.List(ctx, tenant, ""); err != nil || len(got) != 0 {
		t.Fatalf("%v %v", got, err)
	}
	cancelled, stop := context.WithCancel(ctx)
	stop()
	if _, err := s.Put(cancelled, tenant, "k", strings.NewReader("x")); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
}

// TestOnlyDeclaredPrefixes: a store that knows its prefixes takes nothing else, and still hands out and deletes what
// an earlier version has put elsewhere.
func TestOnlyDeclaredPrefixes(t *testing.T) {
	l, _ := newLocal(t)
	whole := Sealed(l, func(_ context.Context, t ids.Tenant) (Key, error) { return framed{t}, nil })
	owner, ctx := ids.New[ids.Tenant](), t.Context()
	if _, err := whole.Put(ctx, owner, "old/x", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	some := whole.Only("roster/", "checkup/")
	for key, refused := range map[string]bool{"roster/1": false, "checkup/1": false, "old/y": true, "rosters/1": true, "x/roster/1": true} {
		_, err := some.Put(ctx, owner, key, strings.NewReader("x"))
		if f := fault.Of(err); (f != nil && f.Code == "blob.undeclared") != refused || err != nil && !refused {
			t.Errorf("%s: %v", key, err)
		}
	}
	r, err := some.Open(ctx, owner, "old/x")
	if got := get(t, r, err); got != "x" {
		t.Errorf("an old file: %q", got)
	}
	if err := some.Delete(ctx, owner, "old/x"); err != nil {
		t.Error(err)
	}
	if names, err := whole.List(ctx, owner, ""); err != nil || len(names) != 2 {
		t.Errorf("%v %v", names, err)
	}
}

type exploding struct{}

func (exploding) Read([]byte) (int, error) { panic("山田") }

// TestAPanicOfASourceIsAnError: what is sealed is read in a goroutine of the store's own.
func TestAPanicOfASourceIsAnError(t *testing.T) {
	l, _ := newLocal(t)
	s := Sealed(l, func(_ context.Context, t ids.Tenant) (Key, error) { return framed{t}, nil })
	tenant := ids.New[ids.Tenant]()
	if _, err := s.Put(t.Context(), tenant, "k", exploding{}); fault.Of(err) == nil || fault.Of(err).Code != "fault.panic" {
		t.Errorf("a panic of the source: %v", err)
	}
	if got, err := s.List(t.Context(), tenant, ""); err != nil || len(got) != 0 {
		t.Errorf("left behind: %v %v", got, err)
	}
}
