package web

import (
	"net/http"

	"rakudos/internal/base/fault"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/people/access"
	"rakudos/internal/words"
)

// certificateView is one certificate with the register of its presentations (clause 6-4).
type certificateView struct {
	Page
	C          certificateLine
	Presented  []certificate.Presentation
	MayPresent bool
	Request    certificate.Request
	Now        string // the presentation that was just registered
}

// Template names the file.
func (*certificateView) Template() string { return "certificate" }

func (s *server) certificateView(r *http.Request, v *Visitor) (*certificateView, error) {
	id := r.PathValue("id")
	e, err := s.Certificates.Entry(r.Context(), v.Actor, id)
	if err != nil {
		return nil, err
	}
	view := &certificateView{
		Page: Page{Title: "消去証明書 " + e.Body.Tenant.Name, Here: "/certificates", Crumbs: []Crumb{{"/certificates", "消去証明書"}}},
		C:    lineOf(e), MayPresent: access.Allows(v.Actor, access.CertificatePresent), Now: r.URL.Query().Get("presented"),
	}
	view.Presented, err = s.Certificates.Presentations(r.Context(), v.Actor, id)
	return view, err
}

func (s *server) certificatePage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.certificateView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// certificatePresent registers who asked and how that was checked; the files follow on the page.
func (s *server) certificatePresent(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	id := r.PathValue("id")
	asks := certificate.Request{Requester: r.PostFormValue("requester"), Organisation: r.PostFormValue("organisation"), Checked: r.PostFormValue("checked")}
	pid, err := s.Certificates.Present(r.Context(), v.Actor, id, asks)
	if err == nil {
		return goTo(w, r, "/certificates/"+id+"?presented="+pid)
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Kind != fault.Invalid {
		return err
	}
	view, err := s.certificateView(r, v)
	if err != nil {
		return err
	}
	view.Request = asks
	view.Errors = []FieldError{{f.Args["field"], words.Fault(f).Message}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

// certificateJSON and certificatePDF hand out the file of a registered presentation.
func (s *server) certificateJSON(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	f, err := s.Certificates.HandOut(r.Context(), v.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	b, err := f.Encode()
	if err != nil {
		return err
	}
	attachment(w, "application/json", "certificate-"+f.Certificate.ID+".json")
	_, err = w.Write(b)
	return err
}

func (s *server) certificatePDF(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	f, err := s.Certificates.HandOut(r.Context(), v.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	attachment(w, "application/pdf", "certificate-"+f.Certificate.ID+".pdf")
	return f.Print(w, "https://"+r.Host)
}
