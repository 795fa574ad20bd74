package handover

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"rakudos/internal/base/tabular"
)

// The formats are read by other code than that which wrote them: what only the writer itself understands is no open
// format.

func readCSV(_ context.Context, b []byte) ([][]string, error) {
	b, ok := bytes.CutPrefix(b, []byte("\ufeff"))
	if !ok {
		return nil, errors.New("handover: no byte order mark")
	}
	return csv.NewReader(bytes.NewReader(b)).ReadAll()
}

func readSheet(ctx context.Context, b []byte) (rows [][]string, err error) {
	if !bytes.HasPrefix(b, []byte("PK")) {
		return nil, errors.New("handover: no workbook")
	}
	r, err := tabular.NewReader(bytes.NewReader(b), tabular.Options{Context: ctx})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		_, cells, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, slices.Clone(cells))
	}
}

// sheetOf is what a workbook says, or nothing for every other file.
func sheetOf(ctx context.Context, name string, b []byte) [][]string {
	if !strings.HasSuffix(name, ".xlsx") {
		return nil
	}
	rows, _ := readSheet(ctx, b) // one that can't be read is told by itself
	return rows
}

func readJSON(b []byte, header []string) (out [][]string, err error) {
	var rows []map[string]string
	if err := json.Unmarshal(b, &rows); err != nil {
		return nil, err
	}
	for _, row := range rows {
		cells := make([]string, len(header))
		for i, name := range header {
			cell, ok := row[name]
			if !ok || len(row) != len(header) {
				return nil, fmt.Errorf("handover: columns differ")
			}
			cells[i] = cell
		}
		out = append(out, cells)
	}
	return out, nil
}

// sameRows compares what JSON says with what a spreadsheet says, which ends a row at its last filled cell and has an
// apostrophe before what looks like a formula.
func sameRows(plain, other [][]string) bool {
	if len(plain) != len(other) {
		return false
	}
	for i, row := range plain {
		cells := padded(other[i], len(row))
		for n, cell := range row {
			if strings.ReplaceAll(tabular.Guard(cell), "\r\n", "\n") != cells[n] {
				return false
			}
		}
	}
	return true
}

func padded(row []string, n int) []string {
	out := make([]string, max(n, len(row)))
	copy(out, row)
	return out
}

// paperHolds looks for a text in a PDF: its pages hold UTF-16 in compressed streams.
func paperHolds(name string, b []byte, text string) bool {
	if !strings.HasSuffix(name, ".pdf") || !bytes.HasPrefix(b, []byte("%PDF-")) || !bytes.Contains(b[max(0, len(b)-32):], []byte("%%EOF")) {
		return false
	}
	var wide []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		wide = binary.BigEndian.AppendUint16(wide, unit)
	}
	for _, part := range bytes.Split(b, []byte("stream\n"))[1:] {
		z, err := zlib.NewReader(bytes.NewReader(part))
		if err != nil {
			continue
		}
		page, _ := io.ReadAll(io.LimitReader(z, 8<<20)) // what follows the stream is none of it
		if bytes.Contains(page, wide) {
			return true
		}
	}
	return false
}
