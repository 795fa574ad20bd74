package web

import (
	"net/http"
	"strconv"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/governance/accessreview"
	"rakudos/internal/people/tenant"
)

// reviewsView lists the campaigns, and what waits for the reader.
type reviewsView struct {
	Page
	Duties    []accessreview.Duty
	Campaigns []accessreview.Summary
	Tenants   []accessreview.Standing // for the association: where each tenant stands
	First     string                  // the quarter of the first campaign, while there is none
	Calendar  accessreview.Calendar
}

// Template names the file.
func (*reviewsView) Template() string { return "reviews" }

func (s *server) reviewsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := &reviewsView{Page: Page{Title: "権限の見直し", Here: "/reviews"}, Calendar: accessreview.CalendarOf(jst.Of(time.Now()))}
	var err error
	if view.Duties, err = s.Review.Mine(r.Context(), v.Actor); err != nil {
		return err
	}
	if view.Campaigns, err = s.Review.Campaigns(r.Context(), v.Actor); err != nil {
		return err
	}
	all, err := s.Review.Overview(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	if v.TenantKind == tenant.Association {
		view.Tenants = all
	}
	for _, st := range all {
		if st.Tenant == v.Tenant && st.State == accessreview.Waiting {
			if q, ok := accessreview.ParseQuarter(st.Quarter); ok {
				view.First = q.String()
			}
		}
	}
	return s.page(w, r, v, view)
}

// reviewTodos are the reviews that wait for the visitor, for the home page.
func (s *server) reviewTodos(r *http.Request, v *Visitor) ([]todo, error) {
	duties, err := s.Review.Mine(r.Context(), v.Actor)
	if err != nil {
		return nil, err
	}
	var out []todo
	for _, d := range duties {
		left := jst.Of(d.Due).Sub(jst.Of(time.Now()))
		t := todo{reviewPath(d), d.Title + "の権限の見直しで、判断を待っている権限があります", strconv.Itoa(d.Lines) + "件・" + daysLeft(left), ""}
		if d.Foreign {
			t.Text = d.Name + "の管理者の権限が、保健会の判断を待っています"
		}
		switch {
		case left < 0:
			t.Class = "late"
		case left <= soonDays:
			t.Class = "soon"
		}
		out = append(out, t)
	}
	return out, nil
}

func reviewPath(d accessreview.Duty) string {
	if d.Foreign {
		return "/reviews/" + d.Campaign + "?of=" + d.Code
	}
	return "/reviews/" + d.Campaign
}

// reviewState is a chip for a campaign.
func reviewState(s accessreview.State) choice {
	switch s {
	case accessreview.Running:
		return choice{Value: "warn", Name: "実施中"}
	case accessreview.Closing:
		return choice{Value: "warn", Name: "締切処理中"}
	case accessreview.Closed:
		return choice{Value: "ok", Name: "締切済み"}
	case accessreview.Missed:
		return choice{Value: "bad", Name: "行われなかった"}
	case accessreview.NotOpened:
		return choice{Value: "bad", Name: "始まっていない"}
	case accessreview.Void:
		return choice{Value: "", Name: "解約のため終了"}
	}
	return choice{Value: "", Name: "初回待ち"}
}
