package mail

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

// TestForgetTakesTheirMessagesAlone: whatever the case of the address; strangers' messages and files that are no
// messages stay.
func TestForgetTakesTheirMessagesAlone(t *testing.T) {
	s, dir := newSpool(t)
	for _, to := range []string{"hanako@example.jp", "taro@example.jp", "hanako@example.jp"} {
		if err := s.Send(t.Context(), Message{To: to, Subject: "件名", Text: "本文"}); err != nil {
			t.Fatal(err)
		}
	}
	junk := filepath.Join(dir, "note.eml")
	if err := os.WriteFile(junk, []byte("hanako@example.jp"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := Forget(t.Context(), dir, nil, nil); n != 0 || err != nil {
		t.Errorf("nobody: %d %v", n, err)
	}
	n, err := Forget(t.Context(), dir, nil, []string{"Hanako@Example.JP", "nobody@example.jp"})
	if n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	left, err := List(dir)
	if err != nil || len(left) != 1 || left[0].To != "taro@example.jp" {
		t.Errorf("%+v %v", left, err)
	}
	if _, err := os.Stat(junk); err != nil {
		t.Error("a file that is no message is gone")
	}
	if n, err := Forget(t.Context(), filepath.Join(dir, "none"), nil, []string{"a@example.jp"}); n != 0 || err != nil {
		t.Errorf("no folder: %d %v", n, err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Forget(ended, dir, nil, []string{"taro@example.jp"}); err == nil {
		t.Error("an ended context is not noticed")
	}
}

// TestForgetOpensWhatIsSealed: sealed messages go by their address too; one that is damaged stays for its age to
// end it, and a key out of reach is an error, so that the erasure is tried again.
func TestForgetOpensWhatIsSealed(t *testing.T) {
	dir, key := t.TempDir(), &mark{}
	s, err := SealedSpool(dir, sender, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{"hanako@example.jp", "taro@example.jp"} {
		if err := s.Send(t.Context(), Message{To: to, Subject: "件名", Text: "本文"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "01a222e9-5d78-799e-aa95-27a614333d1f"+sealedEnd), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	key.err = errors.New("the key service does not answer")
	if n, err := Forget(t.Context(), dir, key, []string{"hanako@example.jp"}); n != 0 || err == nil {
		t.Errorf("without the key: %d %v", n, err)
	}
	key.err = nil
	if n, err := Forget(t.Context(), dir, key, []string{"HANAKO@example.jp"}); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"+sealedEnd))
	if err != nil || len(left) != 2 {
		t.Errorf("%v %v", left, err)
	}
	if n, err := Forget(t.Context(), dir, key, []string{"taro@example.jp"}); n != 1 || err != nil {
		t.Errorf("%d %v", n, err)
	}
}

// mark is a sealer whose key may be out of reach.
type mark struct{ err error }

func (m *mark) Seal(_ context.Context, name string, plain []byte) ([]byte, error) {
	return slices.Concat([]byte(name), plain), m.err
}

func (m *mark) Open(_ context.Context, name string, sealed []byte) ([]byte, error) {
	if m.err != nil {
		return nil, m.err
	}
	if len(sealed) < len(name) || string(sealed[:len(name)]) != name {
		return nil, fault.New(fault.Invalid, "vault.open")
	}
	return sealed[len(name):], nil
}

// TestWhatLiesTooLongGoes: messages of a spool, half-written ones of a crash, and what was put aside of what came
// back; younger ones, strangers' files and folders stay.
func TestWhatLiesTooLongGoes(t *testing.T) {
	dir := t.TempDir()
	long := time.Now().AddDate(0, 0, -SpoolDays-1)
	for name, age := range map[string]time.Time{
		"a.eml": long, "b.sealed": long, ".c.tmp": long, "young.eml": time.Now(), "young.sealed": time.Now(), "notes.txt": long,
		"cur/old:2,S": long, "cur/young:2,S": time.Now(), "cur/theirs": long, "new/x:2,S": long, "folder.eml/x": long,
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte("x"), 0o600), os.Chtimes(path, age, age)); err != nil {
			t.Fatal(err)
		}
	}
	before := time.Now().AddDate(0, 0, -SpoolDays)
	if n, err := Expire(dir, before); n != 3 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	if n, err := ExpireIncoming(dir, before); n != 1 || err != nil {
		t.Errorf("put aside: %d %v", n, err)
	}
	for _, name := range []string{"young.eml", "young.sealed", "notes.txt", "cur/young:2,S", "cur/theirs", "new/x:2,S", "folder.eml/x"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if n, err := Expire(filepath.Join(dir, "none"), before); n != 0 || err != nil {
		t.Errorf("no folder: %d %v", n, err)
	}
}
