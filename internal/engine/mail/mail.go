// Package mail sends the service's outgoing mail: to a spool folder, to an SMTP server over TLS, or to
// the memory mailbox of the service's own probes.
// It must never put health data into a message, and never let a caller's text become a header line.
package mail

import (
	"context"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"rakudos/internal/base/fault"
)

// ProbeDomain is the domain of the service's own probe accounts (RFC 2606: .invalid never resolves).
// Mail for it never leaves the process.
const ProbeDomain = "probe.invalid"

const (
	maxSubject = 200     // code points
	maxText    = 1 << 20 // bytes
	maxAddress = 254     // bytes, RFC 5321 §4.5.3.1.3
)

// Message is one outgoing mail: one recipient, a subject and plain text (LF line ends).
type Message struct {
	To      string
	Subject string
	Text    string
	Return  string // where it comes back to when it can't be delivered (the envelope's sender); empty: the sender
}

// Sender delivers a message or hands it over durably.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Check refuses a message that could not be sent as it stands: an address that is not exactly one bare
// address, control characters in the address or subject (header injection), or text beyond its bound.
func Check(m Message) error {
	if err := checkAddress(m.To); err != nil {
		return err
	}
	if m.Return != "" {
		if err := checkAddress(m.Return); err != nil {
			return err
		}
	}
	// "=?" in plain ASCII would be read as an encoded word (RFC 2047 §6.1) and shown as something else.
	if m.Subject == "" || strings.TrimSpace(m.Subject) != m.Subject || strings.Contains(m.Subject, "=?") || utf8.RuneCountInString(m.Subject) > maxSubject || hasControl(m.Subject, "") {
		return fault.New(fault.Invalid, "mail.subject")
	}
	if m.Text == "" || len(m.Text) > maxText || hasControl(m.Text, "\n\t") {
		return fault.New(fault.Invalid, "mail.text")
	}
	return nil
}

func checkAddress(s string) error {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > maxAddress || hasControl(s, "") || strings.ContainsAny(s, " ,;\"<>") {
		return fault.New(fault.Invalid, "mail.address")
	}
	return nil
}

// hasControl also refuses invalid UTF-8 and the Unicode line separators, which some clients show as lines.
func hasControl(s, allowed string) bool {
	if !utf8.ValidString(s) {
		return true
	}
	return strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune(allowed, r) && (unicode.IsControl(r) || r == '\u2028' || r == '\u2029')
	})
}

// Router sends mail for probe.invalid to Probe and everything else to Next.
type Router struct {
	Probe *Memory
	Next  Sender
}

// Send implements Sender.
func (r Router) Send(ctx context.Context, m Message) error {
	if isProbe(m.To) {
		return r.Probe.Send(ctx, m)
	}
	return r.Next.Send(ctx, m)
}

func isProbe(address string) bool {
	_, domain, ok := strings.Cut(address, "@")
	return ok && strings.EqualFold(domain, ProbeDomain)
}
