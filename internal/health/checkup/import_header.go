package checkup

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"rakudos/internal/base/fault"
	"rakudos/internal/base/tabular"
)

// HeaderOf reads only as far as the header row: for choosing a saved mapping.
func HeaderOf(ctx context.Context, r io.Reader) (header []string, preamble []string, err error) {
	rd, err := tabular.NewReader(r, tabular.Options{Context: ctx})
	if err != nil {
		return nil, nil, err
	}
	defer rd.Close()
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
