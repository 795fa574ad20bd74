package web

import (
	"net/http"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/retention"
	"rakudos/internal/governance/termination"
	"rakudos/internal/governance/termination/handover"
	"rakudos/internal/people/access"
	"rakudos/internal/words"
)

// leavingView is the customer's page of leaving: where the case stands, what is still to be done.
type leavingView struct {
	Page
	Case    *termination.Case
	Steps   []leavingStep
	Files   []handover.File
	Duty    string
	MayTake bool // the visitor may also download the file
	Month   string
	Cooled  bool
}

// leavingStep is one condition of the way out.
type leavingStep struct {
	Done bool
	Name string
	Text string
}

// Template names the file.
func (*leavingView) Template() string { return "leaving" }

func (s *server) leavingView(r *http.Request, v *Visitor) (*leavingView, error) {
	c, err := s.Leaving.Mine(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	view := &leavingView{
		Page: Page{Title: "解約とデータの受け取り", Here: "/leaving"}, Case: c, Duty: handover.Duty,
		MayTake: access.Allows(v.Actor, access.HandoverTake), Month: jst.Of(time.Now()).AddMonths(1).String()[:7],
	}
	if view.Files, err = s.Handover.List(r.Context(), v.Actor); err != nil || c == nil {
		return view, err
	}
	view.Steps, view.Cooled = stepsOf(c), !time.Now().Before(c.ConfirmFrom())
	return view, nil
}

// stepsOf tells people what has been done and what is missing.
func stepsOf(c *termination.Case) []leavingStep {
	receipt, call, confirm := leavingStep{Name: "データの受け取り", Text: "受け取るか、受け取らないことを記録してください。"}, leavingStep{Name: "保健会からの確認の電話", Text: "保健会が、以前から知っている番号に電話します。"}, leavingStep{Name: "二人の確認"}
	if c.Receipt != nil {
		receipt.Done, receipt.Text = true, "受け取りました（"+jst.Stamp(c.Receipt.At)+"）。"
		if c.Receipt.Refused {
			receipt.Text = "受け取らないと記録しました（" + jst.Stamp(c.Receipt.At) + "）。"
		}
	}
	if c.CallBack != nil {
		call.Done, call.Text = true, "済みました（"+jst.Stamp(c.CallBack.At)+"）。"
	}
	confirm.Done = len(c.Confirmed) >= termination.Confirmations
	confirm.Text = jst.Stamp(c.ConfirmFrom()) + " から、異なる二人（うち一人以上は保健会）が確認します。いま " + itoa(len(c.Confirmed)) + " 人です。"
	return []leavingStep{receipt, call, confirm}
}

func (s *server) leavingPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.leavingView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

// leavingAct runs one act of the customer's page; what is wrong is said on the page itself.
func (s *server) leavingAct(act func(*http.Request, *Visitor) error) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		if err := r.ParseForm(); err != nil {
			return formFault(err)
		}
		err := act(r, v)
		if err == nil {
			return goTo(w, r, "/leaving")
		}
		f := faultOf(err)
		if wantsJSON(r) || f.Kind == fault.Internal || f.Kind == fault.Denied && f.Code == "access.denied" {
			return err
		}
		view, err := s.leavingView(r, v)
		if err != nil {
			return err
		}
		view.Errors = []FieldError{{fieldOf(r, f.Code), words.Fault(f).Message + words.Fault(f).Next}}
		return s.pageStatus(w, r, v, statusOf(f), view)
	}
}

// fieldOf leads the error summary to the field that it is about.
func fieldOf(r *http.Request, code string) string {
	switch code {
	case "date.month_past", "date.far", "retention.month", "termination.month_far", "termination.open":
		return "month"
	case "termination.duty":
		return "duty"
	case "termination.how":
		return "how"
	case "termination.name":
		return "name"
	case "termination.reason":
		if strings.HasSuffix(r.URL.Path, "/cancel") {
			return "cancel"
		}
		return "refusal"
	}
	return ""
}

func (s *server) leavingAsk(r *http.Request, v *Visitor) error {
	m, ok := retention.ParseMonth(r.PostFormValue("month"))
	if !ok {
		return fault.New(fault.Invalid, "retention.month")
	}
	if r.PostFormValue("name") != v.TenantCode {
		return fault.New(fault.Invalid, "termination.name")
	}
	_, err := s.Leaving.Request(r.Context(), v.Actor, m)
	return err
}

func (s *server) leavingMake(r *http.Request, v *Visitor) error {
	_, err := s.Handover.Ask(r.Context(), v.Actor)
	return err
}

func (s *server) leavingReceipt(r *http.Request, v *Visitor) error {
	duty := ""
	if r.PostFormValue("duty") == "read" {
		duty = handover.Duty
	}
	return s.Leaving.Receive(r.Context(), v.Actor, r.PostFormValue("kind") == "refused", r.PostFormValue("reason"), duty)
}

func (s *server) leavingConfirm(r *http.Request, v *Visitor) error {
	return s.Leaving.ConfirmOwn(r.Context(), v.Actor)
}

func (s *server) leavingCancel(r *http.Request, v *Visitor) error {
	return s.Leaving.Cancel(r.Context(), v.Actor, r.PostFormValue("reason"))
}
