package mail

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"

	"rakudos/internal/base/fault"
)

// What comes back from outside is bounded: a whole notification, its part about the delivery, its parts, and the
// addresses it may name.
const (
	maxReport  = 1 << 20
	maxStatus  = 64 << 10
	maxParts   = 10
	maxReached = 20
)

// Report is what a delivery status notification (RFC 3464) says of the one message that it is about. It proves
// nothing by itself: anybody can write one. Only the token in an address of To does.
type Report struct {
	To     []string // the addresses to which the notification came
	Failed bool     // given up for good; a delay or a success is not
	Status string   // RFC 3463, "5.1.1"; empty when it says none
}

var statusForm = regexp.MustCompile(`^[245]\.\d{1,3}\.\d{1,3}$`)

// ReadReport reads a notification; what is none is fault.Invalid "mail.report".
func ReadReport(r io.Reader) (Report, error) {
	none := func(err error) (Report, error) {
		return Report{}, fault.New(fault.Invalid, "mail.report").Because(err)
	}
	m, err := mail.ReadMessage(io.LimitReader(r, maxReport))
	if err != nil {
		return none(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || !strings.EqualFold(params["report-type"], "delivery-status") {
		return none(err)
	}
	out := Report{To: reached(m.Header)}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for range maxParts {
		p, err := parts.NextPart()
		if err != nil {
			return none(err)
		}
		kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if kind == "message/delivery-status" || kind == "message/global-delivery-status" {
			if !out.status(io.LimitReader(p, maxStatus)) {
				return none(nil)
			}
			return out, nil
		}
	}
	return none(nil)
}

// status reads the groups of fields: the first is about the message, each other one about a recipient. Our
// messages have one; of several the first that failed counts.
func (out *Report) status(r io.Reader) (told bool) {
	in := textproto.NewReader(bufio.NewReader(r))
	for first := true; ; {
		group, err := in.ReadMIMEHeader()
		if err != nil && !errors.Is(err, io.EOF) {
			return told
		}
		action := strings.ToLower(strings.TrimSpace(group.Get("Action")))
		if action != "" && !first && !out.Failed {
			told, out.Failed, out.Status = true, action == "failed", ""
			if code := strings.Fields(group.Get("Status") + " ."); statusForm.MatchString(code[0]) {
				out.Status = code[0]
			}
		}
		if len(group) > 0 {
			first = false
		}
		if err != nil {
			return told
		}
	}
}

// reached are the addresses in the fields that say where a message came in.
func reached(h mail.Header) []string {
	var out []string
	for _, field := range []string{"Delivered-To", "X-Original-To", "Envelope-To", "To"} {
		for _, line := range h[textproto.CanonicalMIMEHeaderKey(field)] {
			list, err := mail.ParseAddressList(line)
			if err != nil {
				continue
			}
			for _, a := range list {
				if len(out) < maxReached && len(a.Address) <= maxAddress {
					out = append(out, a.Address)
				}
			}
		}
	}
	return out
}
