package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/words"
)

// certificateVerifyView is the public page on which anybody checks a certificate. It looks nothing up by a
// number, so it tells nobody who was a customer.
type certificateVerifyView struct {
	Page
	Done     bool
	Report   certificate.Report
	State    string
	Stage    string
	Problems []words.Text
}

// Template names the file.
func (*certificateVerifyView) Template() string { return "certificate_verify" }

func newCertificateVerifyView() *certificateVerifyView {
	return &certificateVerifyView{Page: Page{Title: "消去証明書の検証", Here: "/certificates/verify"}}
}

// certificateKey is the public half of the signing keys, for those who verify without this page.
func (s *server) certificateKey(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	t, err := s.Certificates.Trust(r.Context())
	if err != nil {
		return err
	}
	attachment(w, "text/plain; charset=utf-8", "certificates-key.txt")
	return t.Write(w)
}

func (s *server) certificateVerifyForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.page(w, r, v, newCertificateVerifyView())
}

const (
	certificateForm = certificate.MaxFile + 64<<10 // the file and the form around it
	verifying       = 2                            // at once: reading a megabyte of JSON costs something
	verifyParts     = 8                            // of the form: there are two, and each part costs more than its bytes
)

// certificateVerify checks what was uploaded or pasted; the answer names everything that is wrong.
func (s *server) certificateVerify(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if r.ContentLength > certificateForm {
		w.Header().Set("Connection", "close")
		return &http.MaxBytesError{Limit: certificateForm}
	}
	r.Body = http.MaxBytesReader(w, r.Body, certificateForm)
	view := newCertificateVerifyView()
	file, err := certificateIn(r)
	if err != nil {
		return err
	}
	if len(file) == 0 {
		view.Errors = append(view.Errors, FieldError{"file", "証明書のファイルを選ぶか、内容を貼り付けてください。"})
		return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
	}
	select {
	case s.verifying <- struct{}{}:
		defer func() { <-s.verifying }()
	case <-time.After(5 * time.Second):
		return fault.New(fault.Busy, "web.verifying").After(5 * time.Second)
	}
	rep, err := s.Certificates.Verify(r.Context(), file)
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		codes := []string{}
		for _, f := range rep.Problems {
			codes = append(codes, f.Code)
		}
		return sendJSON(w, http.StatusOK, map[string]any{"ok": rep.OK, "revoked": rep.Revoked, "digest": rep.Digest, "problems": codes})
	}
	view.Done, view.Report = true, rep
	if rep.File != nil {
		view.State, view.Stage = certificate.StateName(rep.File.State()), certificate.StageName(rep.File.Certificate.Stage)
	}
	if rep.Revoked {
		view.State = certificate.StateName(certificate.Revoked)
	}
	for _, f := range rep.Problems {
		view.Problems = append(view.Problems, words.Fault(f))
	}
	return s.page(w, r, v, view)
}

// certificateIn takes the file, or else the pasted text, of a multipart form.
func certificateIn(r *http.Request) ([]byte, error) {
	m, err := r.MultipartReader()
	if err != nil {
		return nil, formFault(err)
	}
	var pasted []byte
	for n := 0; ; n++ {
		var p *multipart.Part
		if p, err = m.NextPart(); err != nil {
			break
		}
		if n == verifyParts {
			return nil, fault.New(fault.Invalid, "web.form")
		}
		var b []byte
		if b, err = io.ReadAll(p); err != nil {
			break
		}
		if p.FormName() == "file" && len(b) > 0 {
			return b, nil
		}
		if p.FormName() == "text" {
			pasted = bytes.TrimSpace(b) // a browser adds line ends of its own
		}
	}
	if errors.Is(err, io.EOF) {
		return pasted, nil
	}
	return nil, formFault(err)
}
