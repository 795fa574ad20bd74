package web

import (
	"net/http"
	"slices"

	"rakudos/internal/base/tabular"
)

// checkupsCSV gives exactly what the list shows, all pages of it.
func (s *server) checkupsCSV(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	header, rows, err := s.Checkup.Export(r.Context(), v.Actor, checkupFilter(r))
	if err != nil {
		return err
	}
	attachment(w, "text/csv; charset=utf-8", "checkups.csv")
	out := tabular.NewCSVWriter(w)
	for _, row := range slices.Concat([][]string{header}, rows) {
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return out.Flush()
}

// checkupsXLSX is the same as a workbook.
func (s *server) checkupsXLSX(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	header, rows, err := s.Checkup.Export(r.Context(), v.Actor, checkupFilter(r))
	if err != nil {
		return err
	}
	attachment(w, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "checkups.xlsx")
	return tabular.WriteXLSX(w, "健診結果", header, slices.Values(rows))
}
