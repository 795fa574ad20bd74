package web

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/governance/accessreview"
)

// reviewDecide takes the verdict about one line and goes on to the next.
func (s *server) reviewDecide(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view, err := s.reviewView(r, v)
	if err != nil {
		return err
	}
	no, _ := strconv.Atoi(r.PostFormValue("line")) // what is no number is no line
	verdict := accessreview.Verdict{No: no, Decision: accessreview.Decision(r.PostFormValue("decision")), Reason: r.PostFormValue("reason"), ToSite: ids.Site(r.PostFormValue("site"))}
	if verdict.Decision != accessreview.Reduce {
		verdict.ToSite = ""
	} else if !chosen(view.Sites, string(verdict.ToSite)) {
		err = fault.New(fault.Invalid, "review.reduce")
	}
	if err == nil {
		err = s.Review.Decide(r.Context(), v.Actor, view.Of, view.S.ID, []accessreview.Verdict{verdict})
	}
	f := faultOf(err)
	switch {
	case err == nil:
		return goTo(w, r, view.again("decided", nextLine(view, no)))
	case wantsJSON(r) || f.Kind != fault.Invalid && f.Kind != fault.Conflict:
		return err
	}
	view.Wrong1, view.Reason = no, verdict.Reason
	view.Errors = []FieldError{{"reason-" + strconv.Itoa(no), message(f)}}
	return s.pageStatus(w, r, v, statusOf(f), view)
}

func chosen(from []choice, value string) bool {
	for _, c := range from {
		if c.Value == value && value != "" {
			return true
		}
	}
	return false
}

// nextLine is the undecided line of the reader that stands after a line on the page.
func nextLine(view *reviewView, no int) int {
	after := false
	for _, l := range view.Lines {
		if after && l.Mine && l.Decision != accessreview.Keep {
			return l.No
		}
		after = after || l.No == no
	}
	return 0
}

// again is the address of the same page after an act.
func (view *reviewView) again(done string, next int) string {
	q := url.Values{"done": {"review-" + done}}
	if view.Of != "" {
		q.Set("of", view.Of)
	}
	if view.Show != "mine" {
		q.Set("show", view.Show)
	}
	if view.Pager.Page > 1 {
		q.Set("page", strconv.Itoa(view.Pager.Page))
	}
	path := "/reviews/" + url.PathEscape(view.S.ID) + "?" + q.Encode()
	if next > 0 {
		path += "#line-" + strconv.Itoa(next)
	}
	return path
}

// reviewKeepRest keeps what nothing stands out about.
func (s *server) reviewKeepRest(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	view, err := s.reviewView(r, v)
	if err != nil {
		return err
	}
	if _, err := s.Review.KeepRest(r.Context(), v.Actor, view.Of, view.S.ID); err != nil {
		return err
	}
	return goTo(w, r, view.again("kept", 0))
}

// reportView is what a campaign came to.
type reportView struct {
	Page
	S     *accessreview.Sheet
	R     *accessreview.Report // the sealed figures, once there are any
	Of    string
	Marks []figure
	Stamp string
}

// Template names the file.
func (*reportView) Template() string { return "review_report" }

var stampWords = map[string]string{
	"none":  "目立った点はありません。",
	"watch": "気になる点のある権限を含め、すべてを「続ける」としています。理由を確かめてください。",
	"high":  "判断の半分以上が3秒より速く、内容を確かめずに判断したおそれがあります。",
}

func newReportView(sheet *accessreview.Sheet, of string) *reportView {
	view := &reportView{Page: Page{Title: sheet.Title() + "の見直しの報告", Here: "/reviews", Crumbs: []Crumb{{"/reviews", "権限の見直し"}}}, S: sheet, R: sheet.Report}
	if sheet.Campaign.Report != nil {
		view.R = sheet.Campaign.Report
	}
	if sheet.Foreign {
		view.Of = of
	}
	view.Stamp = stampWords[view.R.Stamping]
	for _, f := range accessreview.Flags {
		if n := view.R.Flagged[f]; n > 0 {
			view.Marks = append(view.Marks, figure{Text: f.Japanese(), Value: strconv.Itoa(n)})
		}
	}
	return view
}

func (s *server) reviewReport(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	sheet, err := s.Review.Sheet(r.Context(), v.Actor, r.FormValue("of"), r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.page(w, r, v, newReportView(sheet, r.FormValue("of")))
}

// reviewFile gives the report as a file.
func (s *server) reviewFile(kind string) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		sheet, err := s.Review.Sheet(r.Context(), v.Actor, r.FormValue("of"), r.PathValue("id"))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		write, mime := sheet.WriteJSON, "application/json; charset=utf-8"
		if kind == "csv" {
			names, err := s.placeNames(r.Context(), v, sheet)
			if err != nil {
				return err
			}
			write, mime = func(w io.Writer) error { return sheet.WriteCSV(w, names) }, "text/csv; charset=utf-8"
		}
		if err := write(&b); err != nil {
			return err
		}
		attachment(w, mime, "access-review-"+sheet.Tenant.Code+"-"+sheet.ID+"."+kind)
		_, err = w.Write(b.Bytes())
		return err
	}
}
