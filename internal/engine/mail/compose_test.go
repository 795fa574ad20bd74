package mail

import (
	"bytes"
	"context"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var digitRun = regexp.MustCompile(`\d{8,}`)

// TestWhatIsAcceptedIsReadBack: any message that Check lets through arrives word for word, at one
// recipient, with no header but ours, and with no run of eight digits that its own words do not hold.
func TestWhatIsAcceptedIsReadBack(t *testing.T) {
	dir := t.TempDir()
	s, err := Spool(dir, sender)
	if err != nil {
		t.Fatal(err)
	}
	words := rapid.StringOf(rapid.SampledFrom([]rune("ab .=?_:;<>\"'@,\\/-健康診断のお知らせ。　①髙\u00a0é😀\tBcc:")))
	line := rapid.OneOf(words, rapid.SampledFrom([]string{".", "..", "From a", "  ", "=", "=3D", strings.Repeat("長", 200), strings.Repeat("x", 1200), "Bcc: a@example.jp", "--x"}))
	local := rapid.StringMatching(`[a-z][a-z0-9._+-]{0,20}[a-z0-9]`)
	rapid.Check(t, func(r *rapid.T) {
		m := Message{
			To:      local.Draw(r, "local") + "@example.jp",
			Subject: strings.ReplaceAll(rapid.OneOf(words, rapid.Just("=?utf-8?q?=41?=")).Draw(r, "subject"), "\t", " "),
			Text:    strings.Join(rapid.SliceOfN(line, 1, 6).Draw(r, "lines"), "\n"),
		}
		if Check(m) != nil {
			r.Skip("refused")
		}
		clear1(r, dir)
		if err := s.Send(context.Background(), m); err != nil {
			r.Fatalf("%q: %v", m, err)
		}
		list, err := List(dir)
		if err != nil || len(list) != 1 {
			r.Fatalf("%v %v", list, err)
		}
		got := list[0]
		if got.To != m.To || got.Subject != m.Subject || got.Text != m.Text {
			r.Fatalf("sent %q\nread %q", m, got)
		}
		raw, _ := os.ReadFile(filepath.Join(dir, got.File))
		checkRaw(r, raw, m)
	})
}

func clear1(r *rapid.T, dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*.eml"))
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			r.Fatal(err)
		}
	}
}

func checkRaw(r *rapid.T, raw []byte, m Message) {
	parsed, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		r.Fatal(err)
	}
	want := []string{"Auto-Submitted", "Content-Transfer-Encoding", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}
	var got []string
	for name, values := range parsed.Header {
		got = append(got, name)
		if len(values) != 1 {
			r.Fatalf("%s stands there %d times", name, len(values))
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		r.Fatalf("headers %v", got)
	}
	for l := range bytes.SplitSeq(raw, []byte("\r\n")) {
		if len(l) > 998 || bytes.ContainsAny(l, "\r\n") {
			r.Fatalf("a line that RFC 5322 does not allow: %q", l)
		}
	}
	if run := digitRun.Find(raw); run != nil && !strings.Contains(m.To+m.Subject+m.Text, string(run)) {
		r.Fatalf("a run of digits of our own making: %s", run)
	}
}

func TestMessageIDsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := messageID("a@example.jp")
		if seen[id] || digitRun.MatchString(id) || !strings.HasSuffix(id, "@example.jp") {
			t.Fatal(id)
		}
		seen[id] = true
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("a@example.jp", "s", "t")
	f.Add("a@example.jp\r\nBcc: b@example.jp", "s\r\n", "t\x00")
	f.Add("\"a b\"@example.jp", "件名", "本文\n")
	f.Fuzz(func(t *testing.T, to, subject, text string) {
		m := Message{to, subject, text, ""}
		if Check(m) != nil {
			return
		}
		if strings.ContainsAny(to+subject, "\r\n\x00") || strings.ContainsAny(text, "\r\x00") || strings.ContainsAny(to, " ,<>") {
			t.Fatalf("accepted %q", m)
		}
		msg, err := compose(sender, m)
		if err != nil {
			return // an address that only go-mail refuses
		}
		var b bytes.Buffer
		if _, err := msg.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
	})
}
