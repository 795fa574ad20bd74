package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/cli"
	"rakudos/internal/people/identity"
)

const strange = "From: MAILER-DAEMON@mx.example\r\nTo: bounces+nobody@rakudos.example\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=\"x\"\r\n\r\n" +
	"--x\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; a@example.jp\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--x--\r\n"

// TestReturnsFolder: an unknown token and a stray mail change nobody and stay for the operator.
func TestReturnsFolder(t *testing.T) {
	a, c := sandboxless(t)
	for name, text := range map[string]string{"1": strange, "2": "To: a@example.jp\r\n\r\nhello"} {
		if err := os.WriteFile(filepath.Join(c, "new", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := a.readReturns(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadDir(filepath.Join(c, "cur"))
	if err != nil || len(left) != 2 {
		t.Errorf("%v %v", left, err)
	}
	if err := os.RemoveAll(c); err != nil {
		t.Fatal(err)
	}
	if err := a.readReturns(t.Context()); err == nil {
		t.Error("a folder that is gone is not noticed")
	}
}

// sandboxless opens a service whose mails come back into a folder.
func sandboxless(t *testing.T) (*App, string) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"new", "cur"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	c := DefaultConfig()
	c.Data, c.Demo, c.Mail.Return, c.Mail.Bounces = t.TempDir(), true, "bounces@rakudos.example", dir // a demo's spool can be read
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close(t.Context()) })
	return a, dir
}

// TestReturnedOnTheCommandLine: a stranger's notification is told from what is none.
func TestReturnedOnTheCommandLine(t *testing.T) {
	a, _ := sandboxless(t)
	data := a.Config.Data
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out, err := houseReturned(t.Context(), cli.Options{Data: data}, strings.NewReader(strange)); err != nil || out != identity.Unknown {
		t.Errorf("%s %v", out, err)
	}
	var said, wrong bytes.Buffer
	file := filepath.Join(t.TempDir(), "x.eml")
	if err := os.WriteFile(file, []byte("To: a@example.jp\r\n\r\nhello"), 0o600); err != nil {
		t.Fatal(err)
	}
	code := cli.Main(cli.Process{Args: []string{"mail", "bounce", "--data", data, "--file", file, "--json"}, Out: &said, Err: &wrong}, House())
	if code != cli.Failed || !strings.Contains(wrong.String(), "mail.report") {
		t.Errorf("%d %s%s", code, said.String(), wrong.String())
	}
}
