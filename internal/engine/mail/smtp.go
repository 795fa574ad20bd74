package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	gomail "github.com/wneessen/go-mail"

	"rakudos/internal/base/fault"
)

// SMTPConfig is a mail relay. TLS 1.2 or newer is mandatory and the certificate is checked: there is no
// way to say otherwise.
type SMTPConfig struct {
	Host     string
	Port     int
	Implicit bool   // TLS from the first byte (port 465); otherwise STARTTLS, without which nothing is sent
	Username string // empty: no authentication
	Password string
	From     string         // the sender's bare address
	Roots    *x509.CertPool // nil: the system's
	Timeout  time.Duration  // for connecting and for each delivery; 20 s when zero
}

type smtp struct {
	client  *gomail.Client
	from    string
	timeout time.Duration
}

// SMTP sends through a relay; a connection per message.
func SMTP(c SMTPConfig) (Sender, error) {
	if err := checkAddress(c.From); err != nil {
		return nil, err
	}
	if c.Timeout <= 0 {
		c.Timeout = 20 * time.Second
	}
	opts := []gomail.Option{
		gomail.WithPort(c.Port),
		gomail.WithTimeout(c.Timeout),
		gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithTLSConfig(&tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots}),
	}
	if c.Implicit {
		opts = append(opts, gomail.WithSSL())
	}
	if c.Username != "" {
		opts = append(opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(c.Username), gomail.WithPassword(c.Password))
	}
	client, err := gomail.NewClient(c.Host, opts...)
	if err != nil {
		return nil, fmt.Errorf("mail: smtp: %w", err)
	}
	return smtp{client, c.From, c.Timeout}, nil
}

func (s smtp) Send(ctx context.Context, m Message) error {
	msg, err := compose(s.from, m)
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(ctx, s.timeout)
	defer stop()
	if err := s.client.DialAndSendWithContext(ctx, msg); err != nil {
		if status, ok := refused(err); ok {
			return fault.New(fault.Conflict, "mail.refused", "status", status).Because(err)
		}
		return fault.New(fault.Busy, "mail.relay").Because(err).After(time.Minute)
	}
	return nil
}

// refused tells whether the relay has refused this recipient or message for good (5xx at RCPT or DATA). What it
// says before that (a refused sender, a failed authentication) is about us, not about the address.
func refused(err error) (status string, ok bool) {
	var e *gomail.SendError
	if !errors.As(err, &e) || e.IsTemp() || e.ErrorCode() < 500 {
		return "", false
	}
	switch e.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
	default:
		return "", false
	}
	if s := e.EnhancedStatusCode(); statusForm.MatchString(s) {
		return s, true
	}
	return "", true
}
