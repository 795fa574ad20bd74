package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"rakudos/internal/health/checkup"
	"rakudos/internal/people/access"
	"rakudos/internal/web/chart"
)

// checkupsView is the list of a year's check-ups with its filters as a sentence.
type checkupsView struct {
	Page
	List      *checkup.ListView
	Sites     []choice
	Depts     []choice
	Judges    []choice
	Fitness   []choice
	Follow    []choice
	Years     []choice
	Sentence  []filterChip
	Counts    []countCard
	Bars      any
	Pager     Pager
	Sorts     map[string]sortLink
	Q         string
	CSV, XLSX string
	MayImport bool
	MayExport bool // whoever reads for support takes no file away
	ShowItems bool // some row may name the items that decided
	Unasked   bool // of somebody it is not known whether medicine is taken
}

// Template names the file.
func (*checkupsView) Template() string { return "checkups" }

// choice is an option of a select field.
type choice struct {
	Value, Name string
	Chosen      bool
}

// filterChip is a piece of the filter sentence; Remove is the address without it.
type filterChip struct{ Text, Remove string }

// countCard is the number of people with a judgement; it leads to just those.
type countCard struct {
	Letter string
	N      int
	Path   string
	Here   bool
}

// sortLink turns a column's order round.
type sortLink struct{ Path, Aria string }

// judgeFilters are the judgement filters in the words of the sentence.
var judgeFilters = []choice{
	{Value: "A", Name: "判定A"}, {Value: "B", Name: "判定B"}, {Value: "C", Name: "判定C"}, {Value: "D", Name: "判定D"}, {Value: "E", Name: "判定E"},
	{Value: "C+", Name: "判定C以上"}, {Value: "D+", Name: "判定D以上"}, {Value: "guidance", Name: "保健指導の対象"}, {Value: "referral", Name: "受診勧奨の対象"}, {Value: "none", Name: "未受診"},
}

// fitnessFilters are the filters by the physician's opinion.
var fitnessFilters = []choice{
	{Value: checkup.Waiting, Name: "未判定"}, {Value: checkup.Overdue, Name: "未判定（期限を過ぎた人）"}, {Value: checkup.Upcoming, Name: "未判定（期限の前の人）"},
	{Value: string(checkup.Normal), Name: checkup.Normal.Japanese()}, {Value: string(checkup.Restricted), Name: checkup.Restricted.Japanese()}, {Value: string(checkup.Leave), Name: checkup.Leave.Japanese()},
}

// followFilters are the filters by what became of a recommendation.
var followFilters = []choice{{Value: checkup.FollowOpen, Name: "受診の確認がまだ"}, {Value: checkup.FollowDone, Name: "受診の確認ずみ"}}

// checkupFilter reads the address; what it does not know is left out.
func checkupFilter(r *http.Request) checkup.Filter {
	q := r.URL.Query()
	f := checkup.Filter{Site: q.Get("site"), Dept: q.Get("dept"), Judgement: q.Get("judgement"), Fitness: q.Get("fitness"), Follow: q.Get("follow"), Q: strings.TrimSpace(q.Get("q")), Sort: q.Get("sort"), Per: 50}
	f.Year, _ = strconv.Atoi(q.Get("year"))
	f.Page, _ = strconv.Atoi(q.Get("page"))
	f.Page = max(f.Page, 1)
	return f
}

func (s *server) checkupsPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	list, err := s.Checkup.List(r.Context(), v.Actor, checkupFilter(r))
	if err != nil {
		return err
	}
	view := newCheckupsView(r, list)
	view.MayImport, view.MayExport = access.Allows(v.Actor, access.CheckupImport), s.may(v, access.CheckupExport) == nil
	return s.page(w, r, v, view)
}

