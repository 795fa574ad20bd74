package mail

import (
	"crypto/rand"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"rakudos/internal/base/jst"
)

// compose makes the RFC 5322 message. The Message-ID is letters only and the text is 8bit-safe
// quoted-printable, so no run of eight digits stands in a message but one the text itself holds.
func compose(from string, m Message) (*gomail.Msg, error) {
	if err := Check(m); err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithCharset(gomail.CharsetUTF8), gomail.WithEncoding(gomail.EncodingQP), gomail.WithNoDefaultUserAgent())
	if err := msg.From(from); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	if m.Return != "" {
		if err := msg.EnvelopeFrom(m.Return); err != nil {
			return nil, err
		}
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(time.Now().In(jst.Zone))
	msg.SetMessageIDWithValue(messageID(from))
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, strings.ReplaceAll(m.Text, "\n", "\r\n"))
	return msg, nil
}

// messageID is 26 random letters (about 122 bits) at the sender's domain.
func messageID(from string) string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	raw := make([]byte, 26)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	for i, b := range raw {
		raw[i] = letters[int(b)%len(letters)]
	}
	domain := "localhost"
	if _, d, ok := strings.Cut(from, "@"); ok {
		domain = strings.TrimSuffix(d, ">")
	}
	return string(raw) + "@" + domain
}
