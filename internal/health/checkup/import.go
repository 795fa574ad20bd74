package checkup

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/jst"
	"rakudos/internal/base/tabular"
)

// Info is what a file turned out to be.
type Info struct {
	Mapping *Mapping // the one given, or the guess
	Header  []string
	Body    string // 健診機関 of the file as a whole, when it says so
	Ignored []string
	Rows    int // lines with a person
	Good    int // lines without errors
}

// Codes of what is wrong with a line; those of a cell stand in value.go.
const (
	codeDayMissing  = "checkup.day_missing"
	codeDateFormat  = "checkup.date_format"
	codeDateDay     = "checkup.date_day"
	codeDayFuture   = "checkup.day_future"
	codeDayBorn     = "checkup.day_before_birth"
	codeBirthFuture = "checkup.birth_future"
	codeSex         = "checkup.sex"
	codeRowKind     = "checkup.row_kind"
	codeColumns     = "checkup.columns"
	codeConflict    = "checkup.column_conflict"
	codePressure    = "checkup.pressure_order"
	codeNoValues    = "checkup.no_values"
	codeDuplicate   = "checkup.duplicate_line"
)

// identityMax bounds names and numbers in bytes.
const identityMax = 300

// HeaderOf reads only as far as the header row: for choosing a saved mapping.
func HeaderOf(r io.Reader) (header []string, preamble []string, err error) {
	rd, err := tabular.NewReader(r, tabular.Options{})
	if err != nil {
		return nil, nil, err
	}
	header, preamble, err = findHeader(rd, nil)
	return headerNames(header), preamble, err
}

// findHeader takes the first row, or the second one below a line about the file (作成日, 機関コード), that
// names columns which are known or stand in the mapping.
func findHeader(rd *tabular.Reader, m *Mapping) (header, preamble []string, err error) {
	looks := func(row []string) bool {
		if m != nil {
			n := 0
			for i := range row {
				if slices.ContainsFunc(m.Columns, func(c Column) bool { return foldHeader(c.Header) == foldHeader(row[i]) }) {
					n++
				}
			}
			return n >= 2 && n*2 >= len(row)
		}
		return score(row) >= 2
	}
	for n := range 2 {
		_, cells, err := rd.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if looks(cells) {
			return slices.Clone(cells), preamble, nil
		}
		if n == 0 {
			preamble = slices.Clone(cells)
		}
	}
	if preamble == nil {
		return nil, nil, fault.New(fault.Invalid, "checkup.file_empty")
	}
	return nil, nil, fault.New(fault.Invalid, "checkup.header_unknown")
}

// Parse reads a check-up file line by line. A line that is wrong is emitted with every reason; only what
// makes the file as a whole unreadable, or an error of emit, ends it early. m nil means: guess.
func Parse(r io.Reader, m *Mapping, today jst.Date, emit func(*Row) error) (Info, error) {
	rd, err := tabular.NewReader(r, tabular.Options{})
	if err != nil {
		return Info{}, err
	}
	header, preamble, err := findHeader(rd, m)
	if err != nil {
		return Info{}, err
	}
	if m == nil {
		m = Guess(header)
	}
	info := Info{Mapping: m, Header: headerNames(header), Body: m.Body}
	b, err := bind(m, header)
	if err != nil {
		return info, err
	}
	info.Ignored = b.ignored
	if info.Body == "" {
		info.Body = bodyOf(preamble)
	}
	p := parser{binding: b, today: today, body: info.Body, seen: map[string]int32{}}
	for {
		line, cells, err := rd.Next()
		if errors.Is(err, io.EOF) {
			return info, nil
		}
		if err != nil {
			return info, err
		}
		if blank(cells) {
			continue
		}
		p.line(line, cells)
		info.Rows++
		if len(p.row.Errors) == 0 {
			info.Good++
		}
		if info.Body == "" {
			info.Body = p.row.Body
		}
		if err := emit(&p.row); err != nil {
			return info, err
		}
	}
}

// bodyOf reads the body's code out of a line such as 作成日,20261101,機関コード,2611111117.
func bodyOf(preamble []string) string {
	for i := 0; i+1 < len(preamble); i++ {
		switch fold(preamble[i]) {
		case "機関コード", "健診機関コード", "健診機関", "健診機関番号", "機関名":
			return fold(preamble[i+1])
		}
	}
	return ""
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

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