func newCheckupsView(r *http.Request, list *checkup.ListView) *checkupsView {
	f := list.Filter
	view := &checkupsView{Page: Page{Title: "健診結果の一覧", Here: "/checkups"}, List: list, Q: f.Q, Pager: pagerOf(r, list.Total, 50)}
	for _, y := range list.Years {
		view.Years = append(view.Years, choice{strconv.Itoa(y), strconv.Itoa(y) + "年度", y == f.Year})
	}
	for _, j := range judgeFilters {
		j.Chosen = j.Value == f.Judgement
		view.Judges = append(view.Judges, j)
	}
	for _, c := range fitnessFilters {
		c.Chosen = c.Value == f.Fitness
		view.Fitness = append(view.Fitness, c)
	}
	for _, c := range followFilters {
		c.Chosen = c.Value == f.Follow
		view.Follow = append(view.Follow, c)
	}
	for _, c := range list.Counts {
		l := string(c.Letter)
		all, _ := url.Parse(with(r.URL, "fitness", ""))
		all, _ = url.Parse(with(all, "follow", "")) // the counts are of everybody, so are their lists
		view.Counts = append(view.Counts, countCard{l, c.N, with(all, "judgement", l), l == f.Judgement && f.Fitness == "" && f.Follow == ""})
	}
	for _, x := range list.Sites {
		view.Sites = append(view.Sites, choice{string(x.ID), x.Name, list.Filter.Site == string(x.ID) || list.Filter.Site == x.Code})
	}
	for _, x := range list.Departments {
		view.Depts = append(view.Depts, choice{string(x.ID), x.Name, list.Filter.Dept == string(x.ID) || list.Filter.Dept == x.Name})
	}
	for _, row := range list.Rows {
		view.ShowItems = view.ShowItems || len(row.Worst) > 0
		view.Unasked = view.Unasked || row.MedicationUnknown && row.Action != ""
	}
	view.Sentence = view.sentence(r)
	view.Sorts = map[string]sortLink{}
	for _, k := range []string{"number", "name", "judgement", "day", "dept"} {
		view.Sorts[k] = sortOf(r, f.Sort, k)
	}
	view.Bars = deptBars(list)
	view.CSV = strings.Replace(with(r.URL, "page", ""), "/checkups", "/checkups.csv", 1)
	view.XLSX = strings.Replace(with(r.URL, "page", ""), "/checkups", "/checkups.xlsx", 1)
	return view
}

func sortOf(r *http.Request, now, key string) sortLink {
	switch now {
	case key:
		return sortLink{with(r.URL, "sort", "-"+key), "ascending"}
	case "-" + key:
		return sortLink{with(r.URL, "sort", key), "descending"}
	}
	return sortLink{Path: with(r.URL, "sort", key)}
}

// sentence says what is shown, piece by piece, each removable.
func (v *checkupsView) sentence(r *http.Request) []filterChip {
	var out []filterChip
	for _, y := range v.Years {
		if y.Chosen {
			out = append(out, filterChip{Text: y.Name})
		}
	}
	for _, g := range []struct {
		name string
		from []choice
	}{{"site", v.Sites}, {"dept", v.Depts}, {"judgement", v.Judges}, {"fitness", v.Fitness}, {"follow", v.Follow}} {
		for _, c := range g.from {
			if c.Chosen {
				out = append(out, filterChip{c.Name, with(r.URL, g.name, "")})
			}
		}
	}
	if v.Q != "" {
		out = append(out, filterChip{"「" + v.Q + "」を含む", with(r.URL, "q", "")})
	}
	return out
}

// maxBars keeps the chart readable; narrowing by site shows the others.
const maxBars = 40

// deptBars shows per department how many have which judgement.
func deptBars(list *checkup.ListView) any {
	if len(list.Depts) == 0 {
		return nil
	}
	b := chart.Bars{Figure: chart.Figure{ID: "by-dept", Title: "部署ごとの人数", Unit: "人", Desc: "部署ごとに、判定と未受診の人数を積み上げた横棒です。"}}
	for _, d := range list.Depts[:min(len(list.Depts), maxBars)] {
		row := chart.Bar{Label: strings.TrimSpace(d.Site + " " + d.Dept)}
		if row.Label == "" {
			row.Label = "部署なし"
		}
		if list.ShowJudgement {
			for _, l := range []checkup.Letter{"A", "B", "C", "D", "E"} {
				row.Parts = append(row.Parts, chart.Part{Class: string(l), Label: judgeOf(l).Word, Value: d.Letters[l]})
			}
		} else {
			row.Parts = append(row.Parts, chart.Part{Label: "受診済み", Value: d.Examined})
		}
		row.Parts = append(row.Parts, chart.Part{Class: "none", Label: "未受診", Value: d.Population - d.Examined})
		b.Rows = append(b.Rows, row)
	}
	return b.HTML()
}
