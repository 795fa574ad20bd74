package checkup

import (
	"context"
	"errors"
	"io"

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

// Parse reads a check-up file line by line. A line that is wrong is emitted with every reason; only what
// makes the file as a whole unreadable, or an error of emit, ends it early. m nil means: guess.
func Parse(ctx context.Context, r io.Reader, m *Mapping, today jst.Date, emit func(*Row) error) (Info, error) {
	rd, err := tabular.NewReader(r, tabular.Options{Context: ctx})
	if err != nil {
		return Info{}, err
	}
	defer rd.Close()
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
		if rd.Encoding() == tabular.XLSX { // a spreadsheet does not keep empty cells at the end of a row
			for len(cells) < len(p.header) {
				cells = append(cells, "")
			}
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
