// Package mailspool reads the demo's outgoing mail from its folder, as a person at this machine would. It
// must never be imported by the program.
package mailspool

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Spool is the folder data/mail.
type Spool struct{ Dir string }

var eight = regexp.MustCompile(`(?:^|\D)(\d{8})(?:\D|$)`)

// Mark remembers which mails are there already.
func (s Spool) Mark() map[string]bool {
	seen := map[string]bool{}
	files, _ := filepath.Glob(filepath.Join(s.Dir, "*.eml"))
	for _, f := range files {
		seen[f] = true
	}
	return seen
}

// Code waits for a mail that was not there at the mark and reads its 8 digits.
func (s Spool) Code(ctx context.Context, seen map[string]bool) (string, error) {
	text, err := s.next(ctx, func(f string, _ os.FileInfo) bool { return !seen[f] }, "")
	if err != nil {
		return "", err
	}
	if m := eight.FindStringSubmatch(text); m != nil {
		return m[1], nil
	}
	return "", errors.New("mailspool: the mail has no code")
}

// Newest implements probe.Mailbox: the newest mail with a code to an address (to anybody when empty) since an instant.
func (s Spool) Newest(ctx context.Context, to string, after time.Time) (string, error) {
	return s.next(ctx, func(_ string, i os.FileInfo) bool { return i.ModTime().After(after.Add(-20 * time.Millisecond)) }, to)
}

func (s Spool) next(ctx context.Context, fresh func(string, os.FileInfo) bool, to string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		best, at := "", time.Time{}
		files, err := filepath.Glob(filepath.Join(s.Dir, "*.eml"))
		if err != nil {
			return "", err
		}
		for _, f := range files {
			i, err := os.Stat(f)
			if err != nil || !fresh(f, i) || i.ModTime().Before(at) {
				continue
			}
			text, rcpt, err := read(f)
			if err == nil && eight.MatchString(text) && (to == "" || strings.Contains(rcpt, to)) { // notices come at any time
				best, at = text, i.ModTime()
			}
		}
		if best != "" {
			return best, nil
		}
		select {
		case <-ctx.Done():
			return "", errors.New("mailspool: no mail came")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func read(path string) (text, to string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		return "", "", err
	}
	var body io.Reader = m.Body
	switch strings.ToLower(m.Header.Get("Content-Transfer-Encoding")) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	b, err := io.ReadAll(body)
	return string(b), m.Header.Get("To"), err
}
