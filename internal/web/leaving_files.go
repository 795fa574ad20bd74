package web

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"rakudos/internal/governance/termination/handover"
)

// filesView lists the hand-over files to those who may see the values in them.
type filesView struct {
	Page
	Files []handover.File
	Duty  string
}

// Template names the file.
func (*filesView) Template() string { return "leaving_files" }

func (s *server) leavingFiles(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	files, err := s.Handover.List(r.Context(), v.Actor)
	if err != nil {
		return err
	}
	return s.page(w, r, v, &filesView{Page: Page{Title: "解約時のデータの受け取り", Here: "/leaving/files"}, Files: files, Duty: handover.Duty})
}

// leavingFile streams one file; its digest stands in a header, as on the page.
func (s *server) leavingFile(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	file, f, err := s.Handover.Take(r.Context(), v.Actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // read only
	attachment(w, "application/zip", "rakudos-handover-"+f.ID+".zip")
	w.Header().Set("Content-Length", strconv.FormatInt(f.Bytes, 10))
	w.Header().Set("X-Content-SHA256", f.Digest)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(uploadMost))
	_, err = io.Copy(w, file)
	return err
}

func itoa(n int) string { return strconv.Itoa(n) }
