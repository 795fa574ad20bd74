package mail

import (
	"context"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

const sender = "noreply@rakudos.example"

func newSpool(t *testing.T) (Sender, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "mail")
	s, err := Spool(dir, sender)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func TestSpoolRoundTrip(t *testing.T) {
	s, dir := newSpool(t)
	in := Message{To: "u100000@example.jp", Subject: "【らくどす】サインインの確認コード", Text: "確認コードは 12345678 です。\n\n10分以内に入力してください。\n" + strings.Repeat("長い行", 100) + "\n.\n"}
	if err := s.Send(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	got, err := List(dir)
	if err != nil || len(got) != 1 {
		t.Fatalf("List: %v, %v", got, err)
	}
	m := got[0]
	if m.To != in.To || m.Subject != in.Subject || m.Text != in.Text || m.From != sender {
		t.Fatalf("read back %+v", m)
	}
	info, _ := os.Stat(filepath.Join(dir, m.File))
	folder, _ := os.Stat(dir)
	if info.Mode().Perm() != 0o600 || folder.Mode().Perm() != 0o700 {
		t.Fatalf("modes %v %v", info.Mode(), folder.Mode())
	}
	f, _ := os.Open(filepath.Join(dir, m.File))
	defer f.Close()
	raw, err := mail.ReadMessage(f)
	if err != nil {
		t.Fatal(err)
	}
	if ct := raw.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/plain; charset=UTF-8") {
		t.Fatalf("content type %q", ct)
	}
	for name, values := range raw.Header {
		if regexp.MustCompile(`\d{8}`).MatchString(strings.Join(values, "")) {
			t.Errorf("header %s holds a run of eight digits: %q", name, values)
		}
	}
}

func TestSpoolNamesSortAndNeverCollide(t *testing.T) {
	s, dir := newSpool(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := s.Send(context.Background(), Message{"a@example.jp", "並行", "x", ""}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := s.Send(context.Background(), Message{"a@example.jp", "最後", "x", ""}); err != nil {
		t.Fatal(err)
	}
	got, _ := List(dir)
	if len(got) != 51 || got[0].Subject != "最後" {
		t.Fatalf("%d messages, newest %q", len(got), got[0].Subject)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Fatalf("temporary files left: %v", left)
	}
}

func TestHeaderInjectionRefused(t *testing.T) {
	for name, m := range map[string]Message{
		"newline in address":   {"a@example.jp\r\nBcc: b@example.jp", "s", "t", ""},
		"two addresses":        {"a@example.jp, b@example.jp", "s", "t", ""},
		"display name":         {"A <a@example.jp>", "s", "t", ""},
		"no address":           {"", "s", "t", ""},
		"newline in subject":   {"a@example.jp", "s\nBcc: b@example.jp", "t", ""},
		"return in subject":    {"a@example.jp", "s\rX: y", "t", ""},
		"line separator":       {"a@example.jp", "s\u2028X: y", "t", ""},
		"NUL in text":          {"a@example.jp", "s", "t\x00", ""},
		"bare return in text":  {"a@example.jp", "s", "t\r.\r", ""},
		"invalid UTF-8":        {"a@example.jp", "s\xff", "t", ""},
		"empty text":           {"a@example.jp", "s", "", ""},
		"subject beyond bound": {"a@example.jp", strings.Repeat("あ", 201), "t", ""},
		"newline in return":    {"a@example.jp", "s", "t", "b@example.jp\r\nRCPT TO:<c@example.jp>"},
	} {
		t.Run(name, func(t *testing.T) {
			s, dir := newSpool(t)
			if err := s.Send(context.Background(), m); !fault.Is(err, fault.Invalid) {
				t.Fatalf("got %v", err)
			}
			if got, _ := List(dir); len(got) != 0 {
				t.Fatal("something was written")
			}
			if err := new(Memory).Send(context.Background(), m); !fault.Is(err, fault.Invalid) {
				t.Fatalf("memory: got %v", err)
			}
		})
	}
}

func TestRouterKeepsProbeMailInside(t *testing.T) {
	s, dir := newSpool(t)
	box := &Memory{}
	r := Router{Probe: box, Next: s}
	for _, to := range []string{"p1@probe.invalid", "p1@probe.invalid", "p2@PROBE.invalid", "x@probe.invalid.example.jp"} {
		if err := r.Send(context.Background(), Message{to, "s", "to " + to, ""}); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := List(dir); len(got) != 1 || got[0].To != "x@probe.invalid.example.jp" {
		t.Fatalf("spooled %+v", got)
	}
	for want := 2; want >= 0; want-- {
		if _, ok := box.Take("p1@probe.invalid", time.Time{}); ok != (want > 0) {
			t.Fatalf("%d left, Take said %v", want, ok)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	box := &Memory{}
	for range memoryLimit + 10 {
		_ = box.Send(context.Background(), Message{"p@probe.invalid", "s", "t", ""})
	}
	if len(box.held) != memoryLimit {
		t.Fatalf("%d held", len(box.held))
	}
}

func TestListLeavesOutForeignFiles(t *testing.T) {
	_, dir := newSpool(t)
	_ = os.WriteFile(filepath.Join(dir, "x.eml"), []byte("not a message"), 0o600)
	if got, err := List(dir); err != nil || len(got) != 0 {
		t.Fatalf("%v %v", got, err)
	}
	if got, err := List(filepath.Join(dir, "nothing")); err != nil || len(got) != 0 {
		t.Fatalf("%v %v", got, err)
	}
}
