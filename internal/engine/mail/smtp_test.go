package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"rakudos/internal/base/fault"
)

// relay is a small SMTP server; it offers STARTTLS only when it has a certificate.
type relay struct {
	port  int
	cert  *tls.Certificate
	mails chan string

	refuse map[string]string // verb -> what it answers instead
}

func startRelay(t *testing.T, cert *tls.Certificate) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	r := &relay{port: l.Addr().(*net.TCPAddr).Port, cert: cert, mails: make(chan string, 4)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go r.serve(c)
		}
	}()
	return r
}

func (r *relay) serve(c net.Conn) {
	defer func() { _ = c.Close() }()
	in, secure, from := bufio.NewReader(c), false, ""
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(c, format+"\r\n", args...) }
	say("220 relay ESMTP")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		verb := strings.ToUpper(strings.Fields(line + " x")[0])
		if no := r.refuse[verb]; no != "" && secure {
			say("%s", no)
			continue
		}
		switch verb {
		case "EHLO", "HELO":
			if r.cert != nil && !secure {
				say("250-relay\r\n250 STARTTLS")
			} else {
				say("250-relay\r\n250 ENHANCEDSTATUSCODES")
			}
		case "STARTTLS":
			say("220 go")
			tc := tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*r.cert}})
			c, in, secure = tc, bufio.NewReader(tc), true
		case "MAIL":
			from = strings.TrimSpace(line)
			say("250 ok")
		case "DATA":
			say("354 go")
			var b strings.Builder
			for {
				l, err := in.ReadString('\n')
				if err != nil || l == ".\r\n" {
					break
				}
				b.WriteString(l)
			}
			r.mails <- fmt.Sprintf("secure=%v\nfrom=%s\n%s", secure, from, b.String())
			say("250 ok")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func certificate(t *testing.T) (*tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

func TestSMTPDeliversOverTLSOnly(t *testing.T) {
	cert, pool := certificate(t)
	secure, plain := startRelay(t, cert), startRelay(t, nil)
	m := Message{"a@example.jp", "確認コード", "12345678", ""}
	send := func(port int, roots *x509.CertPool) error {
		s, err := SMTP(SMTPConfig{Host: "localhost", Port: port, From: sender, Roots: roots, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return s.Send(context.Background(), m)
	}
	if err := send(secure.port, pool); err != nil {
		t.Fatal(err)
	}
	if got := <-secure.mails; !strings.HasPrefix(got, "secure=true\n") || !strings.Contains(got, "12345678") {
		t.Fatalf("delivered %q", got)
	}
	if err := send(secure.port, x509.NewCertPool()); !fault.Is(err, fault.Busy) {
		t.Fatalf("untrusted certificate: %v", err)
	}
	if err := send(plain.port, pool); !fault.Is(err, fault.Busy) {
		t.Fatalf("relay without TLS: %v", err)
	}
	if len(plain.mails)+len(secure.mails) != 0 {
		t.Fatal("a message went out without verified TLS")
	}
}

// TestSMTPTellsARefusalFromAFailure: only a lasting no to this recipient or message is one; and the return address
// is the envelope's, never a header.
func TestSMTPTellsARefusalFromAFailure(t *testing.T) {
	cert, pool := certificate(t)
	for _, c := range []struct {
		verb, answer, code, status string
	}{
		{"RCPT", "550 5.1.1 no such user", "mail.refused", "5.1.1"}, {"DATA", "554 5.7.1 not accepted", "mail.refused", "5.7.1"},
		{"RCPT", "450 4.2.1 later", "mail.relay", ""}, {"MAIL", "550 5.7.1 not this sender", "mail.relay", ""}, {"", "", "", ""},
	} {
		r := startRelay(t, cert)
		r.refuse = map[string]string{c.verb: c.answer}
		s, err := SMTP(SMTPConfig{Host: "localhost", Port: r.port, From: sender, Roots: pool, Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(t.Context(), Message{To: "a@example.jp", Subject: "件名", Text: "本文", Return: "bounces+abc@rakudos.example"})
		f := fault.Of(err)
		if c.code == "" && err != nil || c.code != "" && (f == nil || f.Code != c.code) {
			t.Errorf("%s %s: %v", c.verb, c.answer, err)
		}
		if c.status != "" && f.Args["status"] != c.status {
			t.Errorf("%s %s: %v", c.verb, c.answer, f.Args)
		}
		if c.code == "" {
			if got := <-r.mails; !strings.Contains(got, "from=MAIL FROM:<bounces+abc@rakudos.example>") || strings.Contains(got, "\nReturn-Path") {
				t.Errorf("%q", got)
			}
		}
	}
}

func TestSMTPGivesUpInTime(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := SMTP(SMTPConfig{Host: "localhost", Port: l.Addr().(*net.TCPAddr).Port, From: sender, Timeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := s.Send(context.Background(), Message{"a@example.jp", "s", "t", ""}); !fault.Is(err, fault.Busy) {
		t.Fatalf("got %v", err)
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Fatalf("took %v", d)
	}
}
