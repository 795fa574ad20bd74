package mail

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

// turned stands in for the vault: it turns every bit and binds the name.
type turned struct{ err error }

func (k turned) Seal(_ context.Context, name string, plain []byte) ([]byte, error) {
	out := []byte(name)
	for _, b := range plain {
		out = append(out, ^b)
	}
	return out, k.err
}

func (k turned) Open(_ context.Context, name string, sealed []byte) ([]byte, error) {
	body, ok := bytes.CutPrefix(sealed, []byte(name))
	if !ok {
		return nil, fault.New(fault.Internal, "vault.open")
	}
	var out []byte
	for _, b := range body {
		out = append(out, ^b)
	}
	return out, k.err
}

func TestASealedSpoolShowsItselfToItsKeyAlone(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "mail")
	s, err := SealedSpool(dir, sender, turned{})
	if err != nil {
		t.Fatal(err)
	}
	first := Message{To: "a@example.jp", Subject: "確認コード", Text: "確認コードは 12345678 です。\n"}
	second := Message{To: "b@example.jp", Subject: "お知らせ", Text: "ロックされました。\n"}
	for _, m := range []Message{first, second} {
		if err := s.Send(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	files, _ := os.ReadDir(dir)
	if len(files) != 2 {
		t.Fatalf("%d files", len(files))
	}
	for _, f := range files {
		b, _ := os.ReadFile(filepath.Join(dir, f.Name()))
		if bytes.Contains(b, []byte("12345678")) || bytes.Contains(b, []byte("example.jp")) || bytes.Contains(b, []byte("Subject")) {
			t.Errorf("%s is in the clear", f.Name())
		}
		if info, _ := f.Info(); info.Mode().Perm() != 0o600 || !strings.HasSuffix(f.Name(), sealedEnd) {
			t.Errorf("%s, %v", f.Name(), info.Mode())
		}
	}
	if open, err := List(dir); err != nil || len(open) != 0 {
		t.Errorf("the demo's list shows %d of them, %v", len(open), err)
	}
	box := Sealed{dir, turned{}}
	all, err := box.List(ctx)
	if err != nil || len(all) != 2 || all[0].To != second.To || all[1].Subject != first.Subject || all[0].Text != "" {
		t.Fatalf("%+v, %v", all, err)
	}
	got, err := box.Show(ctx, all[1].File)
	if err != nil || got.Text != first.Text || got.To != first.To || got.Date.IsZero() {
		t.Errorf("%+v, %v", got, err)
	}
	// A message that was put under another's name, and names that climb.
	if err := os.Rename(filepath.Join(dir, all[0].File+sealedEnd), filepath.Join(dir, all[1].File+sealedEnd)); err != nil {
		t.Fatal(err)
	}
	if _, err := box.List(ctx); fault.Of(err).Code != "vault.open" {
		t.Errorf("an exchanged message: %v", err)
	}
	for _, name := range []string{"../keys", "", all[0].File, "x"} {
		if _, err := box.Show(ctx, name); fault.Of(err).Code != "mail.no_message" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestASealedSpoolKeepsNothingInTheClear(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mail")
	broken := errors.New("no key")
	s, err := SealedSpool(dir, sender, turned{broken})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), Message{To: "a@example.jp", Subject: "s", Text: "t\n"}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	if err := s.Send(t.Context(), Message{To: "a@example.jp", Subject: "s\n", Text: "t\n"}); err == nil {
		t.Error("a bad message is taken")
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("%d files although there is no key", len(files))
	}
	if _, err := SealedSpool(dir, "nobody", turned{}); err == nil {
		t.Error("a bad sender is taken")
	}
}
