package web

import (
	"net/http"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/governance/certificate"
	"rakudos/internal/governance/termination"
	"rakudos/internal/words"
)

// leavingDeskView lists the customers on their way out, for the association.
type leavingDeskView struct {
	Page
	Cases  []deskCase
	Unread int // cases whose seal does not open
}

type deskCase struct {
	*termination.Case
	Word string
	Late bool
}

// Agreed tells whether two people have confirmed: nobody is asked for a third.
func (c deskCase) Agreed() bool { return len(c.Confirmed) >= termination.Confirmations }

// Template names the file.
func (*leavingDeskView) Template() string { return "leaving_desk" }

var phaseWords = map[termination.Phase]string{
	termination.Requested: "準備中", termination.Confirmed: "消去の日を待っています", termination.Erasing: "消去しています", termination.Held: "一部を保全しています",
	termination.Erased: "消去しました（第1段階の証明書）", termination.Closed: "終わりました（第2段階の証明書）", termination.Cancelled: "取り消しました",
}

func (s *server) leavingDesk(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	all, unread, err := s.Leaving.Desk(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	view := &leavingDeskView{Page: Page{Title: "解約の受付", Here: "/desk/leaving"}, Unread: unread}
	for _, c := range all {
		view.Cases = append(view.Cases, deskCase{c, phaseWords[c.Phase()], c.Late(time.Now())})
	}
	return s.page(w, r, v, view)
}

// leavingCaseView is one case.
type leavingCaseView struct {
	Page
	C      deskCase
	Steps  []leavingStep
	Open   bool // may still be changed
	Cooled bool
}

// CallAt is where the call-back is recorded.
func (v *leavingCaseView) CallAt() string { return "/desk/leaving/" + v.C.ID + "/call" }

// Template names the file.
func (*leavingCaseView) Template() string { return "leaving_case" }

func (s *server) leavingCaseView(r *http.Request, v *Visitor) (*leavingCaseView, error) {
	c, err := s.Leaving.Case(r.Context(), v.Actor, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := c.Phase()
	return &leavingCaseView{
		Page: Page{Title: c.Name + "の解約", Here: "/desk/leaving", Crumbs: []Crumb{{"/desk/leaving", "解約の受付"}}},
		C:    deskCase{c, phaseWords[p], c.Late(time.Now())}, Steps: stepsOf(c),
		Open: p == termination.Requested || p == termination.Confirmed, Cooled: !time.Now().Before(c.ConfirmFrom()),
	}, nil
}

func (s *server) leavingCase(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.leavingCaseView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// deskAct runs one act of the desk.
func (s *server) deskAct(act func(*http.Request, *Visitor, string) error) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		if err := r.ParseForm(); err != nil {
			return formFault(err)
		}
		id := r.PathValue("id")
		err := act(r, v, id)
		if err == nil {
			return goTo(w, r, "/desk/leaving/"+id)
		}
		f := faultOf(err)
		if wantsJSON(r) || f.Kind == fault.Internal || f.Kind == fault.Missing || f.Code == "access.denied" {
			return err
		}
		view, err := s.leavingCaseView(r, v)
		if err != nil {
			return err
		}
		view.Errors = []FieldError{{fieldOf(r, f.Code), words.Fault(f).Message + words.Fault(f).Next}}
		return s.pageStatus(w, r, v, statusOf(f), view)
	}
}

func (s *server) deskCall(r *http.Request, v *Visitor, id string) error {
	return s.Leaving.CallBack(r.Context(), v.Actor, id, r.PostFormValue("how"))
}

func (s *server) deskConfirm(r *http.Request, v *Visitor, id string) error {
	return s.Leaving.Confirm(r.Context(), v.Actor, id)
}

func (s *server) deskCancel(r *http.Request, v *Visitor, id string) error {
	return s.Leaving.CancelFor(r.Context(), v.Actor, id, r.PostFormValue("reason"))
}

// certificatesView is the register of certificates.
type certificatesView struct {
	Page
	All []certificateLine
}

type certificateLine struct {
	certificate.Entry
	StateWord, StageWord string
}

// Template names the file.
func (*certificatesView) Template() string { return "certificates" }

func lineOf(e certificate.Entry) certificateLine {
	return certificateLine{e, certificate.StateName(e.State), certificate.StageName(e.Stage)}
}

func (s *server) certificatesPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	all, err := s.Certificates.List(r.Context(), v.Actor, 500)
	if err != nil {
		return err
	}
	view := &certificatesView{Page: Page{Title: "消去証明書", Here: "/certificates"}}
	for _, e := range all {
		view.All = append(view.All, lineOf(e))
	}
	return s.page(w, r, v, view)
}
