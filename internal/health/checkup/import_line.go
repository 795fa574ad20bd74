package checkup

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/glyph"
	"rakudos/internal/base/jst"
)

type parser struct {
	*binding
	today jst.Date
	body  string
	row   Row
	seen  map[string]int32
	key   []byte
}

func (p *parser) fail(column int, code string, args ...string) {
	e := CellError{Code: code, at: column}
	if column >= 0 {
		e.Column = p.header[column]
	}
	for i := 0; i+1 < len(args); i += 2 {
		if e.Args == nil {
			e.Args = map[string]string{}
		}
		e.Args[args[i]] = args[i+1]
	}
	p.row.Errors = append(p.row.Errors, e)
}

func (p *parser) line(line int, cells []string) {
	p.row = Row{Line: line, Body: p.body, Values: p.row.Values[:0]}
	if len(cells) != len(p.header) && !(len(cells) > len(p.header) && blank(cells[len(p.header):])) {
		p.fail(-1, codeColumns, "want", strconv.Itoa(len(p.header)), "got", strconv.Itoa(len(cells)))
		return
	}
	if p.kind >= 0 && fold(cells[p.kind]) != "5" {
		p.fail(p.kind, codeRowKind, "value", clip(cells[p.kind]))
		return
	}
	p.person(cells)
	p.values(cells)
	if len(p.row.Errors) > 0 { // as the columns stand in the file
		slices.SortStableFunc(p.row.Errors, func(x, y CellError) int { return cmp.Compare(x.at, y.at) })
		return
	}
	if len(p.row.Values) == 0 {
		p.fail(-1, codeNoValues)
		return
	}
	p.unique()
}

func (p *parser) person(cells []string) {
	p.row.Number = p.ident(cells, p.number)
	p.row.Name = p.ident(cells, p.name)
	p.row.Kana = p.ident(cells, p.kana)
	if p.body == "" || p.binding.body >= 0 {
		if s := p.ident(cells, p.binding.body); s != "" {
			p.row.Body = s
		}
	}
	if s := cells[p.sex]; strings.TrimSpace(s) != "" {
		var ok bool
		if p.row.Sex, ok = ParseSex(s); !ok {
			p.fail(p.sex, codeSex, "value", clip(s))
		}
	}
	p.row.Birth = p.date(cells, p.birth)
	p.row.Day = p.date(cells, p.day)
	switch {
	case p.row.Day.IsZero() && strings.TrimSpace(cells[p.day]) == "":
		p.fail(p.day, codeDayMissing)
	case p.row.Day.After(p.today):
		p.fail(p.day, codeDayFuture, "value", p.row.Day.String())
	case !p.row.Day.IsZero() && p.row.Day.Before(p.row.Birth) && !p.row.Birth.After(p.today):
		p.fail(p.day, codeDayBorn, "value", p.row.Day.String())
	}
	if p.row.Birth.After(p.today) {
		p.fail(p.birth, codeBirthFuture, "value", p.row.Birth.String())
	}
}

func (p *parser) ident(cells []string, i int) string {
	if i < 0 {
		return ""
	}
	s := fold(cells[i])
	if len(s) > identityMax {
		p.fail(i, codeTooLong)
		return ""
	}
	if glyph.AnyHidden(s) {
		p.fail(i, codeHidden)
		return ""
	}
	return s
}

func (p *parser) date(cells []string, i int) jst.Date {
	s := cells[i]
	if strings.TrimSpace(s) == "" {
		return jst.Date{}
	}
	d, err := jst.ParseDate(s)
	if err != nil {
		code := codeDateFormat
		if fault.Of(err).Code == "date.day" {
			code = codeDateDay
		}
		p.fail(i, code, "value", clip(s))
	}
	return d
}

// clip keeps a cell quotable.
func clip(s string) string {
	s = strings.TrimSpace(s)
	if utf8.RuneCountInString(s) <= 40 {
		return s
	}
	return string([]rune(s)[:40]) + "…"
}
