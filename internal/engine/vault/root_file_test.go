package vault

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

func faultCode(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	return ""
}

// cheap makes deriving from a passphrase quick; the cost stands in the file.
func cheap(t *testing.T) {
	was := cost
	cost.time, cost.memory, cost.threads = 1, 64, 1
	t.Cleanup(func() { cost = was })
}

func mustWrap(t *testing.T, r Root, plain string) []byte {
	t.Helper()
	w, err := r.Wrap(t.Context(), []byte(plain), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func opens(r Root, w []byte, want string) bool {
	got, err := r.Unwrap(context.Background(), w, []byte("place"))
	return err == nil && string(got) == want
}

// A file of the first version of the program: 32 bytes, and wrapped keys that bear no name.
func TestAnOldRootFileGoesOn(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "root.key")
	key := newSecret()
	if err := os.WriteFile(path, key[:], 0o600); err != nil {
		t.Fatal(err)
	}
	nonce := make([]byte, nonceSize)
	old := newGCM(key[:]).Seal(bytes.Clone(nonce), nonce, []byte("old"), []byte("place"))
	r, err := FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	if !opens(r, old, "old") || r.Of(old) != "file:first" {
		t.Fatalf("what the old program wrapped: %s", r.Of(old))
	}
	before, _ := r.Current(ctx)
	w := mustWrap(t, r, "new")
	if r.Of(w) != before {
		t.Errorf("%s wraps, %s stands there", before, r.Of(w))
	}
	rot := r.(Rotator)
	if err := rot.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	if now, _ := r.Current(ctx); now == before {
		t.Error("the same key wraps after a rotation")
	}
	again, err := FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []Root{r, again} {
		if !opens(x, old, "old") || !opens(x, w, "new") {
			t.Error("what was wrapped before the rotation does not open")
		}
	}
	if gone, err := rot.Forget(ctx, []string{"file:first"}); err != nil || len(gone) != 0 {
		t.Errorf("forgot %v although something nameless is left, %v", gone, err)
	}
	if gone, err := rot.Forget(ctx, nil); err != nil || len(gone) != 1 || gone[0] != before {
		t.Errorf("forgot %v, %v", gone, err)
	}
	if opens(r, w, "new") || opens(again, w, "new") || opens(again, old, "old") {
		t.Error("a forgotten key still opens, here or in another process")
	}
	if b, _ := os.ReadFile(path); bytes.Contains(b, []byte(b64.EncodeToString(key[:]))) || bytes.Contains(b, key[:]) {
		t.Error("the forgotten key stands in the file")
	}
	if made, err := r.(Dated).Made(ctx); err != nil || time.Since(made) > time.Minute {
		t.Errorf("made %v, %v", made, err)
	}
}

func TestARootFileUnderAPassphrase(t *testing.T) {
	cheap(t)
	path := filepath.Join(t.TempDir(), "root.key")
	plain, err := FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	w := mustWrap(t, plain, "key")
	bare, _ := os.ReadFile(path)
	sealed, err := SealedFileRoot(path, []byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if !opens(sealed, w, "key") {
		t.Error("sealing the file changed the key")
	}
	b, _ := os.ReadFile(path)
	if !isSealed(b) || bytes.Contains(b, bytes.Fields(bare[len(keysHead):])[2]) {
		t.Errorf("the file is not sealed: %s", b)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if _, err := FileRoot(path); faultCode(err) != "vault.root_sealed" {
		t.Errorf("without the passphrase: %v", err)
	}
	if _, err := SealedFileRoot(path, []byte("wrong")); faultCode(err) != "vault.root_passphrase" {
		t.Errorf("with another: %v", err)
	}
	if err := sealed.(Rotator).Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := SealedFileRoot(path, []byte("correct horse"))
	if err != nil || !opens(again, w, "key") {
		t.Errorf("after a rotation: %v", err)
	}
}

// TestWhatIsInARootFileIsBelievedOnlyWhole: cut, extended, exchanged or exorbitant files are refused.
func TestWhatIsInARootFileIsBelievedOnlyWhole(t *testing.T) {
	cheap(t)
	good, err := writeKeys([]fileKey{{newSecret(), time.Unix(1, 0)}, {newSecret(), time.Unix(2, 0)}}, []byte("p"))
	if err != nil {
		t.Fatal(err)
	}
	if keys, err := readKeys(good, []byte("p")); err != nil || len(keys) != 2 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	lines := bytes.Split(bytes.TrimSpace(good), []byte("\n"))
	join := func(l ...[]byte) []byte { return bytes.Join(l, []byte("\n")) }
	for name, text := range map[string][]byte{
		"empty": nil, "short": []byte("short"), "no head": join(lines[1:]...), "no keys": join(lines[:2]...),
		"keys exchanged":  join(lines[0], lines[1], lines[3], lines[2]),
		"another date":    bytes.Replace(good, []byte("key 1 "), []byte("key 9 "), 1),
		"a word too many": append(bytes.Clone(good), []byte("key 3 x y\n")...),
		"much memory":     bytes.Replace(good, []byte(" 64 "), []byte(" 99999999 "), 1),
		"no salt":         bytes.Replace(good, lines[1], []byte("argon2id 1 64 1 AA"), 1),
		"not base64":      join(lines[0], []byte("key 1 ***")),
		"a short key":     join(lines[0], []byte("key 1 AAAA")),
	} {
		if _, err := readKeys(text, []byte("p")); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
}

func FuzzReadKeys(f *testing.F) {
	plain, err := writeKeys([]fileKey{{newSecret(), time.Unix(1, 0)}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add([]byte(keysHead + "\nargon2id 1 64 1 AAAAAAAAAAAAAAAAAAAAAA\nkey 1 AAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if keys, err := readKeys(b, nil); err == nil && len(keys) == 0 {
			t.Error("no key, and no error")
		}
	})
}

// File systems give the inode of a file that was replaced to the one after the next, and another process
// must not take that for the file it has read.
func TestAnotherProcessSeesEveryExchangeOfTheRootFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "root.key")
	one, err := FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	two, err := FileRoot(path)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 6 {
		for range 1 + round%3 {
			if err := one.(Rotator).Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if !opens(two, mustWrap(t, one, "new"), "new") {
			t.Fatalf("round %d: the other process does not have the newest key", round)
		}
	}
}
