package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/ids"
)

// uploadView is the first step of an import.
type uploadView struct {
	Page
	Roster bool
	Action string
	Full   bool // the file names everybody
}

// Template names the file.
func (*uploadView) Template() string { return "upload" }

func rosterUpload() *uploadView {
	return &uploadView{Page{Title: "名簿の取り込み", Here: "/people", Crumbs: []Crumb{{"/people", "従業員"}}}, true, "/people/import", false}
}

func checkupUpload() *uploadView {
	return &uploadView{Page{Title: "健診結果の取り込み", Here: "/imports", Crumbs: []Crumb{{"/imports", "取り込み"}}}, false, "/checkups/import", false}
}

func (s *server) peopleImportForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.page(w, r, v, rosterUpload())
}

func (s *server) checkupImportForm(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.page(w, r, v, checkupUpload())
}

func (s *server) peopleImport(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.upload(w, r, v, rosterUpload(), func(name string, file io.Reader, full bool) (ids.Import, error) {
		if full {
			return s.Org.StartFullImport(r.Context(), v.Actor, name, file)
		}
		return s.Org.StartImport(r.Context(), v.Actor, name, file)
	})
}

func (s *server) checkupImport(w http.ResponseWriter, r *http.Request, v *Visitor) error {
	return s.upload(w, r, v, checkupUpload(), func(name string, file io.Reader, _ bool) (ids.Import, error) {
		return s.Checkup.StartImport(r.Context(), v.Actor, name, file)
	})
}

// upload streams the file of a form into start and goes to the import's page; what is wrong with the
// file is said on the form.
func (s *server) upload(w http.ResponseWriter, r *http.Request, v *Visitor, view *uploadView, start func(string, io.Reader, bool) (ids.Import, error)) error {
	part, fields, err := filePart(r)
	view.Full = fields.Get("full") != ""
	if err == nil {
		var id ids.Import
		if id, err = start(baseName(part.FileName()), part, view.Full); err == nil {
			return goTo(w, r, "/imports/"+string(id))
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = fault.New(fault.Invalid, "web.upload_cut").Because(err)
	}
	f := faultOf(err)
	if wantsJSON(r) || f.Kind == fault.Internal || f.Kind == fault.Denied {
		return err
	}
	retry(w, f)
	view.Errors = append(view.Errors, FieldError{"file", message(f)})
	return s.pageStatus(w, r, v, statusOf(f), view)
}

// What a form may hold before its file.
const (
	fieldsMost = 20
	fieldMost  = 1 << 10 // bytes of each; what is longer is cut off
)

// filePart finds the file in a multipart body without reading past its beginning, and gives the short
// fields that stand before it.
func filePart(r *http.Request) (*multipart.Part, url.Values, error) {
	fields := url.Values{}
	m, err := r.MultipartReader()
	if err != nil {
		return nil, fields, formFault(err)
	}
	for {
		p, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, fields, fault.New(fault.Invalid, "web.file_missing")
		}
		if err != nil {
			return nil, fields, formFault(err)
		}
		if p.FormName() == "file" && p.FileName() != "" {
			return p, fields, nil
		}
		if p.FileName() == "" && len(fields) < fieldsMost {
			b, err := io.ReadAll(io.LimitReader(p, fieldMost))
			if err != nil {
				return nil, fields, formFault(err)
			}
			fields.Add(p.FormName(), string(b))
		}
	}
}

// baseName drops folders a browser may have sent; only the last 100 characters are kept.
func baseName(name string) string {
	name = path.Base(strings.ReplaceAll(glyph.Visible(name), `\`, "/"))
	r := []rune(name)
	return string(r[max(0, len(r)-100):])
}
