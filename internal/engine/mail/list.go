package mail

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Mail is a spooled message as read back, for the demo's mail page.
type Mail struct {
	File    string // base name, unique
	From    string
	To      string
	Subject string
	Text    string
	Date    time.Time
}

// List reads every spooled message, newest first. A folder that does not exist is an empty one; a file
// that is not a message of ours is left out.
func List(dir string) ([]Mail, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.eml"))
	if err != nil {
		return nil, fmt.Errorf("mail: list: %w", err)
	}
	slices.Sort(names)
	slices.Reverse(names)
	var out []Mail
	for _, name := range names {
		m, err := read(name)
		if err == nil {
			out = append(out, m)
		}
	}
	return out, nil
}

func read(path string) (Mail, error) {
	f, err := os.Open(path)
	if err != nil {
		return Mail{}, err
	}
	defer f.Close()
	out, err := parse(f)
	out.File = filepath.Base(path)
	return out, err
}

func parse(r io.Reader) (out Mail, err error) {
	m, err := mail.ReadMessage(io.LimitReader(r, 4*maxText))
	if err != nil {
		return Mail{}, err
	}
	if out.Date, err = m.Header.Date(); err != nil {
		return Mail{}, err
	}
	if out.From, err = address(m.Header, "From"); err != nil {
		return Mail{}, err
	}
	if out.To, err = address(m.Header, "To"); err != nil {
		return Mail{}, err
	}
	if out.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return Mail{}, err
	}
	body := m.Body
	if strings.EqualFold(m.Header.Get("Content-Transfer-Encoding"), "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return Mail{}, err
	}
	out.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
	return out, nil
}

func address(h mail.Header, field string) (string, error) {
	list, err := h.AddressList(field)
	if err != nil || len(list) != 1 {
		return "", fmt.Errorf("mail: %s: not one address", field)
	}
	return list[0].Address, nil
}
