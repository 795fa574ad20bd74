package tabular

import (
	"bufio"
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"
)

// Guard puts an apostrophe before a cell that a spreadsheet would take for a formula: one that begins with = + - @, with
// their full-width forms, or with a tab or a line end. Plain numbers, and a sign alone as urine tests have
// it, stay as they are.
func Guard(cell string) string {
	r, n := utf8.DecodeRuneInString(cell)
	switch r {
	case '=', '@', '＝', '＠', '\t', '\r', '\n':
		return "'" + cell
	case '+', '-', '＋', '－':
		if n == len(cell) || isNumber(cell) {
			return cell
		}
		return "'" + cell
	}
	return cell
}

// isNumber: an optional sign, digits, and at most one point between digits.
func isNumber(s string) bool {
	if s != "" && (s[0] == '-' || s[0] == '+') {
		s = s[1:]
	}
	whole, frac, point := strings.Cut(s, ".")
	return allDigits(whole) && (!point || allDigits(frac))
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// CSVWriter writes UTF-8 with a byte order mark and CRLF, as Japanese Excel opens it without asking, every cell
// through Guard.
type CSVWriter struct {
	buf *bufio.Writer
	csv *csv.Writer
	row []string
}

// NewCSVWriter begins a file on w.
func NewCSVWriter(w io.Writer) *CSVWriter {
	buf := bufio.NewWriterSize(w, 32<<10)
	_, _ = buf.WriteString("\ufeff") // an error stays in buf and comes out of Flush
	c := csv.NewWriter(buf)
	c.UseCRLF = true
	return &CSVWriter{buf: buf, csv: c}
}

// Write adds one record.
func (w *CSVWriter) Write(cells []string) error {
	w.row = w.row[:0]
	for _, c := range cells {
		w.row = append(w.row, Guard(c))
	}
	return w.csv.Write(w.row)
}

// Flush writes out what is buffered; without it the file is incomplete.
func (w *CSVWriter) Flush() error {
	w.csv.Flush()
	if err := w.csv.Error(); err != nil {
		return err
	}
	return w.buf.Flush()
}
