package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"rakudos/internal/base/ids"
	"rakudos/internal/base/jst"
	"rakudos/internal/governance/accessreview"
)

// reviewView is a campaign with the lines that the address asks for.
type reviewView struct {
	Page
	S        *accessreview.Sheet
	Of       string // the other tenant, when it is one
	Lines    []reviewLine
	Shows    []choice
	Show     string
	DaysLeft int
	Plain    int // lines of the reader's that may be kept together
	Sites    []choice
	Pager    Pager
	Wrong1   int    // the line whose verdict was not accepted
	Reason   string // what was typed there
}

// reviewLine is a line in words.
type reviewLine struct {
	accessreview.Line
	Reach, Asked string // how far the grant reaches; who is asked
	Mine         bool
	State        choice
}

// Template names the file.
func (*reviewView) Template() string { return "review" }

// reviewShows are the parts of a campaign that one may look at.
var reviewShows = []choice{{Value: "mine", Name: "自分の判断待ち"}, {Value: "open", Name: "未判断"}, {Value: "flagged", Name: "気になる点あり"}, {Value: "all", Name: "すべて"}}

func (s *server) reviewView(r *http.Request, v *Visitor) (*reviewView, error) {
	of := r.FormValue("of")
	sheet, err := s.Review.Sheet(r.Context(), v.Actor, of, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	view := newReviewView(sheet, v, r.FormValue("show"))
	if sheet.Foreign {
		view.Of = of
	}
	names, err := s.placeNames(r.Context(), v, sheet)
	if err != nil {
		return nil, err
	}
	if !sheet.Foreign {
		d, err := s.Org.Directory(r.Context(), v.Tenant)
		if err != nil {
			return nil, err
		}
		for _, x := range d.Sites() {
			view.Sites = append(view.Sites, choice{Value: string(x.ID), Name: x.Name})
		}
	}
	for i := range view.Lines {
		view.Lines[i].Reach = reach(&view.Lines[i].Line, names)
	}
	view.Pager = pagerOf(r, len(view.Lines), 50)
	view.Lines = view.Lines[view.Pager.from():view.Pager.to()]
	return view, nil
}

// placeNames are the names of sites and departments, which are about nobody, by their identifiers; of another tenant's
// campaign there are none.
func (s *server) placeNames(ctx context.Context, v *Visitor, sheet *accessreview.Sheet) (map[string]string, error) {
	names := map[string]string{}
	if sheet.Foreign {
		return names, nil
	}
	d, err := s.Org.Directory(ctx, v.Tenant)
	if err != nil {
		return nil, err
	}
	for _, x := range d.Sites() {
		names[string(x.ID)] = x.Name
	}
	for _, x := range d.Depts() {
		names[string(x.ID)] = x.Name
	}
	return names, nil
}

// newReviewView puts what waits for the reader first, and of that what stands out.
func newReviewView(sheet *accessreview.Sheet, v *Visitor, show string) *reviewView {
	view := &reviewView{Page: Page{Title: sheet.Title() + "の権限の見直し", Here: "/reviews", Crumbs: []Crumb{{"/reviews", "権限の見直し"}}}, S: sheet,
		DaysLeft: jst.Of(sheet.DueAt).Sub(jst.Of(time.Now()))}
	if show == "" {
		show = "all"
		if sheet.Mine > 0 {
			show = "mine"
		}
	}
	view.Show = show
	count := map[string]int{}
	called := map[ids.Account]string{}
	for _, l := range sheet.Lines {
		called[ids.Account(l.Subject)] = l.Name
	}
	for _, l := range sheet.Lines {
		open := l.Decision == accessreview.Open && sheet.State == accessreview.Running || l.Decision == accessreview.Escalated
		x := reviewLine{Line: l, Mine: l.Reviewer == v.Account && l.ReviewerOf == v.Tenant && (open || l.Decision == accessreview.Keep && sheet.State == accessreview.Running), State: decisionChip(&l), Asked: called[l.Reviewer]}
		x.Login = identifier.ReplaceAllString(l.Login, "$1…$2") // of a machine, which has no name to sign in with
		switch {
		case l.Reviewer == "":
			x.Asked = "担当できる人がいません"
		case l.ReviewerOf != sheet.Tenant.ID:
			x.Asked = "保健会のITサービスマネジャー"
		}
		if x.Mine && open && !l.Flagged() && l.Decision == accessreview.Open {
			view.Plain++
		}
		in := map[string]bool{"mine": x.Mine && open, "open": open, "flagged": l.Flagged(), "all": true}
		for k, yes := range in {
			if yes {
				count[k]++
			}
		}
		if in[show] {
			view.Lines = append(view.Lines, x)
		}
	}
	for _, c := range reviewShows {
		view.Shows = append(view.Shows, choice{c.Value, c.Name + "（" + strconv.Itoa(count[c.Value]) + "）", c.Value == show})
	}
	slices.SortStableFunc(view.Lines, func(a, b reviewLine) int { return rank(a) - rank(b) })
	return view
}

func rank(l reviewLine) int {
	n := 4
	if l.Mine && l.Decision != accessreview.Keep {
		n = 0
	} else if l.Decision == accessreview.Open {
		n = 2
	}
	if !l.Flagged() {
		n++
	}
	return n
}

func decisionChip(l *accessreview.Line) choice {
	c := choice{Value: "", Name: l.Decision.Japanese()}
	switch l.Decision {
	case accessreview.Open, accessreview.Escalated:
		c.Value = "warn"
	case accessreview.Keep:
		c.Value = "ok"
	case accessreview.Revoke, accessreview.Reduce, accessreview.Suspended:
		if l.ReadBack != "denied" {
			c.Value = "bad"
		}
	}
	return c
}

// reach says how far a grant goes.
func reach(l *accessreview.Line, names map[string]string) string {
	if l.Kind != accessreview.Account {
		return ""
	}
	site, dept := "すべての事業所", ""
	if l.Site != "" {
		if site = names[string(l.Site)]; site == "" {
			site = "一つの事業所"
		}
	}
	if l.Dept != "" {
		if dept = names[string(l.Dept)]; dept == "" {
			dept = "一つの部署"
		}
		dept = "・" + dept
	}
	return site + dept
}

// reviewPage shows a campaign; for a reviewer with something to decide the clock of the decisions starts.
func (s *server) reviewPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view, err := s.reviewView(r, v)
	if err != nil {
		return err
	}
	if err := s.Review.Begin(r.Context(), v.Actor, view.S); err != nil {
		return err
	}
	return s.page(w, r, v, view)
}
