package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/retention"
	"rakudos/internal/people/access"
	"rakudos/internal/words"
)

// retentionView is what a tenant keeps and what of it has expired, for the tenant or for the association's desk.
type retentionView struct {
	Page
	At      string // path of the page, to which its forms belong
	Classes []retention.ClassCount
	Waiting []candidateLine // open ones
	Others  []candidateLine
	Decides bool
	Days    int

	Reason, Again string // what was typed

	Longer   []retention.Lengthened
	Lengthen *lengthenForm // the desk's; nil elsewhere
}

// lengthenForm is what was typed.
type lengthenForm struct {
	Classes              []retention.Class
	Class, Years, Source string
	Most                 int
}

// Template names the file.
func (*retentionView) Template() string { return "retention" }

// retentionDeskView lists the tenants, those with open candidates first.
type retentionDeskView struct {
	Page
	Waiting, Others []deskCustomer
}

type deskCustomer struct {
	retention.Customer
	Name, Code string
}

// Template names the file.
func (*retentionDeskView) Template() string { return "retention_desk" }

func (s *server) retentionView(r *http.Request, v *Visitor) (view *retentionView, err error) {
	view = &retentionView{Page: Page{Title: "保持期間", Here: "/retention"}, At: "/retention", Decides: access.Allows(v.Actor, access.RetentionCustomer), Days: retention.WaitDays}
	var all []retention.Candidate
	if id := r.PathValue("id"); id != "" {
		if all, err = s.Retention.Of(r.Context(), v.Actor, ids.Tenant(id)); err != nil {
			return nil, err
		}
		t, err := s.Tenants.ByID(r.Context(), ids.Tenant(id))
		if err != nil {
			return nil, err
		}
		view.Page = Page{Title: t.Name + "の保持期間", Here: "/desk/retention", Crumbs: []Crumb{{"/desk/retention", "契約先の保持期間"}}}
		view.At, view.Decides = "/desk/retention/"+id, true
		view.Lengthen = &lengthenForm{Classes: retention.Classes, Class: r.PostFormValue("class"), Years: r.PostFormValue("years"), Source: r.PostFormValue("source"), Most: retention.MostYears}
		if view.Longer, err = s.Retention.LengthenedOf(r.Context(), v.Actor, t.ID); err != nil {
			return nil, err
		}
	} else {
		if view.Classes, err = s.Retention.Overview(r.Context(), v.Actor); err != nil {
			return nil, err
		}
		if all, err = s.Retention.Mine(r.Context(), v.Actor); err != nil {
			return nil, err
		}
		if view.Longer, err = s.Retention.Lengthened(r.Context(), v.Actor); err != nil {
			return nil, err
		}
	}
	view.Reason, view.Again = r.PostFormValue("reason"), jst.Of(time.Now()).AddMonths(12).String()
	if r.PostForm.Has("again") {
		view.Again = r.PostFormValue("again")
	}
	whose, err := s.whose(r, v, all)
	if err != nil {
		return nil, err
	}
	view.sort(all, whose, r.PostForm["candidate"])
	return view, nil
}

func (s *server) retentionPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.retentionView(r, v)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

func (s *server) retentionDesk(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	all, err := s.Retention.Customers(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	view := &retentionDeskView{Page: Page{Title: "契約先の保持期間", Here: "/desk/retention"}}
	for _, c := range all {
		t, err := s.Tenants.ByID(r.Context(), c.Tenant)
		if err != nil {
			return err
		}
		one := deskCustomer{c, t.Name, t.Code}
		if c.Waiting > 0 {
			view.Waiting = append(view.Waiting, one)
		} else {
			view.Others = append(view.Others, one)
		}
	}
	return s.page(w, r, v, view)
}

var retentionFields = map[string]string{"retention.reason": "reason", "retention.source": "source", "retention.again": "again", "retention.shorter": "years", "retention.class_unknown": "class"}

// retentionAct runs one decision; what is wrong is said on the page itself.
func (s *server) retentionAct(act func(context.Context, *http.Request, *Visitor) error) Action {
	return func(w http.ResponseWriter, r *http.Request, v *Visitor) error {
		if err := r.ParseForm(); err != nil {
			return formFault(err)
		}
		err := act(r.Context(), r, v)
		at := "/retention"
		if id := r.PathValue("id"); id != "" {
			at = "/desk/retention/" + id
		}
		if err == nil {
			return goTo(w, r, at)
		}
		f := faultOf(err)
		if wantsJSON(r) || f.Kind == fault.Internal || f.Kind == fault.Missing || f.Code == "access.denied" {
			return err
		}
		view, err := s.retentionView(r, v)
		if err != nil {
			return err
		}
		view.Errors = []FieldError{{retentionFields[f.Code], words.Fault(f).Message + words.Fault(f).Next}}
		return s.pageStatus(w, r, v, statusOf(f), view)
	}
}

func (s *server) retentionApprove(ctx context.Context, r *http.Request, v *Visitor) error {
	if id := r.PathValue("id"); id != "" {
		return s.Retention.Approve(ctx, v.Actor, ids.Tenant(id), r.PostForm["candidate"])
	}
	return s.Retention.ApproveOwn(ctx, v.Actor, r.PostForm["candidate"])
}

func (s *server) retentionDecline(ctx context.Context, r *http.Request, v *Visitor) error {
	again, err := jst.ParseDate(r.PostFormValue("again"))
	if err != nil {
		again = jst.Date{} // the service refuses it, once it knows that the desk reaches the tenant at all
	}
	if id := r.PathValue("id"); id != "" {
		return s.Retention.Decline(ctx, v.Actor, ids.Tenant(id), r.PostForm["candidate"], r.PostFormValue("reason"), again)
	}
	return s.Retention.DeclineOwn(ctx, v.Actor, r.PostForm["candidate"], r.PostFormValue("reason"), again)
}

func (s *server) retentionLengthen(ctx context.Context, r *http.Request, v *Visitor) error {
	years, err := strconv.Atoi(strings.TrimSpace(r.PostFormValue("years")))
	if err != nil {
		years = 0 // the service refuses it, once it knows that the desk reaches the tenant at all
	}
	return s.Retention.Lengthen(ctx, v.Actor, ids.Tenant(r.PathValue("id")), r.PostFormValue("class"), years, r.PostFormValue("source"))
}
