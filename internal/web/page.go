package web

import (
	"hash/fnv"
	"net/http"
	"net/url"
	"time"

	"rakudos/internal/base/jst"
	"rakudos/internal/people/support"
	"rakudos/internal/words"
)

// Viewer is a typed view: a struct that embeds Page and names its template.
type Viewer interface {
	page() *Page
	Template() string // file under view/ without .html
}

// Page is what the layout needs from every view.
type Page struct {
	Title  string  // h1 and the window's title
	Crumbs []Crumb // the way here, without the page itself
	Narrow bool    // one column in the middle: sign-in, errors
	Here   string  // menu entry to mark, by its path
	Errors []FieldError
	Notice *Notice
	Frame  *Frame // filled when the page is sent

	typed url.Values // the form that this page answers with an error; its action is Frame.Path
}

func (p *Page) page() *Page { return p }

// Wrong gives the message for a field, empty when there is none.
func (p *Page) Wrong(field string) string {
	for _, e := range p.Errors {
		if e.Field == field {
			return e.Message
		}
	}
	return ""
}

// Was is what was typed into a field of the form with that action, so that nothing is lost when another field was
// wrong. No page asks it for a password or a code.
func (p *Page) Was(action, field string) string {
	if p.Frame == nil || p.Frame.Path != action {
		return ""
	}
	return p.typed.Get(field)
}

// Crumb is one step of the breadcrumb.
type Crumb struct{ Path, Name string }

// FieldError is one entry of the error summary; Field is the id of the input, empty for the whole form.
type FieldError struct{ Field, Message string }

// Notice is a banner after an act: Class is ok, warn or bad.
type Notice struct{ Class, Title, Text string }

// Frame is what surrounds every page.
type Frame struct {
	Service, Association     string
	ContactMail, ContactForm string
	Version                  string
	Demo                     bool
	Visitor                  *Visitor
	RoleNames                string
	Edge                     int              // colour of the tenant, 0–11
	Visits                   []support.Access // of the association in this tenant now, for its administrators
	Menu                     []Wing
	Now                      string // JST, ISO 8601 with +09:00
	NowText                  string
	Request                  string
	Path                     string
}

func (s *server) frameView(r *http.Request, v *Visitor) *Frame {
	now := time.Now()
	f := &Frame{
		Service: s.Config.Service, Association: s.Config.Association,
		ContactMail: s.Config.ContactMail, ContactForm: s.Config.ContactForm,
		Version: s.Config.Version, Demo: s.Config.Demo && loopback(r),
		Now: jst.StampSec(now), NowText: jst.Stamp(now), Request: traceOf(r).id, Path: r.URL.Path,
	}
	if v != nil {
		f.Visitor, f.Edge, f.RoleNames = v, edge(v.TenantCode), roleNames(v.Roles)
		if !v.Locked {
			f.Menu = menuOf(v.Actor, v.TenantKind)
			f.Visits = s.visitsNow(r, v)
		}
	}
	return f
}

// edge derives the tenant's colour from its code, so that it is the same everywhere and for ever.
func edge(code string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(code))
	return int(h.Sum32() % 12)
}

// errorView is the page for every fault that no form shows in place.
type errorView struct {
	Page
	words.Text
	Code, Request string
	Typed         []typedLine
}

// Template names the file.
func (*errorView) Template() string { return "error" }
