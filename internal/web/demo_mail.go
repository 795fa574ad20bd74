package web

import (
	"net/http"

	"rakudos/internal/base/fault"
	"rakudos/internal/engine/mail"
)

type mailView struct {
	Page
	Mails []mail.Mail
}

// Template names the file.
func (*mailView) Template() string { return "mail" }

// demoMail shows what the demo would have sent, newest first, to this machine only.
func (s *server) demoMail(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if !s.Config.Demo || !loopback(r) {
		return fault.New(fault.Missing, "web.not_found")
	}
	mails, err := mail.List(s.Config.MailDir)
	if err != nil {
		return err
	}
	return s.page(w, r, v, &mailView{Page{Title: "デモのメール"}, mails[:min(len(mails), 50)]})
}
