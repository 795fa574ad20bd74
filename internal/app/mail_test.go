package app

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
	"rakudos/internal/cli"
	"rakudos/internal/engine/mail"
)

// TestOnlyTheDemosMailLiesOpen sends a code in a service that is no demo: nothing in the data directory shows
// it, the host's verbs do, and another root key does not.
func TestOnlyTheDemosMailLiesOpen(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	c := DefaultConfig()
	c.Data = filepath.Join(dir, "data")
	a, err := Open(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	message := mail.Message{To: "taro@example.jp", Subject: "確認コード", Text: "確認コードは 98765432 です。\n"}
	if err := a.Mail.Send(ctx, message); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(context.WithoutCancel(ctx)); err != nil {
		t.Fatal(err)
	}
	files := 0
	err = filepath.WalkDir(c.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("98765432")) || bytes.Contains(b, []byte("taro@example.jp")) {
			t.Errorf("%s shows the mail", path)
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("%d files, %v", files, err)
	}
	box, o := houseMails(), cli.Options{Data: c.Data}
	all, err := box.List(ctx, o)
	if err != nil || len(all) != 1 || all[0].To != message.To {
		t.Fatalf("%+v, %v", all, err)
	}
	if m, err := box.Show(ctx, o, all[0].File); err != nil || m.Text != message.Text {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := box.Show(ctx, o, "../main"); fault.Of(err).Code != "mail.no_message" {
		t.Errorf("%v", err)
	}
	name := filepath.Join(c.Data, "mail", all[0].File+".sealed")
	if err := os.Rename(name, strings.Replace(name, all[0].File, "01a222e9-5d78-799e-aa95-27a614333d1f", 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := box.List(ctx, o); fault.Of(err).Code != "vault.open" {
		t.Errorf("a mail under another name: %v", err)
	}
}
