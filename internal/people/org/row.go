package org

import (
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/jst"
)

// Bounds of what a roster may hold about a person, in code points.
const (
	maxNumber = 30
	maxText   = 80
	maxEmail  = 254
)

// CellError is why a cell was refused. Its content is never repeated.
type CellError struct {
	Column string            `json:"column"`
	Reason string            `json:"reason"` // the code until Words has filled it
	Code   string            `json:"-"`
	Args   map[string]string `json:"-"`
}

// Fault is the reason as the message catalogue knows it.
func (e CellError) Fault() *fault.Fault {
	return &fault.Fault{Kind: fault.Invalid, Code: e.Code, Args: e.Args}
}

// row is one line of a roster, understood. Optional fields that the line says nothing about are zero.
type row struct {
	line               int
	number, name, kana string
	sex                Sex
	birth              jst.Date
	siteCode, siteName string
	dept, email        string
	hired, left, moved jst.Date
}

// rowReader turns records into rows and collects what is wrong with them.
type rowReader struct {
	cols   columns
	today  jst.Date
	errors []CellError
}

func (r *rowReader) refuse(f field, code string, args ...string) {
	e := CellError{Column: r.cols.header[f], Reason: code, Code: code}
	e.Args = fault.New(fault.Invalid, code, args...).Args
	r.errors = append(r.errors, e)
}

// read understands one record; errors is then everything that is wrong with it.
func (r *rowReader) read(line int, cells []string) row {
	r.errors = r.errors[:0]
	out := row{line: line}
	out.number = r.text(cells, fNumber, maxNumber, true)
	if !isASCII(out.number) {
		if out.number = clean(norm.NFKC.String(out.number)); FoldNumber(out.number) == "" {
			r.refuse(fNumber, "org.cell_empty")
		}
	}
	out.name = r.text(cells, fName, maxText, true)
	out.kana = r.text(cells, fKana, maxText, true)
	if out.kana != "" {
		if !isKanaName(out.kana) {
			r.refuse(fKana, "org.kana")
		}
		out.kana = norm.NFKC.String(out.kana)
	}
	if s := r.text(cells, fSex, maxText, true); s != "" {
		var ok bool
		if out.sex, ok = ParseSex(s); !ok {
			r.refuse(fSex, "org.sex")
		}
	}
	out.birth = r.date(cells, fBirth, true)
	out.siteCode = r.text(cells, fSiteCode, maxText, false)
	out.siteName = r.text(cells, fSiteName, maxText, false)
	out.dept = r.text(cells, fDept, maxText, false)
	out.email = r.email(cells)
	out.hired = r.date(cells, fHired, false)
	out.left = r.date(cells, fLeft, false)
	out.moved = r.date(cells, fMoved, false)
	r.order(&out)
	return out
}

// order checks that the dates can follow one another.
func (r *rowReader) order(p *row) {
	if p.birth.IsZero() {
		return
	}
	if p.birth.After(r.today) || p.birth.Y < 1900 {
		r.refuse(fBirth, "org.birth_range")
		return
	}
	for _, d := range []struct {
		f   field
		day jst.Date
	}{{fHired, p.hired}, {fLeft, p.left}, {fMoved, p.moved}} {
		if !d.day.IsZero() && !d.day.After(p.birth) {
			r.refuse(d.f, "org.before_birth")
		}
	}
	if !p.left.IsZero() && !p.hired.IsZero() && p.left.Before(p.hired) {
		r.refuse(fLeft, "org.left_before_hired")
	}
}

func (r *rowReader) text(cells []string, f field, limit int, need bool) string {
	s := r.cols.cell(cells, f)
	switch {
	case s == "":
		if need {
			r.refuse(f, "org.cell_empty")
		}
	case utf8.RuneCountInString(s) > limit:
		r.refuse(f, "org.cell_long")
		s = ""
	case glyph.AnyHidden(s) || strings.ContainsRune(s, utf8.RuneError):
		r.refuse(f, "org.cell_control")
		s = ""
	}
	return s
}

func (r *rowReader) date(cells []string, f field, need bool) jst.Date {
	s := r.cols.cell(cells, f)
	if s == "" {
		if need {
			r.refuse(f, "org.cell_empty")
		}
		return jst.Date{}
	}
	d, err := jst.ParseDate(s)
	if err != nil {
		r.refuse(f, fault.Of(err).Code)
	}
	return d
}

func (r *rowReader) email(cells []string) string {
	s := r.text(cells, fEmail, maxEmail, false)
	if s == "" {
		return ""
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || !isASCII(s) {
		r.refuse(fEmail, "org.email")
		return ""
	}
	return s
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
