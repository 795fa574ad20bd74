package web

import (
	"net/http"
	"slices"

	"rakudos/internal/base/actor"
	"rakudos/internal/people/access"
	"rakudos/internal/people/identity"
)

// accessView shows both tables of people/access as they decide.
type accessView struct {
	Page
	Roles   []string
	Data    []accessRow
	Permits []accessRow
	Duties  []access.Apart
	Stated  identity.PersonnelCounts
}

type accessRow struct {
	Says  string
	Cells []accessCell
}

// accessCell is one decision: the sign of the published table and what it means.
type accessCell struct {
	Mark, Word string
	Own        bool // the visitor's own role
}

// Template names the file.
func (*accessView) Template() string { return "access" }

// levelWords say what a level allows.
var levelWords = map[access.Level]string{
	access.None: "見られない", access.Consent: "本人の同意があれば", access.Processed: "加工したものだけ",
	access.Rule: "会社の取扱規程で許した範囲", access.Raw: "そのまま見られる",
}

func (s *server) accessPage(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	view := newAccessView(v)
	var err error
	if view.Stated, err = s.Identity.PersonnelCounts(r.Context(), v.Actor); err != nil {
		return err
	}
	return s.page(w, r, v, view)
}

func newAccessView(v *Visitor) *accessView {
	view := &accessView{Page: Page{Title: "だれが何を見られるか", Here: "/access"}, Duties: access.Duties}
	for _, role := range actor.Columns {
		view.Roles = append(view.Roles, access.RoleName(role))
	}
	for _, d := range access.Data {
		row := accessRow{Says: d.Says}
		for _, role := range actor.Columns {
			l := d.Level[role]
			row.Cells = append(row.Cells, accessCell{l.Mark(), levelWords[l], v.Has(role)})
		}
		view.Data = append(view.Data, row)
	}
	for _, p := range access.Matrix {
		row := accessRow{Says: p.Says}
		for _, role := range actor.Columns {
			c := accessCell{"×", "できない", v.Has(role)}
			if slices.Contains(p.Roles, role) {
				c.Mark, c.Word = "○", "できる"
			}
			row.Cells = append(row.Cells, c)
		}
		view.Permits = append(view.Permits, row)
	}
	return view
}

// accessCSV is the matrix for an auditor's files.
func (s *server) accessCSV(w http.ResponseWriter, _ *http.Request, _ *Visitor) error {
	attachment(w, "text/csv; charset=utf-8", "access-matrix.csv")
	return access.WriteCSV(w)
}
