package web

import (
	"io"
	"net/http"

	"rakudos/internal/base/fault"
)

// healthGet answers as long as the process can.
func (s *server) healthGet(w http.ResponseWriter, _ *http.Request, _ *Visitor) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, "ok\n")
	return err
}

// readyGet answers 200 once everything behind the pages is up.
func (s *server) readyGet(w http.ResponseWriter, r *http.Request, _ *Visitor) error {
	if s.Ready != nil {
		if err := s.Ready(r.Context()); err != nil {
			return fault.New(fault.Busy, "web.not_ready").Because(err)
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, "ready\n")
	return err
}

// iconGet serves browsers that ask for the icon by its old name.
func (s *server) iconGet(w http.ResponseWriter, _ *http.Request, _ *Visitor) error {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err := w.Write(s.assets.files["icon.svg"])
	return err
}
