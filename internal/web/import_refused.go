package web

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"

	"rakudos/internal/base/tabular"
)

// importRefused gives the lines that do not go in as a file, to send to whoever wrote the original.
func (s *server) importRefused(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	doc, done, err := s.findImport(r, v)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	err = writeRefused(&file, doc)
	done()
	if err != nil {
		return err
	}
	attachment(w, "text/csv; charset=utf-8", "refused.csv")
	_, err = file.WriteTo(w)
	return err
}

func writeRefused(w io.Writer, doc *importDoc) error {
	sortRefused(doc)
	out := tabular.NewCSVWriter(w)
	if err := out.Write([]string{"行", "区分", "列", "理由"}); err != nil {
		return err
	}
	for _, l := range doc.Refused {
		kind := "誤り"
		if l.Unmatched {
			kind = "本人が決まらない"
		}
		if err := out.Write([]string{strconv.Itoa(l.Line), kind, l.Column, l.Reason}); err != nil {
			return err
		}
	}
	if n := doc.More + doc.ReasonsMore; n > 0 {
		if err := out.Write([]string{"", "ほか", "", moreRefused(doc)}); err != nil {
			return err
		}
	}
	return out.Flush()
}

// moreRefused says what of the refused lines is counted only; empty when all of them are listed.
func moreRefused(d *importDoc) string {
	var parts []string
	if d.More > 0 {
		parts = append(parts, "このほかに、一覧にない行が"+group(d.More)+"行あります。")
	}
	if d.ReasonsMore > 0 {
		parts = append(parts, "一覧の行には、このほかに"+group(d.ReasonsMore)+"件の理由があります。")
	}
	return strings.Join(parts, "")
}
