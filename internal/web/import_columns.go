package web

import (
	"net/http"
	"strconv"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/ids"
	"rakudos/internal/health/checkup"
)

// columnsView lets a person correct which column means what.
type columnsView struct {
	Page
	ID     ids.Import
	Map    *checkup.MappingView
	Groups []targetGroup
}

// targetGroup is a part of the choices, under its own heading.
type targetGroup struct {
	Name    string
	Targets []checkup.Target
}

// Template names the file.
func (*columnsView) Template() string { return "columns" }

func (s *server) importColumnsForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	id, err := ids.Parse[ids.Import](r.PathValue("id"))
	if err != nil {
		return fault.New(fault.Missing, "web.not_found")
	}
	view, err := s.columns(r, v, id)
	if err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

func (s *server) columns(r *http.Request, v *Visitor, id ids.Import) (*columnsView, error) {
	m, err := s.Checkup.Columns(r.Context(), v.Actor, id)
	if err != nil {
		return nil, err
	}
	view := &columnsView{Page: Page{Title: "列の対応", Here: "/imports", Crumbs: []Crumb{{"/imports", "取り込み"}, {"/imports/" + string(id), "健診結果の取り込み"}}}, ID: id, Map: m}
	for _, t := range m.Targets {
		if n := len(view.Groups); n == 0 || view.Groups[n-1].Name != t.Group {
			view.Groups = append(view.Groups, targetGroup{Name: t.Group})
		}
		last := &view.Groups[len(view.Groups)-1]
		last.Targets = append(last.Targets, t)
	}
	return view, nil
}

// importColumns saves the corrected mapping as a new version and reads the file again.
func (s *server) importColumns(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	id, err := ids.Parse[ids.Import](r.PathValue("id"))
	if err != nil {
		return fault.New(fault.Missing, "web.not_found")
	}
	if err := r.ParseForm(); err != nil {
		return formFault(err)
	}
	var cols []checkup.ColumnChoice
	for i := 0; ; i++ {
		n := strconv.Itoa(i)
		if _, ok := r.PostForm["header-"+n]; !ok {
			break
		}
		cols = append(cols, checkup.ColumnChoice{Header: r.PostFormValue("header-" + n), Target: r.PostFormValue("target-" + n)})
	}
	body := strings.TrimSpace(r.PostFormValue("body"))
	err = s.Checkup.Remap(r.Context(), v.Actor, id, cols, body)
	if fault.Is(err, fault.Invalid) && !wantsJSON(r) { // what was chosen stays on the screen
		view, again := s.columns(r, v, id)
		if again != nil {
			return again
		}
		view.Map.Body = body
		for i := range min(len(cols), len(view.Map.Columns)) {
			view.Map.Columns[i].Target = cols[i].Target
		}
		view.Errors = []FieldError{{"", message(err)}}
		return s.pageStatus(w, r, v, http.StatusUnprocessableEntity, view)
	}
	if err != nil {
		return err
	}
	return goTo(w, r, "/imports/"+string(id)+"?done=remapped")
}
