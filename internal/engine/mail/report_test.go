package mail

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rakudos/internal/base/fault"
)

// notification writes a delivery status notification as mail servers do.
func notification(to, action, status string) string {
	return strings.ReplaceAll(fmt.Sprintf(`From: MAILER-DAEMON@mx.example
To: %s
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x1"

--x1
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you.

--x1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Mon, 23 Nov 2026 10:00:00 +0900

Final-Recipient: rfc822; hanako@example.jp
Action: %s
Status: %s
Diagnostic-Code: smtp; 550 5.1.1 no such user

--x1
Content-Type: message/rfc822

Subject: original

--x1--
`, to, action, status), "\n", "\r\n")
}

func TestReadReport(t *testing.T) {
	plain := "From: a@example.jp\r\nTo: b@example.jp\r\nContent-Type: text/plain\r\n\r\nhello"
	for name, c := range map[string]struct {
		raw    string
		want   Report
		refuse bool
	}{
		"given up":          {notification("bounces+abc@rakudos.example", "failed", "5.1.1"), Report{To: []string{"bounces+abc@rakudos.example"}, Failed: true, Status: "5.1.1"}, false},
		"with a comment":    {notification("b@example.jp", "Failed", "5.2.2 (mailbox full)"), Report{To: []string{"b@example.jp"}, Failed: true, Status: "5.2.2"}, false},
		"a made-up status":  {notification("b@example.jp", "failed", "5.1.1; <script>"), Report{To: []string{"b@example.jp"}, Failed: true}, false},
		"a delay":           {notification("b@example.jp", "delayed", "4.4.1"), Report{To: []string{"b@example.jp"}, Status: "4.4.1"}, false},
		"no such action":    {strings.Replace(notification("b@example.jp", "x", "5.1.1"), "Action: x", "Act: x", 1), Report{}, true},
		"an ordinary mail":  {plain, Report{}, true},
		"nothing":           {"", Report{}, true},
		"another report":    {strings.Replace(notification("b@example.jp", "failed", "5.1.1"), "delivery-status;", "disposition-notification;", 1), Report{}, true},
		"cut off":           {notification("b@example.jp", "failed", "5.1.1")[:420], Report{}, true},
		"beyond the bound":  {"To: a@example.jp\r\nX: " + strings.Repeat("x", maxReport) + "\r\n\r\n", Report{}, true},
		"too many parts":    {strings.Replace(notification("b@example.jp", "failed", "5.1.1"), "--x1\r\nContent-Type: text", strings.Repeat("--x1\r\n\r\nx\r\n", maxParts)+"--x1\r\nContent-Type: text", 1), Report{}, true},
		"only the message":  {strings.Replace(notification("b@example.jp", "failed", "5.1.1"), "Final-Recipient: rfc822; hanako@example.jp\r\nAction", "X-Action", 1), Report{}, true},
		"where it was sent": {"Delivered-To: c+d@example.jp\r\n" + notification("b@example.jp, e@example.jp", "failed", "5.0.0"), Report{To: []string{"c+d@example.jp", "b@example.jp", "e@example.jp"}, Failed: true, Status: "5.0.0"}, false},
	} {
		got, err := ReadReport(strings.NewReader(c.raw))
		if c.refuse != fault.Is(err, fault.Invalid) || fmt.Sprint(got) != fmt.Sprint(c.want) && !c.refuse {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func FuzzReadReport(f *testing.F) {
	f.Add(notification("b@example.jp", "failed", "5.1.1"))
	f.Add("Content-Type: multipart/report; report-type=delivery-status; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\na\n\n\n\nAction: failed\nStatus: 9.9")
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := ReadReport(strings.NewReader(raw))
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		if len(r.To) > maxReached || r.Status != "" && !statusForm.MatchString(r.Status) {
			t.Fatalf("%+v", r)
		}
	})
}

func maildir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"new", "cur"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, "new", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	for _, d := range []string{"new", "cur"} {
		files, err := os.ReadDir(filepath.Join(dir, d))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			out = append(out, d+"/"+f.Name())
		}
	}
	return strings.Join(out, " ")
}

// TestIncomingHandlesEachFileOnce: what is done with goes, what is not stays for people, what is no plain file is
// never read, and an error loses nothing.
func TestIncomingHandlesEachFileOnce(t *testing.T) {
	dir := maildir(t, map[string]string{"1.done": "done", "2.keep": "keep", "3.big": strings.Repeat("x", maxReport+1)})
	secret := filepath.Join(t.TempDir(), "secret")
	if err := errors.Join(os.WriteFile(secret, []byte("secret"), 0o600), os.Symlink(secret, filepath.Join(dir, "new", "4.link")), os.Mkdir(filepath.Join(dir, "new", "5.dir"), 0o700)); err != nil {
		t.Fatal(err)
	}
	var read []string
	handle := func(r io.Reader) (bool, error) {
		b, err := io.ReadAll(r)
		read = append(read, string(b))
		return string(b) == "keep", err
	}
	for range 2 {
		aside, err := Incoming(t.Context(), dir, handle)
		if err != nil || len(read) != 2 || aside != 3 && aside != 0 {
			t.Fatalf("%d %v %.40q", aside, err, read)
		}
	}
	if got := names(t, dir); got != "cur/2.keep:2,S cur/3.big:2,S cur/4.link:2,S cur/5.dir:2,S" {
		t.Error(got)
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != "secret" {
		t.Error("what the link names was touched")
	}
}

func TestIncomingStopsAtAnError(t *testing.T) {
	dir := maildir(t, map[string]string{"1": "a"})
	if _, err := Incoming(t.Context(), dir, func(io.Reader) (bool, error) { return false, io.ErrUnexpectedEOF }); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error(err)
	}
	if got := names(t, dir); got != "new/1" {
		t.Error(got)
	}
	if _, err := Incoming(t.Context(), filepath.Join(dir, "none"), nil); err == nil {
		t.Error("a folder that is not there is not noticed")
	}
	many := map[string]string{}
	for i := range incomingAtOnce + 5 {
		many[fmt.Sprint(i)] = "x"
	}
	dir, n := maildir(t, many), 0
	if _, err := Incoming(t.Context(), dir, func(io.Reader) (bool, error) { n++; return false, nil }); err != nil || n != incomingAtOnce {
		t.Errorf("%d at once: %v", n, err)
	}
}
