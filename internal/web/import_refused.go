package web

import (
	"net/http"
	"strconv"

	"rakudos/internal/base/tabular"
)

// importRefused gives the lines that do not go in as a file, to send to whoever wrote the original.
func (s *server) importRefused(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	doc, err := s.findImport(r, v)
	if err != nil {
		return err
	}
	view := newImportView(doc, r)
	attachment(w, "text/csv; charset=utf-8", "refused.csv")
	out := tabular.NewCSVWriter(w)
	if err := out.Write([]string{"行", "区分", "列", "理由"}); err != nil {
		return err
	}
	for _, l := range view.Doc.Refused {
		kind := "誤り"
		if l.Unmatched {
			kind = "本人が決まらない"
		}
		if err := out.Write([]string{strconv.Itoa(l.Line), kind, l.Column, l.Reason}); err != nil {
			return err
		}
	}
	return out.Flush()
}
